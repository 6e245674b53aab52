"""Requests of customers about themselves: a copy of all that is kept of them, or its erasure, in every service."""
