"""Draws a dataset's invoices, with the lines of each kind that give exactly the requested rows."""

from dataclasses import replace

import numpy as np

from retailrec.generate.customers import Customers
from retailrec.generate.invoices import ADJUSTMENT, ANONYMOUS, CANCELLATION, NOBODY, PURCHASE, Invoices
from retailrec.generate.noise import Floats, Ints, Noise
from retailrec.generate.opening_hours import DAY, day_weights, draw_days, draw_minutes, next_open
from retailrec.generate.shape import DEMO_CUSTOMERS, Shape

DEMO_INVOICES = 10  # at least, for each of the demo's customers
FEWEST_LINES = 4  # of their invoices, and of a purchase that may be shortened
SHARE_ANONYMOUS_CANCELLATIONS = 0.04
SPREAD_PURCHASE, SPREAD_ANONYMOUS = 0.95, 2.2  # of the logarithm of the number of lines


def make_invoices(shape: Shape, customers: Customers, noise: Noise) -> Invoices:
    """Draw the invoices of a dataset, in order of time."""
    rng, weights = noise.generator("invoices"), day_weights(shape)
    twice = weights[shape.second_sheet_day : shape.first_sheet_end].sum() / weights.sum()
    lines = shape.rows / (1 + twice)
    cancelled, adjusted = round(lines * shape.share_cancellations), round(lines * shape.share_adjustments)
    anonymous = round(
        lines * shape.share_without_customer - adjusted - cancelled * SHARE_ANONYMOUS_CANCELLATIONS
    )
    bought = round(lines) - cancelled - adjusted - anonymous
    plan = _purchases(rng, shape, customers, weights, bought)
    mean = 1.4 * shape.lines_per_invoice
    sizes = _sizes(rng, anonymous, mean, SPREAD_ANONYMOUS, _most_lines(shape))
    plan = plan.followed_by(_without_customer(rng, ANONYMOUS, sizes, weights))
    plan = plan.followed_by(_without_customer(rng, ADJUSTMENT, np.ones(adjusted, np.int64), weights))
    if cancelled:
        plan = plan.followed_by(_cancellations(rng, plan, cancelled, next_open(weights)))
    return replace(plan, size=_fitted(rng, shape, plan)).by_time()


def _most_lines(shape: Shape) -> int:
    return max(FEWEST_LINES, shape.items // 5)


def cut_to(sizes: Ints, total: int) -> Ints:
    """Return the first of ``sizes`` that add up to ``total``, the last one shortened to fit."""
    ends = np.cumsum(sizes)
    last = int(np.searchsorted(ends, total))
    kept = sizes[: last + 1].copy()
    kept[-1] -= ends[last] - total
    return kept


def _sizes(rng: np.random.Generator, total: int, mean: float, spread: float, most: int) -> Ints:
    """Return log-normal numbers of lines, from 1 to ``most``, that add up to ``total``."""
    median = mean / np.exp(spread**2 / 2)
    sizes, block = np.empty(0, np.int64), int(total / mean) + 50
    while sizes.sum() < total:
        drawn = np.rint(rng.lognormal(np.log(median), spread, block)).astype(np.int64)
        sizes = np.concatenate([sizes, drawn.clip(1, most)])
    return cut_to(sizes, total) if total else sizes


def _purchases(
    rng: np.random.Generator, shape: Shape, customers: Customers, weights: Floats, total: int
) -> Invoices:
    """Return purchases of ``total`` lines: the demo's customers first, then each other one."""
    everybody, demo = len(customers.ids), DEMO_INVOICES * len(DEMO_CUSTOMERS)
    mean = min(shape.lines_per_invoice, total / (1.5 * everybody + demo))
    sizes = _sizes(rng, total - demo * FEWEST_LINES, mean, SPREAD_PURCHASE, _most_lines(shape))
    sizes[:demo] += FEWEST_LINES
    others = np.arange(len(DEMO_CUSTOMERS), everybody)
    sure = np.concatenate([np.repeat(np.arange(len(DEMO_CUSTOMERS)), DEMO_INVOICES), others])
    more = rng.choice(everybody, max(0, len(sizes) - len(sure)), p=customers.activity)
    buyers = np.concatenate([sure, more])[: len(sizes)]
    chance = rng.random(len(buyers))
    # Those of the demo's customers are spread over the whole period, to be learnt from and to be tested on.
    chance[:demo] = (np.arange(demo) % DEMO_INVOICES + chance[:demo]) / DEMO_INVOICES
    days = draw_days(weights, customers.first_day[buyers], customers.last_day[buyers], chance)
    return Invoices.make(PURCHASE, buyers, days * DAY + draw_minutes(rng, len(days)), sizes)


def _without_customer(rng: np.random.Generator, kind: int, sizes: Ints, weights: Floats) -> Invoices:
    number = len(sizes)
    whole = np.zeros(number, np.int64), np.full(number, len(weights))
    days = draw_days(weights, *whole, rng.random(number))
    return Invoices.make(kind, np.full(number, NOBODY), days * DAY + draw_minutes(rng, number), sizes)


def _cancellations(rng: np.random.Generator, plan: Invoices, total: int, open_day: Ints) -> Invoices:
    """Return cancellations of ``total`` lines in all, each of a purchase some days before."""
    known, unknown = np.flatnonzero(plan.kind == PURCHASE), np.flatnonzero(plan.kind == ANONYMOUS)
    source = rng.choice(known, total)
    if len(unknown):
        no_name = rng.random(total) < SHARE_ANONYMOUS_CANCELLATIONS
        source = np.where(no_name, rng.choice(unknown, total), source)
    size = cut_to(np.minimum(rng.geometric(0.42, total), plan.size[source]), total)
    source = source[: len(size)]
    day = open_day[np.minimum(plan.day[source] + rng.geometric(0.15, len(size)), len(open_day) - 1)]
    minute = np.maximum(day * DAY + draw_minutes(rng, len(size)), plan.minute[source] + 1)
    cancels = Invoices.make(CANCELLATION, plan.customer[source], minute, size)
    return replace(cancels, source=source)


def _fitted(rng: np.random.Generator, shape: Shape, plan: Invoices) -> Ints:
    """Return the sizes, changed so that all rows, those in both sheets twice, are as many as asked for."""
    twice = (plan.day >= shape.second_sheet_day) & (plan.day < shape.first_sheet_end)
    missing = shape.rows - int(plan.size.sum() + plan.size[twice].sum())
    may_change = np.flatnonzero((plan.kind == PURCHASE) & ~twice)
    size = plan.size.copy()
    if missing >= 0:
        np.add.at(size, rng.choice(may_change, missing), 1)
        return size
    least, cancels = np.full(len(size), FEWEST_LINES), plan.kind == CANCELLATION
    np.maximum.at(least, plan.source[cancels], size[cancels])
    spare = np.maximum(size - least, 0)[may_change]
    lines = rng.choice(int(spare.sum()), -missing, replace=False)
    np.subtract.at(size, may_change[np.searchsorted(np.cumsum(spare), lines, side="right")], 1)
    return size
