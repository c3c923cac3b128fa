"""The believable population: the same for a seed, plausible in its shares, and assessable."""

from collections import Counter

from domain.application import Route, Sector
from domain.days import hong_kong_date
from domain.rules.assess import assess
from domain.rules.choose import choose
from domain.rules.transitions import filed_on
from services.demo.population import Arrival, population
from services.demo.year import FILED_ON, known_people
from services.intake.application import application_from
from services.rules import load_rulebook
from tests.services.documents import document_of

SEED = 2019


def _share(arrivals: tuple[Arrival, ...], of: str) -> float:
    return sum(each.application.applicant.nationality == of for each in arrivals) / len(arrivals)


def test_a_seed_gives_the_same_people_however_many_are_asked_for() -> None:
    assert tuple(population(20, SEED)) == tuple(population(50, SEED))[:20]
    assert tuple(population(20, SEED)) != tuple(population(20, SEED + 1))


def test_shares_are_those_of_the_published_years() -> None:
    arrivals = tuple(population(2_000, SEED))
    sectors = Counter(post.sector for each in arrivals for post in each.application.employment[:1])
    assert 0.86 < _share(arrivals, "CHN") < 0.94
    assert 0.22 < sectors[Sector.FINANCE] / len(arrivals) < 0.28
    achievement = sum(each.application.route is Route.ACHIEVEMENT for each in arrivals)
    assert 0.01 < achievement / len(arrivals) < 0.03


def test_everybody_files_what_the_office_would_take() -> None:
    for arrival in population(300, SEED):
        document = document_of(arrival.application)
        read = application_from(document, hong_kong_date(arrival.received_at))
        assert read == arrival.application


def test_no_two_people_travel_on_the_same_document() -> None:
    documents = [each.application.applicant.travel_document for each in population(2_000, SEED)]
    assert len(set(documents)) == len(documents)


def test_john_emma_and_jackie_score_175_120_and_225() -> None:
    rulebook, on = load_rulebook(), hong_kong_date(FILED_ON)
    totals = {
        each.name: assess(
            choose(rulebook, filed_on(each.application.route, on)), each.application, on
        ).total
        for each in known_people()
    }
    assert totals == {"john": 175, "emma": 120, "jackie": 225}
