"""What every function of the pipeline shares: contracts, names, the ledger, AWS edges."""
