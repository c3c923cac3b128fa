"""What a rule can ask: each sentence by its name, and the kinds of the figures in it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.rules.reasons import Kind

_N: Final = Kind.NUMBER

ASKS: Final[Mapping[str, Mapping[str, Kind]]] = MappingProxyType(
    {
        "aged": {"age": _N},
        "aged-from": {"lowest": _N},
        "aged-between": {"lowest": _N, "highest": _N},
        "aged-up-to": {"highest": _N},
        "holding": {"wanted": Kind.COUNTED_LEVELS},
        "renowned": {"levels": Kind.LEVELS},
        "work": {"years": _N},
        "senior-work": {"years": _N, "senior_years": _N},
        "work-outside-home": {"years": _N},
        "work-multinational": {"years": _N},
        "within-sectors": {"work": Kind.TEXT, "sectors": Kind.SECTORS},
        "profession": {},
        "every-language": {"languages": Kind.LANGUAGES},
        "one-language": {"languages": Kind.LANGUAGES},
        "foreign-languages": {"number": _N},
        "as-well": {"one": Kind.TEXT, "other": Kind.TEXT},
        "resident-relative": {},
        "spouse-with-degree": {},
        "child": {"under": _N},
        "listed-degree": {"levels": Kind.LEVELS},
        "stem-degree": {"of": Kind.TEXT},
        "good-languages": {"number": _N},
        "income": {"least": Kind.HKD},
        "business": {"profit": Kind.HKD, "unlisted": _N, "listed": _N},
        "listed-company": {"percent": _N},
        "support": {},
        "record": {},
        "spoken-and-written": {"languages": Kind.LANGUAGES},
        "nationality": {},
        "caught-from": {"caught": Kind.TEXT, "clock": Kind.TEXT},
    }
)
"""Everything that a ruleset asks of an application, and from when it catches some."""
