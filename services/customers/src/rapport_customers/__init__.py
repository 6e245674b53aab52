"""Customers and their changes."""
