"""Deals: what may be sold to a customer."""
