"""Deliveries: what each webhook is told, in order, until it has heard it."""
