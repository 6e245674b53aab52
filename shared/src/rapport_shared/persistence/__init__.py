"""Aggregates, their events and the bookkeeping of commands and events, stored together."""

from rapport_shared.persistence.erasable import APART, ERASED_TEXT, HOME, HUNG_ON, ErasableRepository
from rapport_shared.persistence.indexes import BOOKKEEPING_INDEXES
from rapport_shared.persistence.records import Records
from rapport_shared.persistence.repository import AggregateRepository
from rapport_shared.persistence.unit_of_work import Transactions, Work, transactional

__all__ = [
    "APART",
    "BOOKKEEPING_INDEXES",
    "ERASED_TEXT",
    "HOME",
    "HUNG_ON",
    "AggregateRepository",
    "ErasableRepository",
    "Records",
    "Transactions",
    "Work",
    "transactional",
]
