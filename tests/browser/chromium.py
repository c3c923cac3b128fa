"""A headless Chromium that is spoken to over two pipes: no port, no driver, no network."""

import json
import os
import select
import shutil
import subprocess
from base64 import b64decode
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self

_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
    "--proxy-server=127.0.0.1:9",  # whatever is not on this machine's loopback goes nowhere
    "--proxy-bypass-list=127.0.0.1",
    "--remote-debugging-pipe",
)
_PATIENCE = 60.0
_PATIENCE_WITH_PAINT = 20.0
_READ_AT_ONCE = 1 << 20


def found_chromium() -> str | None:
    """Return the browser on this machine's PATH, None without one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


class Chromium:
    """One browser with one page, whose scripts are off while the page is what is looked at."""

    def __init__(self, program: str, profile: Path) -> None:
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()
        arrange = f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser}'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", arrange, program, *_OPTIONS, f"--user-data-dir={profile}"],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._number = 0
        self._read = b""
        self._session: str | None = None
        self._loaded = False
        self._document = ""
        self._address = ""
        target = self._say("Target.createTarget", url="about:blank")["targetId"]
        attached = self._say("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self._say("Page.enable")
        self._say("Emulation.setScriptExecutionDisabled", value=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session = None
        self._say("Browser.close")
        self._process.wait(timeout=20)
        os.close(self._out)
        os.close(self._in)

    def resize(self, width: int, height: int = 900) -> None:
        """The window is so wide, in CSS pixels."""
        self._say(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def open(self, url: str) -> None:
        """The page at `url` is loaded."""
        before = self._document
        self._say("Page.navigate", url=url)
        self._wait_for_another(before)

    def look(self, expression: str) -> Any:
        """Return what a JavaScript expression of ours is worth on the page."""
        answer = self._say("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def await_look(self, expression: str, wanted: Any) -> Any:
        """Return what the expression is worth as soon as that is `wanted`, or what it stays.

        The browser gives the focus that a page asks for when it first paints, which may be after
        the page is loaded.
        """
        until = monotonic() + _PATIENCE_WITH_PAINT
        while (worth := self.look(expression)) != wanted and monotonic() < until:
            sleep(0.02)
        return worth

    def type_into(self, field: str, text: str) -> None:
        """The field with that id holds the text, typed as keys would."""
        self.look(f"(e => {{ e.focus(); e.select(); }})(document.getElementById({field!r}))")
        self._say("Input.insertText", text=text)

    def choose(self, field: str, value: str) -> None:
        """That value of the list with that id is chosen."""
        self.look(f"document.getElementById({field!r}).value = {value!r}")

    def attach(self, field: str, file: Path) -> None:
        """The field with that id holds the file, as if it had been picked."""
        root = self._say("DOM.getDocument")["root"]["nodeId"]
        found = self._say("DOM.querySelector", nodeId=root, selector=f"[id='{field}']")
        self._say("DOM.setFileInputFiles", nodeId=found["nodeId"], files=[str(file)])

    def click(self, selector: str) -> None:
        """What the selector finds first was clicked, and the page that follows is loaded."""
        before = self._document
        self.look(f"document.querySelector({selector!r}).click()")
        self._wait_for_another(before)

    def arrive(self, url: str) -> None:
        """The page at `url` is there, to which the one before it leads on by itself."""
        while not (self._loaded and self._address.startswith(url)):
            self._hear()

    def press(self, key: str) -> None:
        """A key went down and up; Enter in a field sends its form."""
        codes = {"Enter": (13, "\r"), "Tab": (9, "")}
        code, text = codes[key]
        for kind in ("keyDown", "keyUp"):
            self._say(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                text=text if kind == "keyDown" else "",
            )

    def send(self) -> None:
        """The form whose field has the focus is sent, and the page that follows is loaded."""
        before = self._document
        self.press("Enter")
        self._wait_for_another(before)

    def picture(self, path: Path) -> None:
        """The whole page is in a PNG."""
        shot = self._say("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(b64decode(shot["data"]))

    def _wait_for_another(self, before: str) -> None:
        """Another document is loaded than that one, which may still be loading itself."""
        while not (self._loaded and self._document != before):
            self._hear()

    def _say(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            heard = self._hear()
            if heard.get("id") == self._number:
                assert "error" not in heard, f"{method}: {heard['error']}"
                result: dict[str, Any] = heard["result"]
                return result

    def _hear(self) -> dict[str, Any]:
        while b"\0" not in self._read:
            ready, _, _ = select.select([self._in], [], [], _PATIENCE)
            assert ready, f"the browser said nothing for {_PATIENCE} seconds"
            more = os.read(self._in, _READ_AT_ONCE)
            assert more, "the browser is gone"
            self._read += more
        first, _, self._read = self._read.partition(b"\0")
        heard: dict[str, Any] = json.loads(first)
        self._loaded = self._loaded or heard.get("method") == "Page.loadEventFired"
        if heard.get("method") == "Page.frameNavigated":
            frame = heard["params"]["frame"]
            self._document, self._address = frame["loaderId"], frame["url"]
            self._loaded = False
        return heard
