"""Sessions: sign-in, the tokens that prove it, and their renewal."""
