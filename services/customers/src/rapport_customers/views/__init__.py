"""Saved views: a filter, an order and columns of a list, by a name, for oneself or shared with roles and teams."""
