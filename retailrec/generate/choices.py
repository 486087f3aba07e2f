"""What people want: an old favourite, something to their taste, or what everybody buys."""

import numpy as np

from retailrec.generate.catalogue import Catalogue
from retailrec.generate.customers import Customers
from retailrec.generate.invoices import NOBODY
from retailrec.generate.noise import Ints, Noise, pick, pick_by_row

FAVOURITES = 24
SHARE_FAVOURITES = 0.3  # of a customer's lines: the repeat purchases
SHARE_BESTSELLERS = 0.1  # bought because everybody does


class Choices:
    """Choices of customers, drawn for a line's number and the number of the draw."""

    def __init__(self, noise: Noise, catalogue: Catalogue, customers: Customers) -> None:
        self._noise, self._catalogue, self._customers = noise, catalogue, customers
        everybody = np.repeat(np.arange(len(customers.ids)), FAVOURITES)
        favourites = self._by_taste("favourite", np.arange(len(everybody)), everybody)
        self._favourites = favourites.reshape(-1, FAVOURITES)

    def _by_taste(self, purpose: str, line: Ints, customer: Ints) -> Ints:
        """Return items from the departments and themes that each customer likes."""
        noise, catalogue, customers = self._noise, self._catalogue, self._customers
        department = pick_by_row(customers.department, customer, noise.uniform(f"{purpose} department", line))
        theme = pick_by_row(customers.theme, customer, noise.uniform(f"{purpose} theme", line))
        place = department * catalogue.cells[1] + theme + noise.uniform(f"{purpose} item", line)
        item: Ints = np.searchsorted(catalogue.cumulative_in_cell, place, side="right")
        return np.minimum(item, len(catalogue.price) - 1)

    def wanted(self, draw: int, line: Ints, customer: Ints) -> Ints:
        """Return an item for each line, whether or not it is on sale."""
        why = self._noise.uniform(f"why {draw}", line)
        which = self._noise.uniform(f"which {draw}", line)
        item = pick(self._catalogue.popularity, which)
        known = customer != NOBODY
        taste = known & (why >= SHARE_BESTSELLERS) & (why < 1 - SHARE_FAVOURITES)
        item[taste] = self._by_taste(f"taste {draw}", line[taste], customer[taste])
        again = known & (why >= 1 - SHARE_FAVOURITES)
        # The first favourites are bought more often than the last.
        item[again] = self._favourites[customer[again], (FAVOURITES * which[again] ** 1.5).astype(np.int64)]
        return item
