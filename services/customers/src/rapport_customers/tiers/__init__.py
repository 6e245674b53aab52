"""Tiers: how much a customer is worth, as rules over its orders say."""
