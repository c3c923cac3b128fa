"""Who works here and where mail reaches them: as the installation was told, and not otherwise."""

from datetime import time
from pathlib import Path

import pytest

from domain.access import Role
from domain.hours import QuietHours
from services.identity import LOCAL_PEOPLE, colleagues
from services.settings import Settings, SettingsFault
from services.staff import Colleague, StaffFault, read_staff

CHAN = """
[[staff]]
account = "officer.chan"
role = "officer"
email = "chan@office.example"
"""


def test_each_of_the_staff_has_an_account_a_role_and_an_address() -> None:
    wong = CHAN.replace("officer.chan", "wong").replace('"officer"', '"supervisor"')
    assert read_staff(CHAN + wong) == (
        Colleague(account="officer.chan", role=Role.OFFICER, email="chan@office.example"),
        Colleague(account="wong", role=Role.SUPERVISOR, email="chan@office.example"),
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[[staff]\n", "is not TOML"),
        ("", "must hold tables"),
        ("staff = 3", "must hold tables"),
        (CHAN + "other = 1", "number 1 must have account, role and email"),
        (CHAN.replace('email = "chan@office.example"', ""), "number 1 must have"),
        (CHAN.replace('"chan@office.example"', "3"), "number 1 must have"),
        (CHAN.replace('"chan@office.example"', '" "'), "number 1 must have"),
        (CHAN.replace('"officer"', '"king"'), "number 1 has a role that is none of"),
        (CHAN + CHAN, "names officer.chan twice"),
        ("name = 1" + CHAN, "must hold tables"),
    ],
)
def test_what_cannot_be_the_staff_is_refused_with_its_place(text: str, fault: str) -> None:
    with pytest.raises(StaffFault, match=fault):
        read_staff(text)


def test_the_staff_that_was_told_takes_the_place_of_the_local_people(open_folder: Path) -> None:
    home, file = open_folder / "home", open_folder / "staff.toml"
    file.write_text(CHAN)
    local = colleagues(Settings.load({}, home))
    assert {(each.account, each.role) for each in local} == set(LOCAL_PEOPLE)
    told = colleagues(Settings.load({"QMAS_STAFF_FILE": str(file)}, home))
    assert [each.email for each in told] == ["chan@office.example"]


def test_settings_name_what_is_wrong_with_the_staff_and_the_quiet_hours(open_folder: Path) -> None:
    wrong = {"QMAS_STAFF": "staff = 3", "QMAS_QUIET_HOURS": "at night"}
    with pytest.raises(SettingsFault) as raised:
        Settings.load(wrong, open_folder / "home")
    assert raised.value.faults == (
        "QMAS_QUIET_HOURS is 'at night'; it must read like 22:00-08:00",
        "QMAS_STAFF must hold tables [[staff]] and nothing else",
    )


@pytest.mark.parametrize("text", ["22:00", "22-8", "25:00-08:00", "22:00-08:00-09:00", "-"])
def test_quiet_hours_that_are_none_are_refused(open_folder: Path, text: str) -> None:
    with pytest.raises(SettingsFault, match="must read like 22:00-08:00"):
        Settings.load({"QMAS_QUIET_HOURS": text}, open_folder / "home")


def test_quiet_hours_are_from_a_time_to_a_time(open_folder: Path) -> None:
    settings = Settings.load({"QMAS_QUIET_HOURS": "22:00-08:00"}, open_folder / "home")
    assert settings.quiet_hours == QuietHours(begins=time(22), ends=time(8))
    assert Settings.load({}, open_folder / "home").quiet_hours is None
