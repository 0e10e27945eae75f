"""Reading the ledger: which contracts there are, and what their bytes mean."""
