"""The ledger: runs, datasets, the endpoint request, and the moves between statuses."""
