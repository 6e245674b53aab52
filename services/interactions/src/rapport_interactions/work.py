"""What a transaction of this service gives to its use cases."""

from rapport_interactions.interactions.repository import COLLECTION, InteractionRepository
from rapport_interactions.projections.customers import KnownCustomers
from rapport_shared.clock import Clock
from rapport_shared.mongo import Database, Session
from rapport_shared.persistence import Work
from rapport_shared.subject_data import Source

SERVICE = "interactions"
SOURCES = (Source("Interaction", COLLECTION),)
"""What this service keeps of a customer."""


class InteractionsWork(Work):
    """The service's repositories in one transaction."""

    def __init__(self, database: Database, session: Session, *, clock: Clock) -> None:
        super().__init__(database, session, service=SERVICE, clock=clock)
        self.interactions = InteractionRepository(database, session, self.outbox)
        self.customers = KnownCustomers(database, session)
