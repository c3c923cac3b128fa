"""The scheme's tables as published, written down by hand and not read from the data.

Each row is by factor and id; a table that a later one took over stands there once.
"""

from typing import Final

POINTS_TESTS: Final = ("gpt-2006", "gpt-2008", "gpt-2015", "gpt-2018", "gpt-2023")
ACHIEVEMENT_TESTS: Final = ("apt-165", "apt-195", "apt-225", "apt-245")

Table = dict[str, dict[str, int]]

_AGE: Final = {"age-18-39": 30, "age-40-44": 20, "age-45-50": 15, "age-51-up": 0}
_LANGUAGE: Final = {
    "chinese-and-english": 20,
    "chinese-or-english-and-foreign": 15,
    "chinese-or-english": 10,
}
_FAMILY: Final = {"resident-relative": 5, "spouse-with-degree": 5, "dependent-children": 5}
_QUALIFICATIONS: Final = {
    "doctorate-or-two-masters": 40,
    "master-or-two-bachelors": 20,
    "bachelor-or-professional": 10,
    "renowned-institution": 30,
}
_WORK: Final = {
    "ten-years-five-senior": 40,
    "five-years-two-senior": 30,
    "five-years": 15,
    "two-years": 5,
    "international-exposure": 15,
}

TABLES: Final[dict[str, Table]] = {
    "gpt-2006": {
        "age": {
            "age-18-24": 0,
            "age-25-29": 25,
            "age-30-34": 30,
            "age-35-39": 25,
            "age-40-44": 15,
            "age-45-50": 5,
        },
        "qualifications": {
            "two-doctorates": 45,
            "doctorate-or-two-masters": 40,
            "master-or-two-bachelors": 30,
            "bachelor-or-professional": 20,
        },
        "work_experience": {
            "ten-years-five-senior": 50,
            "five-years-two-senior": 40,
            "five-years": 30,
        },
        "language": {"chinese-and-english": 20},
        "family": _FAMILY,
    },
    "gpt-2008": {
        "age": _AGE,
        "qualifications": {
            "two-doctorates": 45,
            "doctorate-or-two-masters": 40,
            "master-or-two-bachelors": 35,
            "bachelor-or-professional": 30,
        },
        "work_experience": {
            "ten-years-five-senior": 50,
            "five-years-two-senior": 40,
            "five-years": 30,
            "two-years": 10,
        },
        "language": _LANGUAGE,
        "family": _FAMILY,
    },
    "gpt-2015": {
        "age": _AGE,
        "qualifications": _QUALIFICATIONS,
        "work_experience": _WORK,
        "language": _LANGUAGE,
        "family": _FAMILY,
    },
    "gpt-2018": {
        "age": _AGE,
        "qualifications": _QUALIFICATIONS,
        "work_experience": _WORK,
        "talent_list": {"listed-profession": 30},
        "language": _LANGUAGE,
        "family": _FAMILY,
    },
    "gpt-2023": {
        "age": _AGE,
        "qualifications": _QUALIFICATIONS,
        "work_experience": {**_WORK, "multinational-or-reputable": 20},
        "talent_list": {"listed-profession": 30},
        "language": _LANGUAGE,
        "family": _FAMILY,
    },
    "apt-165": {"achievement": {"exceptional-achievement": 165}},
    "apt-195": {"achievement": {"exceptional-achievement": 195}},
    "apt-225": {"achievement": {"exceptional-achievement": 225}},
    "apt-245": {"achievement": {"exceptional-achievement": 245}},
}

MAXIMA: Final[dict[str, tuple[int, ...]]] = {
    "gpt-2006": (30, 45, 50, 20, 20),
    "gpt-2008": (30, 45, 50, 20, 20),
    "gpt-2015": (30, 70, 55, 20, 20),
    "gpt-2018": (30, 70, 55, 30, 20, 20),
    "gpt-2023": (30, 70, 75, 30, 20, 20),
    "apt-165": (165,),
    "apt-195": (195,),
    "apt-225": (225,),
    "apt-245": (245,),
}
"""The most that each factor gives, in the order of the answer."""

WHOLE: Final[dict[str, tuple[int, int]]] = {
    "gpt-2006": (165, 80),
    "gpt-2008": (165, 80),
    "gpt-2015": (195, 80),
    "gpt-2018": (225, 80),
    "gpt-2023": (245, 80),
    "apt-165": (165, 165),
    "apt-195": (195, 195),
    "apt-225": (225, 225),
    "apt-245": (245, 245),
}
"""The maximum and the pass mark of each test."""

_AGES_OF_2006: Final = {
    **dict.fromkeys((17, 18, 19, 23, 24), 0),
    **dict.fromkeys((25, 26, 28, 29), 25),
    **dict.fromkeys((30, 31, 33, 34), 30),
    **dict.fromkeys((35, 36, 38, 39), 25),
    **dict.fromkeys((40, 41, 43, 44), 15),
    **dict.fromkeys((45, 46, 49, 50), 5),
    51: 0,
}
_AGES_SINCE_2008: Final = {
    17: 0,
    **dict.fromkeys((18, 19, 38, 39), 30),
    **dict.fromkeys((40, 41, 43, 44), 20),
    **dict.fromkeys((45, 46, 49, 50), 15),
    **dict.fromkeys((51, 52, 90), 0),
}
AGES: Final[dict[str, dict[int, int]]] = {
    "gpt-2006": _AGES_OF_2006,
    **dict.fromkeys(POINTS_TESTS[1:], _AGES_SINCE_2008),
}
"""The points for ages at, just below and just above each edge."""
