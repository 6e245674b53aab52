"""The published event types of every service, and the default roles: the only business nouns in this package."""

from rapport_shared.contracts import audit, contacts, customers, deals, identity, interactions, orders, tasks

__all__ = ["audit", "contacts", "customers", "deals", "identity", "interactions", "orders", "tasks"]
