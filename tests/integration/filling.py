"""Forms as pages have them, filled in by whoever means no good or cannot see what is asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.services.visiting import Page, Tag, Visitor, sent_by

TOKENS: Final = frozenset({"csrf", "held"})
"""The fields that no reader of a page ever fills in."""
_FILLED: Final = ("input", "textarea", "select")

TIMES: Final = (
    *("0000-00-00", "0001-01-01", "9999-12-31", "2019-02-29", "20190501", "2019-W01-1", "31/12/19"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "2019-05-01T24:00"),
)
NUMBERS: Final = (
    "-1",
    "0",
    "1.5",
    "1e9",
    "9" * 15,
    "9" * 400,
    "\u0661\u0662",
    "\uff11\uff12",
    "\u00b2",
)
TEXTS: Final = (
    *("", " ", "\0", "\ud800", "\u202e\u200bgnp.exe", "\ufeff", "\r\nSet-Cookie: a=b", "x" * 9_000),
    *("<script>alert(1)</script>", "{{ 7 * 7 }}", "%s%n%00", "' OR 1=1 --", "../../etc/passwd"),
    *("QM-4K7RT-9XWPR", "//evil.example/", "javascript:alert(1)", "{", "[]", '{"a": 1e999}'),
)
"""What some program has read wrongly once: days and times, numbers, and whatever else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a form: what is sensible in it, and what is the worst for such a field.

    Where nothing is sensible it cannot be seen, and is left as it stands.
    """

    sensible: tuple[str, ...]
    worst: tuple[str, ...] = TEXTS


KINDS: Final[Mapping[str, Field]] = MappingProxyType(
    {
        "hidden": Field(sensible=(), worst=TEXTS + NUMBERS),
        "date": Field(sensible=("2019-12-02",), worst=TIMES),
        "datetime-local": Field(sensible=("",), worst=TIMES),
        "numeric": Field(sensible=("1", "1300"), worst=NUMBERS),
        "text": Field(sensible=("A reason",)),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form of a page: where it leads, how, and what is sensible in each of its fields."""

    page: str
    action: str
    method: str
    fields: Mapping[str, Field]
    first: Mapping[str, str]

    def standing(self, visitor: Visitor) -> Mapping[str, str]:
        """Return what it sends as it stands now, or as it first stood if it is not there now."""
        now = _forms(visitor.get(self.page))
        found = (sent_by(each) for each in now if each.given["action"] == self.action)
        return next(found, self.first)

    def send(self, visitor: Visitor, typed: Mapping[str, list[str]]) -> TestResponse:
        """Send it with what was typed, as a browser does; bytes that are no text may be in it."""
        stood = {name: [value] for name, value in self.standing(visitor).items()}
        sent = urlencode({**stood, **typed}, doseq=True, errors="surrogatepass")
        if self.method == "GET":
            return visitor.client.get(f"{self.action}?{sent}")
        kind = "application/x-www-form-urlencoded"
        return visitor.client.post(self.action, data=sent, content_type=kind)


def forms_on(path: str, page: Page) -> Iterator[Form]:
    """Yield every form of a page with something to fill in; one that brings a file is no such."""
    for tag in _forms(page):
        fields = {
            each.given["name"]: _field(each)
            for kind in _FILLED
            for each in tag.all(kind)
            if "name" in each.given and each.given["name"] not in TOKENS
        }
        if fields and "multipart" not in tag.given.get("enctype", ""):
            yield Form(
                page=path,
                action=tag.given["action"],
                method=tag.given.get("method", "get").upper(),
                fields=fields,
                first=sent_by(tag),
            )


def _field(tag: Tag) -> Field:
    options = tuple(filter(None, (each.given["value"] for each in tag.all("option"))))
    if options:
        return Field(sensible=options)
    if tag.given.get("type") == "checkbox":
        return Field(sensible=("", tag.given["value"]))
    return KINDS.get(tag.given.get("inputmode", tag.given.get("type", "text")), KINDS["text"])


def _forms(page: Page) -> list[Tag]:
    return [each for each in page.root.all("form") if "action" in each.given]


def sensible(fields: Mapping[str, Field]) -> dict[str, list[str]]:
    """Return what people type into the fields that can be seen."""
    return {name: [each.sensible[-1]] for name, each in fields.items() if each.sensible}


@st.composite
def filled(draw: st.DrawFn, fields: Mapping[str, Field]) -> dict[str, list[str]]:
    """Return what is typed: in up to three fields the worst or whatever, in others the sensible.

    What cannot be seen is left as it stands, but for some that is something else all the same.
    """
    odd = draw(st.sets(st.sampled_from(sorted(fields)), min_size=1, max_size=3))
    typed = {}
    for name, each in fields.items():
        if name in odd:
            worst = st.sampled_from(each.worst)
            value = worst | worst | st.text(max_size=60)
            typed[name] = draw(st.lists(value, max_size=2))
        elif each.sensible:
            typed[name] = [draw(st.sampled_from(each.sensible))]
    return typed
