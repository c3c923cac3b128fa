"""A reason said in a language: its template filled in with its facts.

Names of languages and countries, dates and lists are those of the Unicode CLDR; all other words
are the catalogue's.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Literal

from babel import Locale
from babel.core import get_global
from babel.dates import format_date
from babel.lists import format_list

from domain.application import AchievementKind, Correspondence, Level, Relative, Sector
from domain.days import DAYS_PER_YEAR
from domain.rules.reasons import Reason
from domain.rules.types import Catches
from services.reasons.catalogue import Catalogue, catalogue
from services.reasons.templates import PLAIN, PLURAL, Placeholder

_LOCALES: Final[Mapping[Correspondence, str]] = MappingProxyType(
    {
        Correspondence.ENGLISH: "en_HK",
        Correspondence.TRADITIONAL_CHINESE: "zh_Hant_HK",
        Correspondence.SIMPLIFIED_CHINESE: "zh_Hans_CN",
    }
)
_DAYS_PER_MONTH: Final = DAYS_PER_YEAR / 12
_LEAST_MONTHS: Final = 3
"""Fewer months than these are told in days alone."""


def say(reason: Reason, language: Correspondence) -> str:
    """Return the reason as one sentence, without a full stop, in a language."""
    return _speaker(language).said(f"say.{reason.message}", reason.facts)


def ask(language: Correspondence, name: str, **figures: Any) -> str:
    """Return what a rule asks as a part of a sentence, with its figures, in a language."""
    return _speaker(language).said(f"asks.{name}", figures)


def alternatives(language: Correspondence, texts: Iterable[str]) -> str:
    """Return texts as a sentence lists them of which one is enough."""
    return _speaker(language).listed(texts, "or")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Speaker:
    """A language: its catalogue, and what the CLDR knows of it."""

    words: Catalogue
    locale: Locale

    def said(self, place: str, facts: Mapping[str, Any]) -> str:
        """Return the template of that place filled in."""
        return "".join(
            each if isinstance(each, str) else self._filled(each, facts[each.fact])
            for each in self.words[place]
        )

    def _filled(self, placeholder: Placeholder, value: Any) -> str:
        if placeholder.saying == PLURAL:
            return f"{value} {placeholder.forms[value != 1]}"
        return _SAID[placeholder.saying](self, value)

    def listed(self, names: Iterable[str], style: Literal["standard", "or"]) -> str:
        """Return names as a sentence lists them, `style` being standard (and) or or."""
        known = list(names)
        return format_list(known, style, self.locale) if known else self.said("words.nothing", {})

    def day(self, text: str) -> str:
        """Return a day as a sentence has it."""
        return format_date(date.fromisoformat(text), "long", self.locale)

    def span(self, number: int) -> str:
        """Return days as years of 365 days and days; what is 0 is left out."""
        years, days = divmod(number, DAYS_PER_YEAR)
        parts = [self.said("spans.years", {"number": years})] if years else []
        if days or not years:
            parts.append(self.said("spans.days", {"number": days}))
        return self.said("spans.between", {}).join(parts)

    def span_about(self, number: int) -> str:
        """Return days as above, and how many months that is about, where it is some."""
        months = round(number / _DAYS_PER_MONTH)
        if months < _LEAST_MONTHS:
            return self.span(number)
        return self.said("spans.about", {"span": self.span(number), "number": months})

    def level(self, level: str, number: int) -> str:
        """Return so many qualifications of a level, as one who holds them says it."""
        if not number:
            return self.said(f"levels.{level}.none", {})
        return self.said(f"levels.{level}.counted", {"number": number})

    def some(self, level: str, number: int = 1) -> str:
        """Return so many qualifications of a level, as one who asks for them says it."""
        if number == 1:
            return self.said(f"levels.{level}.some", {})
        return self.said(f"levels.{level}.counted", {"number": number})

    def language(self, subtag: str) -> str:
        """Return the name of a language, or its subtag where it has none."""
        return str(self.locale.languages.get(subtag, subtag))

    def country(self, code: str) -> str:
        """Return the name of a country by its alpha-3 code, or the code where it has none."""
        return str(self.locale.territories.get(_alpha_2().get(code, ""), code))


_Said = Callable[[_Speaker, Any], str]

_SAID: Final[Mapping[str, _Said]] = MappingProxyType(
    {
        PLAIN: lambda _, value: str(value),
        "texts-and": lambda by, texts: by.listed(texts, "standard"),
        "day": _Speaker.day,
        "span": _Speaker.span,
        "span-about": _Speaker.span_about,
        "hkd": lambda by, hkd: by.said("words.money", {"amount": f"{hkd:,}"}),
        "country": _Speaker.country,
        "languages-and": lambda by, names: by.listed(map(by.language, names), "standard"),
        "languages-or": lambda by, names: by.listed(map(by.language, names), "or"),
        "level": _Speaker.some,
        "levels-or": lambda by, levels: by.listed(map(by.some, levels), "or"),
        "levels-counted": lambda by, held: by.listed(
            (by.level(*each) for each in held.items()), "standard"
        ),
        "levels-wanted": lambda by, asked: by.listed(
            (by.some(*each) for each in asked.items()), "or"
        ),
        "sectors-or": lambda by, names: by.listed(
            (by.said(f"sectors.{each}", {}) for each in names), "or"
        ),
        "relative": lambda by, name: by.said(f"relatives.{name}", {}),
    }
)
"""How each saying is said."""


_Word = Level | Sector | Relative | AchievementKind | Catches
_WORDS: Final[Mapping[type[_Word], str]] = MappingProxyType(
    {
        Level: "levels.{}.some",
        Sector: "sectors.{}",
        Relative: "relatives.{}",
        AchievementKind: "achievements.{}",
        Catches: "catches.{}",
    }
)


def word(value: _Word, language: Correspondence) -> str:
    """Return what a word of an application or a rule is called in the language: a doctorate."""
    return _speaker(language).said(_WORDS[type(value)].format(value), {})


@cache
def _speaker(language: Correspondence) -> _Speaker:
    return _Speaker(words=catalogue(language), locale=Locale.parse(_LOCALES[language]))


@cache
def _alpha_2() -> Mapping[str, str]:
    """Return the alpha-2 code of each alpha-3 one."""
    return {code: names[0] for code, names in get_global("territory_aliases").items()}
