"""Invented names for a believable population; any likeness is chance."""

from random import Random
from typing import Final

_MAINLAND: Final = (
    "Wang",
    "Li",
    "Zhang",
    "Liu",
    "Chen",
    "Yang",
    "Huang",
    "Zhao",
    "Wu",
    "Zhou",
    "Xu",
    "Sun",
    "Ma",
    "Zhu",
    "Hu",
    "Guo",
    "He",
    "Lin",
    "Gao",
    "Luo",
)
_SYLLABLES: Final = (
    "Wei",
    "Fang",
    "Min",
    "Jing",
    "Lei",
    "Yan",
    "Jun",
    "Jie",
    "Tao",
    "Ming",
    "Hui",
    "Ling",
    "Xin",
    "Yu",
    "Bo",
    "Hao",
    "Qing",
    "Rui",
    "Lan",
    "Kai",
    "Yun",
    "Mei",
)
_ELSEWHERE: Final = (
    "Martin",
    "Okafor",
    "Nguyen",
    "Schmidt",
    "Rossi",
    "Tan",
    "Kumar",
    "Novak",
    "Silva",
    "Dubois",
    "Kim",
    "Sato",
    "Ali",
    "Brown",
    "Fraser",
)
_GIVEN: Final = (
    "Anna",
    "Daniel",
    "Maria",
    "Thomas",
    "Aisha",
    "Peter",
    "Laura",
    "David",
    "Nina",
    "Samuel",
    "Grace",
    "Victor",
    "Helen",
    "Omar",
    "Ruth",
)

SUBJECTS: Final = (
    "Computer science",
    "Electrical engineering",
    "Finance",
    "Accounting",
    "Economics",
    "Biology",
    "Law",
    "Fine art",
    "Materials science",
    "Business administration",
)
STEM: Final = frozenset(
    {"Computer science", "Electrical engineering", "Biology", "Materials science"}
)
INSTITUTIONS: Final = (
    "Riverside Provincial University",
    "Northern Institute of Technology",
    "Coastal City University",
    "Central Finance College",
)
RENOWNED: Final = (
    "Old Capital University",
    "Western Lakes University",
    "Royal Institute of Science",
)
EMPLOYERS: Final = (
    "Harbour Securities",
    "Lantern Software",
    "Jade River Bank",
    "Southern Logistics",
    "Evergreen Materials",
    "Studio North",
    "Blue Kite Games",
)
BUSINESSES: Final = ("Silver Crane Trading", "Cloud Terrace Consulting", "Nine Rivers Design")


def drawn(random: Random, *, mainland: bool) -> tuple[str, str]:
    """Return a family name and given names."""
    if mainland:
        first, second = random.choice(_SYLLABLES), random.choice(_SYLLABLES).lower()
        return random.choice(_MAINLAND), first + random.choice((second, second, ""))
    return random.choice(_ELSEWHERE), random.choice(_GIVEN)
