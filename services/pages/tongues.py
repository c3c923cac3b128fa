"""The language of the pages that anybody may read: chosen there, else as the browser prefers.

Law: an address tells a language at most. What was chosen is kept with the browser, so that it
holds on every page, and a page says of itself which language it is in.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote, urlencode

from flask import (
    Response,
    after_this_request,
    current_app,
    make_response,
    render_template,
    request,
    url_for,
)

from domain.application import Correspondence
from services.catalogue import Catalogue, load_catalogue
from services.pages import sessions
from services.pages.shown import label_of

NAMES: Final[Mapping[Correspondence, str]] = MappingProxyType(
    {
        Correspondence.ENGLISH: "English",
        Correspondence.TRADITIONAL_CHINESE: "繁體",
        Correspondence.SIMPLIFIED_CHINESE: "简体",
    }
)
"""What each language calls itself."""

CHOICE: Final = "lang"
_KEPT: Final = ("edition",)
"""What of an address stays when another language is chosen."""

_TRADITIONAL: Final = frozenset({"hant", "hk", "mo", "tw"})


def spoken() -> Catalogue:
    """Return the words of whoever asks for this page; a choice in the address is kept from now."""
    after_this_request(_varies)
    chosen = request.args.get(CHOICE, "")
    if chosen in NAMES:
        sessions.keep_language(chosen)
    kept = sessions.language()
    return load_catalogue(kept if kept in NAMES else preferred(request.accept_languages.values()))


def render_public(template: str, words: Catalogue, **values: Any) -> str:
    """Return a page in the language of its words, with links to the same page in the others.

    Of an address that only takes forms there is no page to come back to: they lead to the first.
    """
    stays = {name: request.args[name] for name in _KEPT if name in request.args}
    here = url_for("enquiry") if _takes_forms_alone() else ""
    links = [
        (each, name, f"{here}?{urlencode({**stays, CHOICE: each})}") for each, name in NAMES.items()
    ]
    return render_template(
        template, t=words, tongues=links, factor_label=partial(label_of, words), **values
    )


def led_on(response: Response) -> Response:
    """Return the answer, or a page that leads on to it where its cookie would be in the way.

    That it is opened from there is no other site's doing, and the browser's own cookie comes along.
    """
    if not sessions.is_in_the_way():
        return response
    words = load_catalogue(preferred(request.accept_languages.values()))
    # As it was asked for: a browser takes a backslash or a tab at the beginning for another site.
    to = f"{quote(request.path)}?{request.query_string.decode()}".removesuffix("?")
    return make_response(
        render_template("lead_on.html", t=words, title=words("service.moment"), to=to)
    )


def preferred(tags: Iterable[str]) -> Correspondence:
    """Return the first of some BCP 47 tags that there are words for, else English.

    Chinese without a script is written as its place writes it, and Simplified where none is named.
    """
    for tag in tags:
        language, *others = tag.lower().replace("_", "-").split("-")
        if language == "en":
            return Correspondence.ENGLISH
        if language == "zh":
            traditional = "hans" not in others and not _TRADITIONAL.isdisjoint(others)
            return (
                Correspondence.TRADITIONAL_CHINESE
                if traditional
                else Correspondence.SIMPLIFIED_CHINESE
            )
    return Correspondence.ENGLISH


def _takes_forms_alone() -> bool:
    adapter = current_app.create_url_adapter(request)
    methods = set(adapter.allowed_methods(request.path)) if adapter else set()
    return bool(methods) and "GET" not in methods


def _varies(response: Response) -> Response:
    response.vary.add("Accept-Language")
    return response
