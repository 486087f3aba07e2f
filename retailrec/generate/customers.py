"""The customers of a dataset: who they are, what they like, how much and when they buy."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from retailrec.generate.catalogue import Catalogue
from retailrec.generate.noise import Floats, Ints, Noise
from retailrec.generate.shape import DEMO_CUSTOMERS, FIRST_CUSTOMER, HOME_COUNTRY, REAL_CUSTOMERS, Shape
from retailrec.generate.vocabulary import COUNTRIES

DEPARTMENT_FOCUS, THEME_FOCUS = 0.15, 0.2  # Dirichlet concentration: the smaller, the narrower the taste
ACTIVITY_SPREAD = 1.25  # of the logarithm of a customer's number of invoices
SHARE_LOYAL = 0.35  # buy from the first to the last day
GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Customers:
    """Arrays over customers; the demo's come first."""

    ids: Ints
    country: Ints  # index into ``countries``; 0 is home
    activity: Floats  # sums to 1
    first_day: Ints
    last_day: Ints  # first day after the period
    volume: Floats  # how many packs they take
    department: Floats  # customers by departments, cumulative
    theme: Floats  # customers by themes, cumulative


def countries() -> pa.StringArray:
    """Return the names of the countries, home first."""
    return pa.array([HOME_COUNTRY, *COUNTRIES])


def _taste(rng: np.random.Generator, customers: int, choices: int, focus: float) -> Floats:
    base = rng.uniform(0.5, 1.5, choices)
    liking = rng.gamma(focus * base, size=(customers, choices)) + 1e-9
    cumulative: Floats = np.cumsum(liking / liking.sum(axis=1, keepdims=True), axis=1)
    return cumulative


def _countries(rng: np.random.Generator, activity: Floats, home: float) -> Ints:
    """Spread home and abroad evenly over big and small customers, so that rows have the share as well."""
    rank = np.empty(len(activity), np.int64)
    rank[np.argsort(-activity)] = np.arange(len(activity))
    weights = np.array([*COUNTRIES.values()], float)
    abroad = 1 + rng.choice(len(weights), len(activity), p=weights / weights.sum())
    return np.where((rank + 1) * GOLDEN % 1 < home, 0, abroad)


def make_customers(shape: Shape, catalogue: Catalogue, noise: Noise) -> Customers:
    """Draw the customers of a dataset."""
    rng, n, demo = noise.generator("customers"), shape.customers, len(DEMO_CUSTOMERS)
    pool = np.arange(FIRST_CUSTOMER, FIRST_CUSTOMER + max(n, REAL_CUSTOMERS))
    others = rng.permutation(np.setdiff1d(pool, DEMO_CUSTOMERS))[: n - demo]
    activity = rng.lognormal(0, ACTIVITY_SPREAD, n)
    loyal = rng.random(n) < SHARE_LOYAL
    loyal[:demo] = True
    # Those who came before the first day stay as long from then on: the duration is memoryless.
    first = np.where(loyal, 0, rng.integers(-shape.days // 2, shape.days - 7, n).clip(0))
    stays = rng.exponential(shape.days / 2, n).astype(np.int64) + 7
    last = np.where(loyal, shape.days, np.minimum(first + stays, shape.days))
    departments, themes = catalogue.cells
    return Customers(
        ids=np.concatenate([np.array(DEMO_CUSTOMERS), others]),
        country=_countries(rng, activity, shape.share_home_of_customers),
        activity=activity / activity.sum(),
        first_day=first,
        last_day=last,
        volume=rng.lognormal(0, 0.7, n),
        department=_taste(rng, n, departments, DEPARTMENT_FOCUS),
        theme=_taste(rng, n, themes, THEME_FOCUS),
    )
