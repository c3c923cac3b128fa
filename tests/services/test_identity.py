"""The local people of the embedded stack: made once, kept close, and nowhere else."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from threading import Barrier

import pytest

from domain.access import Role
from services import identity
from services.settings import Environment, Settings, SettingsFault


def test_all_who_ask_first_at_once_get_the_same_people(settings: Settings) -> None:
    start = Barrier(8)

    def ask(_: int) -> tuple[identity.Login, ...]:
        start.wait(timeout=10)
        return identity.logins(settings)

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(ask, range(8)))
    assert len(found) == 1
    assert [path.name for path in (settings.home / "secrets").glob("*logins*")] == ["logins.json"]


def test_their_secrets_are_for_the_owner_of_the_folder_alone(settings: Settings) -> None:
    identity.logins(settings)
    mode = (settings.home / "secrets" / "logins.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_who_came_later_gets_a_log_in_and_nobody_another_one(settings: Settings) -> None:
    before = identity.logins(settings)
    path = settings.home / "secrets" / "logins.json"
    left = [asdict(each) for each in before if each.role is not Role.ADMINISTRATOR]
    path.write_text(json.dumps(left))
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: identity.logins(settings), range(8)))
    ((*kept, added),) = found
    assert kept == [each for each in before if each.role is not Role.ADMINISTRATOR]
    assert (added.name, added.role) == ("admin.ng", Role.ADMINISTRATOR)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.glob("*logins*")] == ["logins.json"]
    again = path.stat().st_mtime_ns
    assert identity.logins(settings) in found
    assert path.stat().st_mtime_ns == again


def test_a_password_opens_for_its_own_name_only(settings: Settings) -> None:
    first, second, *_ = identity.logins(settings)
    assert identity.sign_in(settings, first.name, first.password) == first.person
    assert identity.sign_in(settings, second.name, first.password) is None
    assert identity.person_of_token(settings, second.token) == second.person
    assert identity.person_of_token(settings, second.password) is None


def test_there_are_none_outside_the_embedded_stack(settings: Settings) -> None:
    with pytest.raises(SettingsFault, match="embedded stack only"):
        identity.logins(replace(settings, env=Environment.PRODUCTION))
