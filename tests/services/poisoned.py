"""Events that cannot be read: of a later kind, or with a seal that is broken or has no key."""

from typing import Final

import psycopg

_ALTER: Final = """
UPDATE events SET body = replace(body::text, %(old)s, %(new)s)::json
WHERE stream = %(stream)s AND version = %(version)s AND body::text LIKE '%%' || %(old)s || '%%'
"""


def of_a_later_kind(url: str, stream: str, version: int) -> None:
    """No version of this program knows the kind of that event."""
    _altered(url, stream, version, '"type":"', '"type":"later-')


def of_a_kind_that_is_known(url: str, stream: str, version: int) -> None:
    """What `of_a_later_kind` did is mended."""
    _altered(url, stream, version, '"type":"later-', '"type":"')


def with_a_broken_seal(url: str, stream: str, version: int) -> None:
    """What that event holds of the person does not open; all else in it does."""
    _altered(url, stream, version, '"sealed":"', '"sealed":"AAAA')


def with_a_channel_that_is_none(url: str, stream: str, version: int) -> None:
    """That event says by what channel an application came, and there is no such channel."""
    _altered(url, stream, version, '"channel":"', '"channel":"no-')


def with_a_damaged_key(url: str, reference: str) -> None:
    """The key of that case does not open, by whichever master key; done again, it does."""
    flipped = "set_byte(wrapped, length(wrapped) - 1, get_byte(wrapped, length(wrapped) - 1) # 1)"
    alter = f"UPDATE case_keys SET wrapped = {flipped} WHERE reference = %s"  # noqa: S608 - our own
    with psycopg.connect(url) as admin:
        admin.execute("ALTER TABLE case_keys DISABLE TRIGGER case_keys_unchanged")
        if admin.execute(alter, (reference,)).rowcount != 1:
            raise AssertionError("no such case has a key")
        admin.execute("ALTER TABLE case_keys ENABLE ALWAYS TRIGGER case_keys_unchanged")


def with_the_seal_mended(url: str, stream: str, version: int) -> None:
    """What `with_a_broken_seal` did is mended."""
    _altered(url, stream, version, '"sealed":"AAAA', '"sealed":"')


def _altered(url: str, stream: str, version: int, old: str, new: str) -> None:
    given = {"stream": stream, "version": version, "old": old, "new": new}
    with psycopg.connect(url) as admin:
        admin.execute("ALTER TABLE events DISABLE TRIGGER events_append_only")
        if admin.execute(_ALTER, given).rowcount != 1:
            raise AssertionError("no such event holds that")
        admin.execute("ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only")
