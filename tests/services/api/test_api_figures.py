"""Figures where the disk has no room for them."""

import http.client
import multiprocessing
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client.mmap_dict import MmapedDict

from services.api.figures import Figures
from services.logs import log_as_json
from services.settings import Settings
from tests.serving import a_web_server

_LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
os.execv(sys.argv[1], sys.argv[1:])
"""
_SMALL = (sys.executable, "-c", _LIMITED)
"""Whoever is started so can write no file further than a kilobyte, as on a disk that is full."""


def test_a_web_server_answers_though_the_disk_is_full(settings: Settings, tmp_path: Path) -> None:
    # Nor would Python notice that it wrote half of what it compiled.
    unwritten = {"PYTHONDONTWRITEBYTECODE": "1"}
    with a_web_server(settings, tmp_path, started_by=_SMALL, **unwritten) as port:
        for number in range(5):
            assert _status(port, "/livez") == 200
            assert _status(port, "/readyz") == 200
            assert _status(port, f"/api/v1/cases/{number}") == 401
        assert _status(port, "/metrics") == 200


def _status(port: int, path: str) -> int:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        link.request("GET", path)
        return link.getresponse().status
    finally:
        link.close()


def test_no_figure_is_mapped_into_memory(settings: Settings, tmp_path: Path) -> None:
    """The kernel kills whoever writes to a page of a file that the disk has no room for."""
    with a_web_server(settings, tmp_path) as port:
        assert _status(port, "/metrics") == 200
        written = [path.name for path in (tmp_path / "figures").iterdir()]
        assert {name.partition("_")[0] for name in written} == {"counter", "histogram"}
        (number,) = {name.partition("_")[2].removesuffix(".db") for name in written}
        assert str(tmp_path) not in Path(f"/proc/{number}/maps").read_text(encoding="utf-8")


def test_what_has_no_room_is_counted_and_written_once_there_is(tmp_path: Path) -> None:
    child = multiprocessing.get_context("spawn").Process(target=_counting, args=(tmp_path,))
    child.start()
    child.join(60)
    assert child.exitcode == 0


def _counting(folder: Path) -> None:
    log_as_json()  # as a web process does, whose log has no room either
    path, other = folder / "counter_1.db", folder / "counter_2.db"
    figures, late = Figures(str(path)), Figures(str(other))
    figures.write_value("first", 1.0, 0.0)
    with _room_for(path.stat().st_size + 9):
        figures.write_value("second", 1.0, 0.0)
        figures.write_value("first", 2.0, 0.0)
    with _room_for(0):
        late.write_value("third", 3.0, 0.0)
    assert _told(path) == {"first": 2.0}
    assert figures.read_value("second") == (1.0, 0.0)
    assert [each.name for each in folder.iterdir()] == [path.name]
    figures.write_value("first", 3.0, 0.0)
    late.write_value("third", 4.0, 0.0)
    assert _told(path) == {"first": 3.0, "second": 1.0}
    assert _told(other) == {"third": 4.0}


@contextmanager
def _room_for(size: int) -> Iterator[None]:
    """This process writes no file further than that, as on a disk that is full."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def test_each_time_that_the_disk_fills_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "counter_1.db"
    figures = Figures(str(path))
    for number in range(2):
        figures.write_value("first", 1.0, 0.0)
        with _room_for(path.stat().st_size):
            figures.write_value(f"more {number}", 1.0, 0.0)
            figures.write_value("first", 2.0, 0.0)
        assert capsys.readouterr().out.count("figures_not_written") == 1


def test_a_disk_that_is_full_at_first_leaves_nothing_half_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "counter_1.db"
    (tmp_path / ".counter_1.db.draft").symlink_to("/dev/full")
    figures = Figures(str(path))
    figures.write_value("first", 1.0, 0.0)
    assert [*tmp_path.iterdir()] == []
    assert "No space left on device" in capsys.readouterr().out
    figures.write_value("second", 2.0, 0.0)
    assert _told(path) == {"first": 1.0, "second": 2.0}


@pytest.mark.parametrize("left", [0, 3, 6, 21, 40, 100])
def test_a_file_that_is_not_whole_is_begun_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], left: int
) -> None:
    path = tmp_path / "counter_1.db"
    before = Figures(str(path))
    for number in range(5):
        before.write_value(f"earlier {number}", 1.0, 0.0)
    before.close()
    path.write_bytes(path.read_bytes()[:left])
    after = Figures(str(path))
    assert "figures_begun_anew" in capsys.readouterr().out
    after.write_value("first", 2.0, 0.0)
    assert after.read_value("first") == (2.0, 0.0)
    assert _told(path) == {"first": 2.0}


def test_a_process_with_the_number_of_an_earlier_one_counts_on(tmp_path: Path) -> None:
    path = tmp_path / "counter_1.db"
    before = Figures(str(path))
    for length in range(20):
        before.write_value("x" * length, float(length), 0.0)
    before.close()
    after = Figures(str(path))
    assert after.read_value("xxx") == (3.0, 0.0)
    after.write_value("xxx", 4.0, 5.0)
    assert after.read_value("xxx") == (4.0, 5.0)
    assert _told(path) == {"x" * each: float(each) for each in range(20)} | {"xxx": 4.0}


def _told(path: Path) -> dict[str, float]:
    """What `prometheus_client` reads in that file."""
    found = MmapedDict.read_all_values_from_file(str(path))  # type: ignore[no-untyped-call]  # it has no types
    return {key: value for key, value, _, _ in found}
