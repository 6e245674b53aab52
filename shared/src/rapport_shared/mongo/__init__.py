"""MongoDB: the only package that imports the driver."""

from rapport_shared.mongo.client import (
    Collection,
    Database,
    DatabaseError,
    Document,
    DuplicateKey,
    Mongo,
    Session,
    connect,
    database_name,
    is_transient,
)
from rapport_shared.mongo.conditions import counted, every
from rapport_shared.mongo.indexes import Index, create_indexes
from rapport_shared.mongo.paging import NestedPages, Order, Page, PageRequest, page_request
from rapport_shared.mongo.projections import Projection, eventually
from rapport_shared.mongo.updates import insert_all, update_all, update_each

__all__ = [
    "Collection",
    "Database",
    "DatabaseError",
    "Document",
    "DuplicateKey",
    "Index",
    "Mongo",
    "NestedPages",
    "Order",
    "Page",
    "PageRequest",
    "Projection",
    "Session",
    "connect",
    "counted",
    "create_indexes",
    "database_name",
    "eventually",
    "every",
    "insert_all",
    "is_transient",
    "page_request",
    "update_all",
    "update_each",
]
