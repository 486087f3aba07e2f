"""The keys of the serving table: every item belongs to one run.

| key | body |
|---|---|
| ``RUN#customer#ID`` | country, purchases, bought items, batch recommendations |
| ``RUN#customers#N`` | the N-th page of customer ids, in order of code points |
| ``RUN#customers-part#N`` | the first ids of some pages; only where those of all do not fit one entry |
| ``RUN#customers`` | how many customers, and the first id of each page or of each such part |
| ``RUN#item#ID`` | description, and how many customers bought it how often |
| ``RUN#similar#ID`` | ``[item, score]`` of the items most similar to it |
| ``RUN#popular#COUNTRY`` | the most popular items of all time; COUNTRY is empty for all |
| ``RUN#popular-rest`` | ``[item, customers]`` of those that come after them, of all countries |
| ``RUN#popular-since#COUNTRY`` | by month, ``[item, customers]`` of the most popular since then |
"""

CUSTOMERS_PER_PAGE = 5_000


def customer_key(run: str, customer: str) -> str:
    """Key of a customer's country, purchases and batch recommendations."""
    return f"{run}#customer#{customer}"


def customers_key(run: str, page: int | None = None) -> str:
    """Key of one page of customer ids, or of what all pages are."""
    return f"{run}#customers" if page is None else f"{run}#customers#{page}"


def customers_part_key(run: str, part: int) -> str:
    """Key of one part of the pages' first ids."""
    return f"{run}#customers-part#{part}"


def item_key(run: str, item: str) -> str:
    """Key of an item's description."""
    return f"{run}#item#{item}"


def similar_key(run: str, item: str) -> str:
    """Key of the items similar to an item."""
    return f"{run}#similar#{item}"


def popular_key(run: str, country: str | None = None) -> str:
    """Key of the most popular items, overall or in a country."""
    return f"{run}#popular#{country or ''}"


def popular_rest_key(run: str) -> str:
    """Key of the items that come after the most popular ones, overall."""
    return f"{run}#popular-rest"


def popular_since_key(run: str, country: str | None = None) -> str:
    """Key of the most popular items since each month, overall or in a country."""
    return f"{run}#popular-since#{country or ''}"
