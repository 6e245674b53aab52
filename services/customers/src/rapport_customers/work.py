"""What a transaction of this service gives to its use cases."""

from rapport_customers.customers.repository import CustomerRepository
from rapport_customers.projections.users import users
from rapport_shared.clock import Clock
from rapport_shared.mongo import Database, Session
from rapport_shared.persistence import Work

SERVICE = "customers"


class CustomersWork(Work):
    """The service's repositories in one transaction."""

    def __init__(self, database: Database, session: Session, *, clock: Clock) -> None:
        super().__init__(database, session, service=SERVICE, clock=clock)
        self.customers = CustomerRepository(database, session, self.outbox)
        self.users = users(database, session)
