"""Roles: what those who have one may do, as data that administrators edit."""
