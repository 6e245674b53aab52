"""Runs the whole system on one machine: backing services, processes, sample data."""
