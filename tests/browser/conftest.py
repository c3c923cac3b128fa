"""The pages served on loopback, and a browser that looks at them."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from services.wiring import Office
from tests.browser.chromium import Chromium, found_chromium
from tests.services.visiting import pages_of


@pytest.fixture
def served(office: Office) -> Iterator[str]:
    """The address of the pages of the test's office."""
    server = make_server("127.0.0.1", 0, pages_of(office), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chromium]:
    """A Chromium with scripts off."""
    program = found_chromium()
    if program is None:
        pytest.skip("no chromium is on the PATH")
    with Chromium(program, tmp_path / "profile") as opened:
        yield opened
