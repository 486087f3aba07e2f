"""A stack as a client uses it: its API, its ledger, uploads, and operations."""
