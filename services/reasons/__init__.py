"""Reasons, and what rules ask, in the languages in which the office writes: a catalogue each."""

from services.reasons.catalogue import CatalogueFaults, parse_catalogue
from services.reasons.saying import alternatives, ask, say, word

__all__ = ["CatalogueFaults", "alternatives", "ask", "parse_catalogue", "say", "word"]
