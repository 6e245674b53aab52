"""Communication records with customers."""
