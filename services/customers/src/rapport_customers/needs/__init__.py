"""Needs: what troubles a customer, what it likes, and what it must have."""
