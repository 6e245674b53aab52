"""Customers: people and companies that the company deals with."""
