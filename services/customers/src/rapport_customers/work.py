"""What a transaction of this service gives to its use cases."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rapport_customers.assignment.choosing import OwnerChoice
from rapport_customers.assignment.repository import AssignmentRepository
from rapport_customers.contacts.repository import ContactRepository
from rapport_customers.custom_fields.repository import CustomFieldRepository
from rapport_customers.customers.errors import CustomerIsErased, CustomerNotFound
from rapport_customers.customers.model import Customer
from rapport_customers.customers.repository import CustomerRepository
from rapport_customers.deals.repository import DealRepository
from rapport_customers.duplicates.repository import TwinRepository
from rapport_customers.evaluations.repository import SweepRepository
from rapport_customers.handling.repository import HandlingRepository
from rapport_customers.hanging import HangingRepository
from rapport_customers.history.repository import HistoryRepository
from rapport_customers.lifecycle.repository import StayRepository
from rapport_customers.merges.repository import MergeRepository
from rapport_customers.needs.repository import NeedRepository
from rapport_customers.orders.repository import OrderRepository
from rapport_customers.pipelines.repository import PipelineRepository
from rapport_customers.pool.repository import PoolRepository
from rapport_customers.products.repository import ProductRepository
from rapport_customers.projections.touches import INTERACTIONS, TASKS, Touches
from rapport_customers.projections.users import users
from rapport_customers.segments.repository import SegmentRepository
from rapport_customers.subjects.repository import SubjectRequestRepository
from rapport_customers.tags.guards import TagBook
from rapport_customers.tags.repository import TagGroupRepository, TagRepository
from rapport_customers.tiers.repository import TiersRepository
from rapport_customers.transfers.repository import TransferRepository
from rapport_customers.views.repository import SavedViewRepository
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.mongo import Database, Session
from rapport_shared.persistence import Work
from rapport_shared.rights import Scope

SERVICE = "customers"


class CustomersWork(Work):
    """The service's repositories in one transaction."""

    def __init__(self, database: Database, session: Session, *, clock: Clock) -> None:
        super().__init__(database, session, service=SERVICE, clock=clock)
        self.customers = CustomerRepository(database, session, self.outbox)
        self.custom_fields = CustomFieldRepository(database, session, self.outbox)
        self.views = SavedViewRepository(database, session, self.outbox)
        self.contacts = ContactRepository(database, session, self.outbox)
        self.deals = DealRepository(database, session, self.outbox)
        self.orders = OrderRepository(database, session, self.outbox)
        self.needs = NeedRepository(database, session, self.outbox)
        self.transfers = TransferRepository(database, session, self.outbox)
        self.pool = PoolRepository(database, session, self.outbox)
        self.handling = HandlingRepository(database, session, self.outbox)
        self.stays = StayRepository(database, session)
        self.pipelines = PipelineRepository(database, session, self.outbox)
        self.products = ProductRepository(database, session, self.outbox)
        self.subject_requests = SubjectRequestRepository(database, session, self.outbox)
        self.tags = TagRepository(database, session, self.outbox)
        self.tag_groups = TagGroupRepository(database, session, self.outbox)
        self.tag_book = TagBook(self.tags, self.tag_groups, clock)
        self.segments = SegmentRepository(database, session, self.outbox)
        self.tiers = TiersRepository(database, session, self.outbox)
        self.sweep = SweepRepository(database, session)
        self.touches = Touches(database, session)
        self.twins = TwinRepository(database, session)
        self.users = users(database, session)
        self.assignment = AssignmentRepository(database, session, self.outbox)
        self.owner_choice = OwnerChoice(self.assignment, self.users)

    @property
    def hanging(self) -> tuple[HangingRepository[Any], ...]:
        """What hangs on a customer: it is handed over, erased and merged with it."""
        return (self.contacts, self.needs, self.deals, self.orders)

    async def owner_of(self, customer_id: str, scope: Scope) -> str | None:
        """The owner of a customer within reach, who stays its owner until this transaction ends.

        Raises CustomerNotFound, CustomerIsErased.
        """
        return (await self.holding(customer_id, scope)).owner_id

    async def holding(self, customer_id: str, scope: Scope) -> Customer:
        """A customer within reach, which nobody else changes until this transaction ends.

        Raises CustomerNotFound, CustomerIsErased.
        """
        customer = await self.customers.held(customer_id, scope)
        if customer is None:
            raise CustomerNotFound("No customer has this id.", path=("input", "customerId"))
        if customer.erased_at is not None:
            raise CustomerIsErased("This customer was erased.", path=("input", "customerId"))
        return customer

    async def erase_hanging(self, customer_id: str, at: datetime, *, by: Actor) -> int:
        """Take everything personal out of what hangs on a customer; how many records that are."""
        count = 0
        for hanging in self.hanging:
            erased = await hanging.erase(customer_id, at)
            await self.forget(hanging.noun, f"{SERVICE}.{hanging.noun}.erased", erased, by=by)
            count += len(erased)
        await self.stays.erase(customer_id)  # they say again what the history does
        return count

    async def forget_labels(self, tag_ids: Iterable[str], *, by: Actor) -> None:
        """Take the words of labels that no customer has any more, and the reasons that were given for changing them."""
        unused = [tag for tag in tag_ids if not await self.customers.has_tag(tag)]
        forgotten = await self.tag_book.forget(unused, by=by)
        await self.forget(self.tags.noun, f"{SERVICE}.{self.tags.noun}.erased", forgotten, by=by)

    async def remove(self, customer_ids: Sequence[str], *, by: Actor) -> None:
        """Delete customers for good, with all that hangs on them and all that is known of them."""
        for hanging in self.hanging:
            gone = await hanging.remove(customer_ids)
            await self.forget(hanging.noun, f"{SERVICE}.{hanging.noun}.erased", gone, by=by)
        await self.forget(self.customers.noun, f"{SERVICE}.{self.customers.noun}.erased", customer_ids, by=by)
        await self.stays.remove(customer_ids)
        await self.touches.remove(customer_ids)
        await MergeRepository(self.database, self.session).remove(customer_ids)
        await HistoryRepository(self.database, self.session).remove(customer_ids)
        await self.customers.remove(customer_ids)

    async def hand_over(self, customer_id: str, owner_id: str | None) -> None:
        """What hangs on a customer belongs to its new owner, from the same commit on."""
        for hanging in self.hanging:
            await hanging.hand_over(customer_id, owner_id)
        await self.stays.hand_over(customer_id, owner_id)

    async def follow(self, family: Sequence[str], customer_id: str, owner_id: str | None) -> dict[str, int]:
        """What was made for these customers is another one's from now on; how many records of each noun."""
        moved = {each.noun: await each.follow(family, customer_id, owner_id) for each in self.hanging}
        await HistoryRepository(self.database, self.session).follow(family, customer_id)
        return moved

    async def learn_needs(self, customer_id: str) -> None:
        """Keep which needs a customer has, in the transaction that changes them."""
        await self.customers.learn(customer_id, await self.needs.facts(customer_id))

    async def learn_orders(self, customer_id: str) -> None:
        """Keep what a customer bought, as its orders say now."""
        await self.customers.learn_all(await self.orders.facts([customer_id]))

    async def learn_touches(self, customer_id: str, sources: Sequence[str] = (INTERACTIONS, TASKS)) -> None:
        """Keep what others' events have told of a customer, or of whom it was merged into, from these sources."""
        family = await self.customers.family(customer_id)
        if family:
            await self.customers.learn(family[0], await self.touches.facts(family, sources))
