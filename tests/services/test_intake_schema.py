"""Schemas derived from dataclasses: what they take, what they refuse, what has none."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import pytest
from marshmallow import Schema, ValidationError

from domain.application import CountryCode, DocumentNumber, EmailAddress, LanguageTag, Percentage
from services.intake.countries import COUNTRIES
from services.intake.languages import SHORTER
from services.intake.schema import UnmappedType, schema_for


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    text: str = "unsaid"
    whole: int = 0
    number: float = 0.0
    truth: bool = False
    day: date = date(2000, 1, 1)
    instant: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    colour: Colour = Colour.RED
    country: CountryCode = "HKG"
    tag: LanguageTag = "en"
    email: EmailAddress = "a@b"
    document: DocumentNumber = "1"
    percent: Percentage = 0.0
    parts: tuple[Part, ...] = ()
    words: tuple[str, ...] = ()
    part: Part | None = None


def _load(**given: Any) -> Thing:
    loaded = schema_for(Thing)().load(given)
    assert isinstance(loaded, Thing)
    return loaded


GOOD: tuple[tuple[str, Any, Any], ...] = (
    ("text", "", ""),
    ("text", "名字 \U0001f600", "名字 \U0001f600"),
    ("whole", -3, -3),
    ("whole", 2**53 - 1, 2**53 - 1),
    ("number", 3, 3.0),
    ("number", 0.5, 0.5),
    ("truth", True, True),
    ("day", "2020-02-29", date(2020, 2, 29)),
    ("instant", "2019-05-01T09:30:00+08:00", datetime(2019, 5, 1, 1, 30, tzinfo=UTC)),
    ("instant", "2019-05-01T01:30:00Z", datetime(2019, 5, 1, 1, 30, tzinfo=UTC)),
    ("colour", "blue", Colour.BLUE),
    ("country", "ZAF", "ZAF"),
    ("email", "jo.doe+x@example.com", "jo.doe+x@example.com"),
    ("percent", 0, 0.0),
    ("percent", 100, 100.0),
    ("parts", [{"size": 1}, {"size": 1}], (Part(size=1), Part(size=1))),
    ("words", [], ()),
    ("part", {"size": 2}, Part(size=2)),
)

BAD: tuple[tuple[str, Any], ...] = (
    *(("text", each) for each in (1, True, [], {}, "a\x00b", "\ud800", "x\udfff")),
    *(("whole", each) for each in (True, 1.0, "1", "", [], 2**53, -(2**53))),
    *(("number", each) for each in (True, "1", float("nan"), float("inf"), 1e300)),
    *(("truth", each) for each in (0, 1, "true", "", [])),
    *(
        ("day", each)
        for each in (
            "2019-02-29",
            "2019-5-1",
            "20190501",
            "2019-W18-3",
            "2019-05-01T00:00:00",
            " 2019-05-01",
            "2019-05-01\n",
            "\uff12019-05-01",
            "0000-01-01",
            20190501,
            "",
        )
    ),
    *(
        ("instant", each)
        for each in ("2019-05-01T09:30:00", "2019-05-01", "20190501T093000Z", 5, "now")
    ),
    ("instant", "0001-01-01T00:00:00+08:00"),
    *(("colour", each) for each in ("Red", "", "green", 1, ["red"])),
    *(("country", each) for each in ("US", "usa", "XXX", "", "USA ", 840)),
    *(("email", each) for each in ("a", "a@b@c", "a b@c", "a@b\nBcc: x@y", "@b", "a@", "")),
    *(("percent", each) for each in (-0.001, 100.001, "50", True)),
    *(("parts", each) for each in ({}, "no", (1,), [1], [None], [{"size": "1"}], [[]])),
    *(("words", each) for each in ([1], ["a\x00"], "ab")),
    *(("part", each) for each in ([], "x", {}, {"size": 1, "more": 1})),
    *((each, None) for each in ("text", "whole", "truth", "day", "colour", "parts", "part")),
)


@pytest.mark.parametrize(("key", "sent", "read"), GOOD)
def test_a_right_value_is_read_as_the_domain_has_it(key: str, sent: Any, read: Any) -> None:
    found = getattr(_load(**{key: sent}), key)
    assert (found, type(found)) == (read, type(read))


@pytest.mark.parametrize(("key", "sent"), BAD)
def test_a_wrong_value_is_refused_at_its_key(key: str, sent: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        _load(**{key: sent})
    assert list(refused.value.normalized_messages()) == [key]


@pytest.mark.parametrize(
    "tag",
    [
        "en",
        "EN",
        "zh-Hant-HK",
        "cmn",
        "de-CH-1996",
        "i-klingon",
        "sl-rozaj-biske",
        "zh-cmn-Hans-CN",
        "es-419",
        "en-a-myext-b-another",
        "en-u-co-phonebk-x-own",
        "qya-Latn",
    ],
)
def test_a_well_formed_language_tag_is_taken(tag: str) -> None:
    assert _load(tag=tag).tag == tag


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "e",
        "en_US",
        "english language",
        "en-",
        "-en",
        "en--US",
        "123",
        "en-x",
        "\uff45n",
        "a-DE",
    ],
)
def test_a_tag_that_is_not_well_formed_is_refused(tag: str) -> None:
    with pytest.raises(ValidationError, match="BCP 47"):
        _load(tag=tag)


@pytest.mark.parametrize(
    ("tag", "right"),
    [
        ("eng", "en"),
        ("ZHO", "zh"),
        ("chi-Hant-HK", "zh"),
        ("ger", "de"),
        ("deu", "de"),
        ("iw", "he"),
        ("scr", "hr"),
    ],
)
def test_a_code_that_no_tag_has_is_refused_with_the_one_that_it_has(tag: str, right: str) -> None:
    with pytest.raises(ValidationError, match=rf"write {right}\b"):
        _load(tag=tag)


@pytest.mark.parametrize("tag", ["und", "mul", "zxx", "Mis", "und-Latn"])
def test_a_tag_of_no_language_that_is_spoken_is_refused(tag: str) -> None:
    with pytest.raises(ValidationError, match="somebody speaks"):
        _load(tag=tag)


@pytest.mark.parametrize("tag", ["x-mine", "qaa-Qaaa-QM", "QTZ", "i-default"])
def test_a_code_that_may_mean_any_language_is_refused(tag: str) -> None:
    with pytest.raises(ValidationError, match="a code of one's own"):
        _load(tag=tag)


@pytest.mark.parametrize("tag", ["english", "latn", "jp", "xx-Latn"])
def test_a_code_that_is_none_is_refused(tag: str) -> None:
    with pytest.raises(ValidationError, match="the code of a language"):
        _load(tag=tag)


@pytest.mark.parametrize("tag", ["fil", "sh", "arb", "i-lux", "en-GB-oed", "kok"])
def test_a_code_that_is_the_only_one_of_its_language_is_taken(tag: str) -> None:
    assert _load(tag=tag).tag == tag


def test_no_code_is_to_be_written_for_another_that_is_itself_refused() -> None:
    assert not set(SHORTER.values()) & set(SHORTER)


@pytest.mark.parametrize("number", ["", " ", "-", "\u2014 / \u2014", "\u200b", "()"])
def test_a_number_of_a_document_without_a_letter_or_a_digit_is_refused(number: str) -> None:
    with pytest.raises(ValidationError, match="a letter or a digit"):
        _load(document=number)


@pytest.mark.parametrize("number", ["X 1", "\uff11", "\u4e2d", "-7-"])
def test_a_number_of_a_document_stays_as_it_is_written(number: str) -> None:
    assert _load(document=number).document == number


def test_absent_keys_have_the_defaults_of_the_dataclass() -> None:
    assert _load() == Thing()


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="is not a key of this format"):
        _load(colour="red", size=1)


def test_a_key_without_a_default_is_required() -> None:
    with pytest.raises(ValidationError, match="is required and missing"):
        schema_for(Part)().load({})


def test_an_optional_without_a_default_is_required_and_may_be_null() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Said:
        answer: Part | None

    schema = schema_for(Said)()
    assert schema.load({"answer": None}) == Said(answer=None)
    with pytest.raises(ValidationError, match="is required and missing"):
        schema.load({})


def test_what_is_loaded_dumps_to_what_was_sent() -> None:
    sent = {
        "text": "a",
        "whole": 1,
        "number": 0.5,
        "truth": True,
        "day": "2019-05-01",
        "instant": "2019-05-01T01:30:00+00:00",
        "colour": "blue",
        "country": "ZAF",
        "tag": "zh-Hant",
        "email": "a@b.example",
        "document": "X1",
        "percent": 50.0,
        "parts": [{"size": 1}],
        "words": ["a"],
        "part": {"size": 2},
    }
    assert schema_for(Thing)().dump(_load(**sent)) == sent


def test_a_schema_is_the_same_class_each_time() -> None:
    assert schema_for(Thing) is schema_for(Thing)


@pytest.mark.parametrize("kind", [list[str], dict[str, str], tuple[int, str], Part | Colour, bytes])
def test_an_unmapped_type_fails_where_the_schema_is_derived(kind: Any) -> None:
    made = dataclass(type("Odd", (), {"__annotations__": {"field": kind}}))
    with pytest.raises(UnmappedType, match=r"Odd\.field is "):
        schema_for(made)


def test_what_is_no_dataclass_has_no_schema() -> None:
    with pytest.raises(UnmappedType, match="is not a dataclass"):
        schema_for(int)


def test_the_countries_are_those_that_are_assigned() -> None:
    assert len(COUNTRIES) == 249
    assert all(len(each) == 3 and each.isascii() and each.isupper() for each in COUNTRIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    things: tuple[Thing, ...]
    part: Part
    perhaps: Part | None
    by: date | None


WHOLE = Whole(
    things=(Thing(), Thing(parts=(Part(size=1), Part(size=2)), words=("a", "b"))),
    part=Part(size=3),
    perhaps=None,
    by=None,
)


def test_an_instance_is_written_as_marshmallow_writes_it() -> None:
    schema = schema_for(Whole)()

    assert schema.dump(WHOLE) == Schema.dump(schema, WHOLE)
    assert list(schema.dump(WHOLE)) == list(Schema.dump(schema, WHOLE))
    assert schema.dump([WHOLE], many=True) == [schema.dump(WHOLE)]
    assert schema_for(Thing)().dump(Thing())["instant"] == "2000-01-01T00:00:00+00:00"


def test_what_is_no_instance_is_written_with_what_it_has() -> None:
    assert schema_for(Thing)().dump({"whole": 7}) == {"whole": 7}


def test_marshmallow_is_not_asked_what_an_instance_has(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = schema_for(Whole)()
    told = Schema.dump(schema, WHOLE)
    monkeypatch.delattr(Schema, "get_attribute")

    assert schema.dump(WHOLE) == told
