"""Staff users, sign-in, tokens and keys."""
