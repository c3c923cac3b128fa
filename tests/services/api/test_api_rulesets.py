"""The scheme's rules over HTTP: for anybody, and to be kept for a while."""

from flask import Flask


def test_anybody_may_list_the_rulesets_of_a_day(api: Flask) -> None:
    answer = api.test_client().get("/api/v1/rulesets?on=2019-05-01&known_on=2019-05-01")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    items = answer.get_json()["items"]
    assert [(each["id"], each["edition"]) for each in items] == [("gpt-2018", 1), ("apt-225", 1)]
    assert items[0]["days"] == {
        "first": "2018-08-28",
        "first_uncertain": False,
        "last": "2022-12-31",
        "last_uncertain": False,
        "last_follows": False,
        "known_from": "2018-08-28",
    }
    assert (items[0]["pass_mark"], items[0]["max"]) == (80, 225)


def test_a_ruleset_is_shown_with_its_rows_and_sources(api: Flask) -> None:
    answer = api.test_client().get("/api/v1/rulesets/gpt-2018?edition=1").get_json()
    assert [each["factor"] for each in answer["factors"]] == [
        "age",
        "qualifications",
        "work_experience",
        "talent_list",
        "language",
        "family",
    ]
    assert answer["factors"][0]["rows"][0] == {
        "id": "age-18-39",
        "asks": "aged 18 to 39",
        "points": 30,
        "at_most": 30,
        "adds": False,
        "authority": {
            "source": ["S4", "S5"],
            "confidence": "H",
            "day_uncertain": False,
            "note": "",
        },
    }
    cited = {each["id"] for each in answer["sources"]}
    assert {"S4", "S5", "S34"} <= cited


def test_an_unknown_ruleset_is_not_found_and_names_the_known_ones(api: Flask) -> None:
    answer = api.test_client().get("/api/v1/rulesets/gpt-1999")
    assert answer.status_code == 404
    assert answer.get_json()["type"] == "/problems/no-such-ruleset"
    assert "gpt-2018" in answer.get_json()["detail"]
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_an_unknown_edition_or_parameter_is_refused(api: Flask) -> None:
    client = api.test_client()
    assert client.get("/api/v1/rulesets/gpt-2018?edition=99").status_code == 404
    assert client.get("/api/v1/rulesets/gpt-2018@1?edition=1").status_code == 200
    assert client.get("/api/v1/rulesets/gpt-2018@1?edition=2").status_code == 404
    assert client.get("/api/v1/rulesets/gpt-2018?edition=0").status_code == 422
    assert client.get("/api/v1/rulesets?day=2019-05-01").status_code == 422
    assert client.get("/api/v1/rulesets?on=2019-02-30").status_code == 422
