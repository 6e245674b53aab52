"""What a transaction of this service gives to its use cases."""

from rapport_shared.clock import Clock
from rapport_shared.mongo import Database, Session
from rapport_shared.persistence import Work
from rapport_shared.subject_data import Source
from rapport_tasks.projections.customers import COLLECTION as CUSTOMERS
from rapport_tasks.projections.customers import Customers
from rapport_tasks.projections.interactions import interactions
from rapport_tasks.tasks.repository import COLLECTION, TaskRepository
from rapport_tasks.transfers.repository import TransferRepository

SERVICE = "tasks"
SOURCES = (Source("Task", COLLECTION),)
"""What this service keeps of a customer."""


class TasksWork(Work):
    """The service's repositories in one transaction."""

    def __init__(self, database: Database, session: Session, *, clock: Clock) -> None:
        super().__init__(database, session, service=SERVICE, clock=clock)
        self.clock = clock
        self.tasks = TaskRepository(database, session, self.outbox)
        self.customers = Customers(database, CUSTOMERS, session)
        self.transfers = TransferRepository(database, session)
        self.interactions = interactions(database, session)
