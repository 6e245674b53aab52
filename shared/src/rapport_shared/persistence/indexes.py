"""The indexes that every service's database has."""

from rapport_shared import audit, inbox, outbox
from rapport_shared.persistence import idempotency

BOOKKEEPING_INDEXES = (*outbox.INDEXES, *inbox.INDEXES, *idempotency.INDEXES, *audit.INDEXES)
