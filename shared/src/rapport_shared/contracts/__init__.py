"""The published event types of every service, and the default roles: the only business nouns in this package."""

from rapport_shared.contracts import (
    audit,
    automation,
    contacts,
    custom_fields,
    customers,
    deals,
    handling,
    identity,
    interactions,
    needs,
    orders,
    subjects,
    tasks,
    transfers,
    views,
)

__all__ = [
    "audit",
    "automation",
    "contacts",
    "custom_fields",
    "customers",
    "deals",
    "handling",
    "identity",
    "interactions",
    "needs",
    "orders",
    "subjects",
    "tasks",
    "transfers",
    "views",
]
