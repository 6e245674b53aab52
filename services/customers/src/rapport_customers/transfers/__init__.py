"""Transfers: what somebody looks after becomes another's, or goes to the pool, as one operation."""
