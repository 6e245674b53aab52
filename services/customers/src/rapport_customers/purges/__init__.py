"""Purging: customers that were put away long enough ago leave for good."""
