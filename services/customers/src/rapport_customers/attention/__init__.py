"""Whom the rules are to look at."""
