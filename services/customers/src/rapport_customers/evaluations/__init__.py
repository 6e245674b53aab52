"""Evaluations: who is looked at by the rules, when, and what comes of it."""
