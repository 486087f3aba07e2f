"""When a shop is open and how much it sells: busy autumns, no Saturdays, no Christmas week, office hours."""

import datetime

import numpy as np

from retailrec.generate.noise import Floats, Ints
from retailrec.generate.shape import START, Shape

MONTHS = (0.8, 0.75, 0.95, 0.8, 0.9, 0.95, 0.9, 0.85, 1.15, 1.45, 1.95, 1.5)
WEEKDAYS = (1.0, 1.05, 1.0, 1.08, 0.82, 0.0, 0.75)  # from Monday
HOURS = (1, 14, 60, 85, 112, 148, 140, 132, 126, 88, 54, 16, 8, 2)  # from seven o'clock
FIRST_HOUR = 7
DAY = 24 * 60


def day_weights(shape: Shape) -> Floats:
    """Return how much is sold on each day; 0 when closed. The first and the last day are open."""
    weights = np.empty(shape.days)
    for day in range(shape.days):
        date = START + datetime.timedelta(days=day)
        closed = (date.month, date.day) >= (12, 24) or (date.month, date.day) <= (1, 3)
        weights[day] = 0 if closed else MONTHS[date.month - 1] * WEEKDAYS[date.weekday()]
    weights[[0, -1]] = np.maximum(weights[[0, -1]], 0.5)
    return weights


def draw_days(weights: Floats, first: Ints, last: Ints, uniform: Floats) -> Ints:
    """Return an open day in [first, last) for each uniform number; the whole period if there is none."""
    cumulative = np.concatenate([[0.0], np.cumsum(weights)])
    low, high = cumulative[first], cumulative[last]
    low, high = np.where(high > low, low, 0.0), np.where(high > low, high, cumulative[-1])
    found: Ints = np.searchsorted(cumulative, low + uniform * (high - low), side="right") - 1
    return np.minimum(found, len(weights) - 1)


def draw_minutes(rng: np.random.Generator, number: int) -> Ints:
    """Return minutes of a day, at which a shop is open."""
    weights = np.array(HOURS, float)
    hours = FIRST_HOUR + rng.choice(len(HOURS), number, p=weights / weights.sum())
    return hours * 60 + rng.integers(0, 60, number)


def next_open(weights: Floats) -> Ints:
    """Return, for each day, itself or the first later day that is open; the last day is."""
    opened = np.flatnonzero(weights)
    return opened[np.searchsorted(opened, np.arange(len(weights)))]
