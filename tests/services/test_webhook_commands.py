"""`qmas webhooks` adds, shows, changes, pauses, tries and removes subscribed systems."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC

import pytest
from click.testing import CliRunner, Result
from standardwebhooks import Webhook

from services.cli.webhooks import webhooks
from services.notifications import signing
from services.notifications.subscriptions import Subscription
from services.settings import Settings, SettingsFault
from services.wiring import Office
from tests.integration.mailing import an_office
from tests.integration.receiving import Answer, Receiver, a_receiver

_PUBLIC = "https://hooks.example/qmas"


@pytest.fixture
def inside(told: Settings) -> Settings:
    """The same, with plain http and addresses of one's own allowed."""
    return replace(told, environ={**told.environ, "QMAS_WEBHOOKS_ALLOW_PRIVATE": "yes"})


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as made:
        yield made


def _qmas(told: Settings, *words: str) -> Result:
    return CliRunner(env=told.child_environ()).invoke(webhooks, words)


def _only(office: Office) -> Subscription:
    (found,) = office.subscriptions.all()
    return found


def _secret(output: str) -> str:
    (line,) = [line for line in output.splitlines() if line.startswith("secret")]
    return line.split()[1]


def test_add_shows_the_secret_and_list_does_not(told: Settings, office: Office) -> None:
    assert _qmas(told, "list").output == "no webhooks\n"
    added = _qmas(told, "add", _PUBLIC, "--event", "visa-issued", "--event", "case-selected")
    secret = _secret(added.output)
    found = _only(office)
    listed = _qmas(told, "list").output
    assert listed == f"{found.id}  active  {_PUBLIC}  visa-issued case-selected\n"
    assert secret not in listed
    assert secret.startswith("whsec_")


def test_without_events_all_are_told(told: Settings, office: Office) -> None:
    _qmas(told, "add", _PUBLIC)
    assert _only(office).events == ("*",)


def test_an_event_that_there_is_not_is_told_with_what_may_be_meant(told: Settings) -> None:
    result = _qmas(told, "add", _PUBLIC, "--event", "visa-isued")
    assert result.exit_code == 2
    assert "no event is called visa-isued; do you mean visa-issued?" in result.output
    assert (
        "no event is called case-assigned"
        in _qmas(told, "add", _PUBLIC, "--event", "case-assigned").output
    ), "the office's work is told to nobody"


@pytest.mark.parametrize(
    "url", ["http://hooks.example/", "https://127.0.0.1/", "https://[::1]/", "https://localhost/x"]
)
def test_a_destination_inside_is_refused_unless_it_is_allowed(
    told: Settings, inside: Settings, office: Office, url: str
) -> None:
    result = _qmas(told, "add", url)
    assert result.exit_code == 1
    assert office.subscriptions.all() == ()
    assert _qmas(inside, "add", url).exit_code == 0


def test_what_is_allowed_here_alone_is_told_apart_from_what_workers_may(
    told: Settings, inside: Settings, office: Office
) -> None:
    assert "this shell" not in _qmas(told, "add", _PUBLIC).output
    added = _qmas(inside, "add", "https://localhost/x")
    assert added.exit_code == 0
    assert "Events are sent by a worker, by its own settings" in added.stderr
    assert len(office.subscriptions.all()) == 2


def test_a_host_without_an_address_is_added_and_told(told: Settings, office: Office) -> None:
    added = _qmas(told, "add", "https://nobody.invalid/qmas")
    assert "the URL's host has no address now" in added.stderr
    assert _only(office).url == "https://nobody.invalid/qmas"


def test_rotate_shows_a_new_secret(told: Settings, office: Office) -> None:
    former = _secret(_qmas(told, "add", _PUBLIC).output)
    rotated = _qmas(told, "rotate", _only(office).id, "--keep", "48").output
    assert _secret(rotated) != former
    assert "signed with both for 48 hours" in rotated
    assert len(office.subscriptions.ready()[0].secrets) == 2


def test_a_secret_that_was_promised_is_not_ended_by_another_change(
    told: Settings, office: Office
) -> None:
    first = _secret(_qmas(told, "add", _PUBLIC).output)
    name = _only(office).id
    second = _secret(_qmas(told, "rotate", name, "--keep", "48").output)
    refused = str(_qmas(told, "rotate", name).exception)
    until = _only(office).former_until
    assert until is not None
    assert f"is valid until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" in refused
    assert _signed_with(office) == [second, first]
    third = _secret(_qmas(told, "rotate", name, "--keep", "0", "--at-once").output)
    assert _signed_with(office) == [third]
    fourth = _secret(_qmas(told, "rotate", name).output)
    assert _signed_with(office) == [fourth, third], "nothing was promised any more"
    assert [each.what for each in office.subscriptions.changes(name)] == ["secret changed"] * 3


def _signed_with(office: Office) -> list[str]:
    """Return the secrets that are valid now, the newest first."""
    (served,) = office.subscriptions.ready()
    return [signing.written(each) for each in served.secrets]


def test_pause_resume_and_remove(told: Settings, office: Office) -> None:
    _qmas(told, "add", _PUBLIC)
    name = _only(office).id
    assert _qmas(told, "pause", name).output == f"{name} is paused\n"
    assert "paused: by cli." in _qmas(told, "list").output
    assert office.subscriptions.ready() == ()
    assert _qmas(told, "resume", name).output == f"{name} is active\n"
    assert len(office.subscriptions.ready()) == 1
    removed = _qmas(told, "remove", name).output
    assert removed == f"{name} is removed; 0 that waited are not sent\n"
    shown = _qmas(told, "show", name).output.splitlines()
    assert shown[0].startswith(f"{name}  removed  {_PUBLIC}")
    done = [line.split("  ")[1].partition(" by cli.")[0] for line in shown[1:]]
    assert done == ["added", "paused", "resumed", "removed"]
    for verb in ("pause", "resume", "remove", "rotate", "test"):
        assert str(_qmas(told, verb, name).exception).startswith("there is no subscription")


def test_a_trial_is_signed_and_told_with_its_answer(
    inside: Settings, office: Office, receiver: Receiver
) -> None:
    secret = _secret(_qmas(inside, "add", receiver.url).output)
    name = _only(office).id
    tried = _qmas(inside, "test", name)
    assert tried.stdout == f"{receiver.url} took it\n"
    assert "by QMAS_WEBHOOKS_ALLOW_PRIVATE=yes of this shell" in tried.stderr
    (arrival,) = receiver.arrivals
    said = Webhook(secret).verify(arrival.body, dict(arrival.headers))
    assert said["type"] == "invalid.qmas.webhook-test"
    receiver.answers.append(Answer(status=404))
    assert str(_qmas(inside, "test", name).exception).endswith("did not take it: http 404")


@pytest.mark.parametrize(
    ("name", "value"),
    [("QMAS_WEBHOOKS_ALLOW_PRIVATE", "maybe"), ("QMAS_WEBHOOKS_PREFIX", "Not A Domain")],
)
def test_a_setting_that_is_none_is_told(told: Settings, name: str, value: str) -> None:
    with pytest.raises(SettingsFault, match=name):
        Settings.load({**told.environ, name: value}, told.home)
