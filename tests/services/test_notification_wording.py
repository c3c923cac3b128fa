"""Templates of letters: blocks that become text and a page, and facts that stay facts."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.application import Correspondence
from services.notifications.wording import (
    Block,
    Kind,
    as_page,
    as_text,
    blocks_of,
    filled_blocks,
)

TEMPLATE = """
Dear $name,

Two lines
are one paragraph.

## Next

- $reasons
- and a last one
  over two lines

1. First
2. Then $name

    https://qmas.example/

Only $maybe.
"""
ENGLISH = Correspondence.ENGLISH


class Reader(HTMLParser):
    """Collects the tags of a page and the text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [str(value) for name, value in attrs if name in {"src", "background"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def made(**facts: str | tuple[str, ...]) -> tuple[Block, ...]:
    known = {"name": "Ada", "reasons": ("One", "Two"), "maybe": ""}
    return filled_blocks(blocks_of(TEMPLATE, ENGLISH), {**known, **facts})


def test_a_template_is_plain_text() -> None:
    assert as_text(made()) == (
        "Dear Ada,\n\nTwo lines are one paragraph.\n\nNext\n\n"
        "- One\n- Two\n- and a last one over two lines\n\n"
        "1. First\n2. Then Ada\n\n    https://qmas.example/\n"
    )


def test_the_same_template_is_a_page_that_loads_nothing() -> None:
    page = as_page("A title", ENGLISH, made())
    assert '<html lang="en">' in page
    assert "<li>One</li>\n<li>Two</li>" in page
    assert '<a href="https://qmas.example/">https://qmas.example/</a>' in page
    reader = read(page)
    assert reader.loads == []
    assert not {"img", "script", "link", "style", "iframe"} & set(reader.tags)


def test_a_block_with_an_empty_fact_is_left_out() -> None:
    assert "Only this." in as_text(made(maybe="this"))
    assert "Only" not in as_text(made())
    assert "- " not in as_text(made(reasons=()))


def test_a_fact_that_is_missing_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(KeyError):
        filled_blocks(blocks_of(TEMPLATE, ENGLISH), {"name": "Ada"})


def test_lines_are_joined_with_a_space_in_english_and_without_in_chinese() -> None:
    (english,) = blocks_of("one\ntwo", ENGLISH)
    (chinese,) = blocks_of("你的\n申請", Correspondence.TRADITIONAL_CHINESE)
    assert english.lines == ("one two",)
    assert chinese.lines == ("你的申請",)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
def test_whatever_a_fact_says_it_stays_words(typed: str) -> None:
    blocks = made(name=typed, reasons=(typed, f"## {typed}\n\n- x"))
    assert [each.kind for each in blocks] == [each.kind for each in made()]
    said = " ".join(typed.split())
    assert blocks[0].lines == (f"Dear {said},",)
    page = as_page(typed, ENGLISH, blocks)
    assert read(page).tags == read(as_page("x", ENGLISH, made())).tags


def test_an_address_with_a_tag_in_it_is_no_link() -> None:
    block = Block(kind=Kind.APART, lines=('https://x/"><script>alert(1)</script> y',))
    assert read(as_page("x", ENGLISH, [block])).tags.count("script") == 0
