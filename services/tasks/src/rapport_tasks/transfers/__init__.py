"""Transfers: the tasks of a user become another's; the customers service begins them."""
