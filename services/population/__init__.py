"""Believable applicants of every regime of the scheme: for the demonstration, tests, benchmarks."""

from services.population.arrivals import Arrival, Fate, Lot, arrival, population
from services.population.regimes import UnknownRegime, regimes

__all__ = ["Arrival", "Fate", "Lot", "UnknownRegime", "arrival", "population", "regimes"]
