"""Profiles: what is known of a customer, each part with where it comes from and how fresh it is."""
