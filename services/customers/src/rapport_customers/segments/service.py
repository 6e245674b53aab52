"""The use cases of segments."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rapport_customers.customers.model import Customer
from rapport_customers.customers.service import CustomerService
from rapport_customers.rules.reading import rule_of
from rapport_customers.segments.model import Segment
from rapport_customers.segments.repository import COLLECTION, SegmentRepository
from rapport_customers.tags.service import require_facts
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import Forbidden, NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.mongo import Document, Page, PageRequest, every
from rapport_shared.persistence import Records, Transactions, transactional
from rapport_shared.rights import Policy, Reach, Verb

TYPE: Final = "Segment"
ID_PREFIX: Final = "seg"
MEMBERSHIP: Final = "segments"
_THERE: Final[Document] = {"deleted": False}


class SegmentService(Records[Segment]):
    """Every public method is one use case; which customers of a segment one sees is decided as of any customers."""

    def __init__(
        self,
        transactions: Transactions[CustomersWork],
        segments: SegmentRepository,
        customers: CustomerService,
        policy: Policy,
        clock: Clock,
    ) -> None:
        super().__init__(segments, policy, TYPE)
        self.transactions = transactions
        self._segments = segments
        self._customers = customers
        self._clock = clock

    @transactional
    async def create(
        self, work: CustomersWork, name: str, rule: Mapping[str, Any], *, idempotency_key: str | None, by: Actor
    ) -> Segment:
        """A new segment; customers enter it soon. Raises SegmentNameTaken, InvalidRule, ForbiddenField."""
        if self.scope(by, Verb.CREATE).reach is not Reach.ALL:
            raise NotAllowed("Your role may not create segments.", path=("input",))
        require_facts(self._policy, rule, by=by)
        segment = Segment.create(new_id(ID_PREFIX), name, rule, now=self._clock())
        earlier = await work.idempotency.claim(
            idempotency_key, operation="createSegment", by=by, body=[name, rule], result_id=segment.id
        )
        if earlier is not None:
            return await self.load(work.segments, earlier, Verb.READ, by=by)
        await work.segments.save(segment, by=by)
        await work.sweep.start()
        return segment

    @transactional
    async def update(
        self,
        work: CustomersWork,
        identifier: str,
        changes: Mapping[str, Any],
        *,
        expected_version: int | None,
        by: Actor,
    ) -> Segment:
        """Change what is named."""
        require_facts(self._policy, changes.get("rule"), by=by)
        segment = await self.load(work.segments, identifier, Verb.UPDATE, by=by)
        segment.expect_version(expected_version)
        before = segment.rule_version
        segment.update(changes, now=self._clock())
        await work.segments.save(segment, by=by)
        if segment.rule_version != before:
            await work.sweep.start()
        return segment

    @transactional
    async def delete(self, work: CustomersWork, identifier: str, *, expected_version: int | None, by: Actor) -> Segment:
        """Let everybody leave, for good."""
        segment = await self.load(work.segments, identifier, Verb.DELETE, by=by)
        segment.expect_version(expected_version)
        segment.delete(now=self._clock())
        await work.segments.save(segment, by=by)
        await work.sweep.start()
        return segment

    def preview(self, rule: Mapping[str, Any], *, by: Actor) -> Document:
        """The condition of the customers of whom a rule is true now. Raises Forbidden, InvalidRule, ForbiddenField."""
        if self._policy.reach(by, Verb.READ, "Customer") is Reach.NONE:
            raise Forbidden("Your role may not read customers.")
        require_facts(self._policy, rule, by=by)
        return every(_THERE, rule_of(rule).condition(self._clock()))

    async def of_customers(self, customer_ids: Sequence[str], *, by: Actor) -> dict[str, list[Segment]]:
        """The segments of customers that were found within reach, by name; two queries."""
        members = await self._segments.of_members(customer_ids)
        found = await self.find_many(sorted({each for ids in members.values() for each in ids}), by=by)
        return {
            customer_id: sorted((found[each] for each in ids if each in found), key=lambda segment: segment.name)
            for customer_id, ids in members.items()
        }

    async def member_pages(
        self, segment_ids: Sequence[str], condition: Document, request: PageRequest, *, by: Actor
    ) -> dict[str, Page[Customer]]:
        """A page of the customers within reach for each of these segments; one query."""
        return await self._customers.nested_pages(COLLECTION, MEMBERSHIP, segment_ids, condition, request, by=by)

    async def member_counts(self, segment_ids: Sequence[str], condition: Document, *, by: Actor) -> dict[str, int]:
        """How many customers within reach each of these segments has; one query."""
        reached = every(self._customers.scope(by).filter(), condition)
        return await self._segments.member_counts(segment_ids, reached)
