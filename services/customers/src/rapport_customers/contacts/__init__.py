"""Contacts: the people at a customer, and their part in its decisions."""
