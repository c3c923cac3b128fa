"""A visitor of the pages: follows links and sends forms as a browser without scripts does."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache

from domain import commands as c
from services.cases import carry_out, submit
from services.identity import logins
from services.pages.app import create_pages
from services.projections.runner import catch_up_all
from services.wiring import Office
from tests.services.asking import asked, on_paper

_VOID = frozenset({"input", "meta", "link", "br", "hr", "img"})


@dataclass(slots=True)
class Tag:
    """An element with its attributes and everything inside it."""

    name: str
    given: dict[str, str]
    children: "list[Tag | str]" = field(default_factory=list)

    @property
    def text(self) -> str:
        parts = (each if isinstance(each, str) else each.text for each in self.children)
        return " ".join(" ".join(parts).split())

    def all(self, name: str, **given: str) -> "list[Tag]":
        """Return every element of a name below, with these attributes."""
        return [
            tag
            for tag in self._below()
            if tag.name == name and all(tag.given.get(k) == v for k, v in given.items())
        ]

    def one(self, name: str, **given: str) -> "Tag":
        (found,) = self.all(name, **given)
        return found

    def _below(self) -> Iterator["Tag"]:
        for each in self.children:
            if isinstance(each, Tag):
                yield each
                yield from each._below()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Tag("document", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Tag(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(made)
        if tag not in _VOID:
            self.open.append(made)

    def handle_endtag(self, tag: str) -> None:
        closed = self.open.pop()
        assert closed.name == tag, f"</{tag}> closes <{closed.name}>"

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An answer: its status, headers and elements."""

    status: int
    headers: Any
    path: str
    html: str
    root: Tag

    @property
    def text(self) -> str:
        return self.root.one("main").text

    @property
    def title(self) -> str:
        return self.root.one("title").text

    @property
    def heading(self) -> str:
        return self.root.one("h1").text

    @property
    def problems(self) -> list[str]:
        """What the summary of problems says, one text each."""
        boxes = self.root.all("div", role="alert")
        return [item.text for box in boxes for item in box.all("li")]

    @property
    def facts(self) -> dict[str, str]:
        """What the page says by name; of names that come again the first, which is the case's."""
        pairs = [
            (pair.one("dt").text, pair.one("dd").text)
            for facts in self.root.all("dl")
            for pair in facts.all("div")
            if len(pair.all("dt")) == 1
        ]
        return dict(reversed(pairs))

    def form(self, action: str) -> dict[str, str]:
        """Return what the form would send as it stands."""
        return sent_by(self.root.one("form", action=action))

    @property
    def actions(self) -> list[str]:
        return [each.given["action"] for each in self.root.all("form")]


def sent_by(form: Tag) -> dict[str, str]:
    """Return what a form sends as it stands."""
    inputs = {
        each.given["name"]: each.given.get("value", "")
        for each in form.all("input")
        if _is_sent(each)
    }
    areas = {each.given["name"]: each.text for each in form.all("textarea")}
    chosen = {
        each.given["name"]: option.given["value"]
        for each in form.all("select")
        for option in reversed(each.all("option"))
        if "selected" in option.given or not option.given["value"]
    }
    return {**inputs, **areas, **chosen}


def _is_sent(given: Tag) -> bool:
    """Say whether a form sends an input as it stands: no tick that is not set, and no file."""
    kind = given.given.get("type", "text")
    return kind != "file" and (kind != "checkbox" or "checked" in given.given)


class _Compiled(BytecodeCache):
    """Templates as the first pages compiled them: most of what new pages cost."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._code[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


def pages_of(office: Office) -> Flask:
    """Return the pages of an office, with templates that this process compiles once."""
    app = create_pages(office)
    app.jinja_env.bytecode_cache = _COMPILED
    return app


class Visitor:
    """One browser."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.client = pages_of(office).test_client()

    def reopen(self, office: Office) -> None:
        """Go on with the same cookies at an office whose clock may say something else."""
        cookie = self.client.get_cookie("qmas")
        self.client = pages_of(office).test_client()
        if cookie is not None:
            self.client.set_cookie("qmas", cookie.value)

    def sign_in(self, door: Page, name: str, action: str) -> Page:
        """Return the page that a local person gets to through a door."""
        password = next(each.password for each in logins(self.office.settings) if each.name == name)
        return self.send(door, action, name=name, password=password)

    def get(self, path: str, **options: Any) -> Page:
        """Return the page at a path, after every redirection, having said why where asked."""
        page = self._page(self.client.get(path, follow_redirects=True, **options))
        if page.status == 403 and page.heading == "Why do you look at this case?":
            return self.send(page, page.actions[-1], stated="A check")
        return page

    def send(self, page: Page, action: str, **typed: str) -> Page:
        """Fill in the form of a page and return what comes of it."""
        return self.post(action, {**page.form(action), **typed})

    def post(self, path: str, form: dict[str, str]) -> Page:
        return self._page(self.client.post(path, data=form, follow_redirects=True))

    def _page(self, answer: Any) -> Page:
        reader = _Reader()
        html = answer.get_data(as_text=True)
        reader.feed(html)
        assert len(reader.open) == 1, f"left open: {reader.open[-1].name}"
        return Page(
            status=answer.status_code,
            headers=answer.headers,
            path=answer.request.full_path.rstrip("?"),
            html=html,
            root=reader.root,
        )


def signed_in(office: Office, name: str, area: str = "staff") -> Visitor:
    """Return a visitor who is signed in as a local person."""
    visitor = Visitor(office)
    door = f"/{area}/sign-in"
    page = visitor.sign_in(visitor.get(door), name, door)
    assert page.status == 200, page.text
    return visitor


def later(office: Office, passed: timedelta) -> Office:
    """Return the office with its clock put forward."""
    return replace(office, clock=lambda: office.clock() + passed)


def file_case(office: Office, name: str = "john", *commands: c.CaseCommand) -> str:
    """Return the reference of a case that was filed and taken through `commands`."""
    reference = submit(office, on_paper(name), asked()).reference
    for command in commands:
        carry_out(office, reference, command, asked())
    catch_up_all(office.store, office.models)
    return reference


TO_POOL: tuple[c.CaseCommand, ...] = (
    c.AcknowledgeApplication(),
    c.AssessPrerequisites(),
    c.ScoreApplication(),
)


def act(visitor: Visitor, reference: str, slug: str, **typed: str) -> Page:
    """Return the page that follows a form of a case, sent as a reader of its page would."""
    page = visitor.get(f"/staff/cases/{reference}")
    return visitor.send(page, f"/staff/cases/{reference}/{slug}", **typed)
