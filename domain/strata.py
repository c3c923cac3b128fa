"""The stratum of a case: the sector that it counts to where an exercise ranks within sectors."""

from datetime import date

from domain.application import Application, Post


def stratum_of(application: Application, on: date) -> str | None:
    """Return the sector of the latest post on a day, None for whoever had none by then.

    A post at graduate or specialist level goes before any other. Of several the latest is the one
    that ended last, of these the one that began last, of these the one that was filed first. The
    scheme's committee weighs sectors [S1][S34]; which of several posts counts is local policy.
    """
    begun = [each for each in application.employment if each.started_on <= on]
    level = [each for each in begun if each.graduate_or_specialist]
    latest = max(level or begun, key=_latest, default=None)
    return None if latest is None else latest.sector.value


def _latest(post: Post) -> tuple[date, date]:
    return post.ended_on or date.max, post.started_on
