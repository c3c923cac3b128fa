"""Whatever a form of any page is filled with, it is taken whole or refused in words."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from zlib import crc32

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from services.projections.runner import catch_up_all
from tests.integration.filling import TEXTS, Form, filled, forms_on, sensible
from tests.integration.walking import EMMA_BORN, Walked, address, readings
from tests.services.coming_in import come_in
from tests.services.visiting import Page, Visitor, signed_in

VISITORS: Final = ("supervisor.lee", "panel.cheung", "auditor.ho", "applicant", "nobody")
_EXAMPLES: Final = 3
# Whoever repeats an application is noted at the case that lives: all that a refusal leaves.
_NOTED: Final = 1


def visitor_named(walked: Walked, name: str) -> Visitor:
    if name == "nobody":
        return Visitor(walked.office)
    if name == "applicant":
        own = Visitor(walked.office)
        assert come_in(own, walked.case, EMMA_BORN).path == "/status"
        return own
    return signed_in(walked.office, name)


def pages(walked: Walked, visitor: Visitor) -> Iterator[str]:
    """Yield the address of every page, for cases at both stages."""
    for rule in readings(visitor.client.application):
        cases = (walked.case, walked.other) if "reference" in rule.arguments else ("",)
        for case in cases:
            yield address(replace(walked, case=case), rule)


def forms(walked: Walked, visitor: Visitor) -> Iterator[Form]:
    """Yield each form that a visitor is shown on any page, once."""
    seen = set()
    for path in pages(walked, visitor):
        answer = visitor.client.get(path)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            for form in forms_on(path, visitor._page(answer)):
                named = (form.action.removeprefix(path), (*form.fields,))
                if named not in seen:
                    seen.add(named)
                    yield form


def refused_in_words(page: Page) -> None:
    """Assert that a page says what is wrong, and that what it points to is there."""
    (main,) = page.root.all("main")
    summaries = main.all("div", role="alert")
    if not summaries:
        assert page.heading
        assert page.heading != "Something went wrong"
        assert page.root.one("p", **{"class": "lead"}).text
        return
    ids = {each.given["id"] for each in page.root._below() if "id" in each.given}
    for summary in summaries:
        assert summary.given["aria-labelledby"] in ids
        assert all(each.text for each in summary.all("li"))
        assert summary.all("li")
        for link in summary.all("a"):
            assert link.given["href"].removeprefix("#") in ids, (link.given["href"], page.path)


def answered(walked: Walked, visitor: Visitor, form: Form, typed: dict[str, list[str]]) -> None:
    """Send a form: it is taken, or refused in words and nothing is recorded."""
    before = walked.office.store.sequence()
    answer = form.send(visitor, typed)
    assert answer.status_code < 500, (form, typed)
    if answer.status_code >= 400:
        assert walked.office.store.sequence() <= before + _NOTED, (form, typed)
        refused_in_words(visitor._page(answer))


def each_field(found: list[Form]) -> Iterator[tuple[Form, str, str]]:
    """Yield each field that is more than a text with the worst for it, one field of each name.

    Fields of one name are read by the same lines.
    """
    by_name = {name: form for form in found for name in form.fields}
    for field, form in by_name.items():
        if form.fields[field].worst is not TEXTS:
            for worst in form.fields[field].worst:
                yield form, field, worst


def tried(walked: Walked, visitor: Visitor, form: Form, examples: int) -> None:
    """Send a form so many times, filled with anything, the same each time that the test is run."""

    @seed(crc32(f"{form.action.removeprefix(form.page)} {sorted(form.fields)}".encode()))
    @settings(
        max_examples=examples,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(typed=filled(form.fields))
    def sent(typed: dict[str, list[str]]) -> None:
        answered(walked, visitor, form, typed)

    sent()


@pytest.mark.parametrize("name", VISITORS)
def test_whatever_a_form_is_filled_with_it_is_taken_or_refused_in_words(
    walked: Walked, name: str, request: pytest.FixtureRequest
) -> None:
    visitor = visitor_named(walked, name)
    found = list(forms(walked, visitor))
    assert found
    for form, field, worst in each_field(found):
        answered(walked, visitor, form, {**sensible(form.fields), field: [worst]})
    for form in found:
        tried(walked, visitor, form, _EXAMPLES * request.config.getoption("--examples-times"))
    catch_up_all(walked.office.store, walked.office.models)
    for rule in readings(visitor.client.application):
        answer = visitor.client.get(address(walked, rule))
        assert answer.status_code < 500, rule.rule
