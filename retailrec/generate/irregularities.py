"""The irregularities of a real file: cancellations, stock corrections, codes of no product, repeated lines.

Random choices depend on the line that a row shows: a cancellation has those of the purchase it cancels.
"""

import numpy as np
from numpy.typing import NDArray

from retailrec.generate.invoices import ADJUSTMENT, CANCELLATION, NOBODY, Invoices
from retailrec.generate.lines import Shop
from retailrec.generate.noise import pick
from retailrec.generate.rows import NO_NAME, Rows
from retailrec.generate.vocabulary import NON_PRODUCTS, STOCK_NOTES

SHARE_WRITTEN_OFF = 0.56  # of stock corrections: quantity below zero
SHARE_WITHOUT_NOTE = 0.72  # of stock corrections: no description
SHARE_CANCELLED_WHOLE = 0.6  # of cancelled lines; of the others, a part
SHARE_GIFTS = 1e-4  # of other rows: sold for nothing
# How much more often than on average a row of each context is no product.
FREQUENCY = {"home": 0.26, "abroad": 6.9, "anonymous": 1.4, "cancelled": 6.5}


def add_irregularities(rows: Rows, invoices: Invoices, shop: Shop) -> None:
    """Apply every irregularity, in place; repeated lines come last, because they repeat the others."""
    cancel(rows, invoices, shop)
    correct_stock(rows, invoices, shop)
    give_away(rows, shop)
    enter_non_products(rows, invoices, shop)
    repeat_lines(rows, invoices, shop)


def cancel(rows: Rows, invoices: Invoices, shop: Shop) -> None:
    """Turn quantities of cancellations negative: all that was bought, or a part of it."""
    which = np.flatnonzero(invoices.kind[rows.invoice] == CANCELLATION)
    part = shop.noise.uniform("cancelled part", rows.line[which])
    part = np.where(part < SHARE_CANCELLED_WHOLE, 1, part)
    rows.quantity[which] = -np.ceil(rows.quantity[which] * part).astype(np.int64)


def correct_stock(rows: Rows, invoices: Invoices, shop: Shop) -> None:
    """Turn rows into stock corrections: no price, no name, often a negative quantity."""
    which = np.flatnonzero(invoices.kind[rows.invoice] == ADJUSTMENT)
    line, specials = rows.line[which], len(NON_PRODUCTS)
    lost = shop.noise.uniform("lost", line) < SHARE_WRITTEN_OFF
    amount = 1 + (shop.noise.uniform("amount", line) ** 4 * 200).astype(np.int64)
    note = pick(np.ones(len(STOCK_NOTES)), shop.noise.uniform("which note", line))
    silent = shop.noise.uniform("note", line) < SHARE_WITHOUT_NOTE
    rows.price[which] = 0
    rows.quantity[which] = np.where(lost, -amount, amount)
    rows.name[which] = np.where(silent, NO_NAME, 2 * shop.shape.items + specials + note)


def give_away(rows: Rows, shop: Shop) -> None:
    """Set the price of a few otherwise regular rows to zero."""
    rows.price[shop.noise.uniform("gift", rows.line) < SHARE_GIFTS] = 0


def enter_non_products(rows: Rows, invoices: Invoices, shop: Shop) -> None:
    """Replace some products by postage, charges and the like; cancellations have additional ones."""
    kind, customer = invoices.kind[rows.invoice], invoices.customer[rows.invoice]
    known, product = customer != NOBODY, kind != ADJUSTMENT
    abroad = shop.customers.country[customer] != 0
    _enter("home", product & known & ~abroad, rows, shop)
    _enter("abroad", product & known & abroad, rows, shop)
    _enter("anonymous", product & ~known, rows, shop)
    _enter("cancelled", kind == CANCELLATION, rows, shop)


def _enter(context: str, where: NDArray[np.bool_], rows: Rows, shop: Shop) -> None:
    candidates = np.flatnonzero(where)
    chance = shop.noise.uniform(f"non-product {context}", rows.line[candidates])
    which = candidates[chance < shop.shape.share_non_product * FREQUENCY[context]]
    weights = np.array([getattr(special, context) for special in NON_PRODUCTS], float)
    special = pick(weights, shop.noise.uniform("which non-product", rows.line[which]))
    usual = np.array([non_product.price for non_product in NON_PRODUCTS])[special]
    price = usual * (0.5 + shop.noise.uniform("charge", rows.line[which]))
    rows.item[which] = shop.shape.items + special
    rows.name[which] = 2 * shop.shape.items + special
    rows.price[which] = np.maximum(0.01, np.round(price, 2))
    rows.quantity[which] = np.sign(rows.quantity[which])


def repeat_lines(rows: Rows, invoices: Invoices, shop: Shop) -> None:
    """Make some lines exact copies of the one before them on the same invoice."""
    follows = np.zeros(len(rows.invoice), np.bool_)
    follows[1:] = rows.invoice[1:] == rows.invoice[:-1]
    share_following = 1 - len(invoices.size) / invoices.size.sum()
    often = shop.shape.share_repeated_lines / share_following
    copies = follows & (shop.noise.uniform("repeated", rows.line) < often)
    source = np.maximum.accumulate(np.where(copies, 0, np.arange(len(copies))))
    for column in (rows.item, rows.name, rows.quantity, rows.price):
        column[:] = column[source]
