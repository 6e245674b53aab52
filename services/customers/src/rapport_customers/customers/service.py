"""The use cases of customers."""

from collections.abc import Mapping
from copy import copy
from types import SimpleNamespace
from typing import Any, Final

from rapport_customers.custom_fields.errors import CustomValueTaken
from rapport_customers.custom_fields.writing import attributes_of, with_custom
from rapport_customers.customers.errors import ExternalIdTaken, InvalidOccurredAt, OwnerNotFound
from rapport_customers.customers.model import Customer
from rapport_customers.customers.repository import COLLECTION, CustomerRepository
from rapport_customers.duplicates.errors import DuplicateCustomer
from rapport_customers.duplicates.repository import identity
from rapport_customers.handling.model import Handling
from rapport_customers.history.model import ReasonPolicy
from rapport_customers.history.service import HistoryService
from rapport_customers.projections.users import COLLECTION as USERS
from rapport_customers.tags.errors import TagFollowsRule
from rapport_customers.tags.model import TagChange
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.contracts.customers import CustomerUpdated
from rapport_shared.errors import NotAllowed
from rapport_shared.explanation import current_occurrence, current_reason
from rapport_shared.ids import new_id
from rapport_shared.mongo import Projection, eventually
from rapport_shared.persistence import Records, Transactions, transactional
from rapport_shared.rights import Policy, Verb, schema_name

TYPE = "Customer"
ID_PREFIX = "cus"
BELOW_USER: Final = (USERS, "owner_id")
BELOW_CUSTOMER: Final = (COLLECTION, "customer_id")
"""What a list below users, or customers, hangs on: the parents' collection, and the field that names the parent."""


class CustomerService(Records[Customer]):
    """Every public method is one use case, decided by the caller's rights (``by``)."""

    def __init__(
        self,
        transactions: Transactions[CustomersWork],
        customers: CustomerRepository,
        users: Projection,
        policy: Policy,
        clock: Clock,
        history: HistoryService,
        reasons: ReasonPolicy,
        *,
        refuses_duplicates: bool = False,
    ) -> None:
        super().__init__(customers, policy, TYPE)
        self.transactions = transactions
        self.history = history
        self._reasons = reasons
        self.refuses_duplicates = refuses_duplicates
        self._users = users
        self._customers = customers
        self._clock = clock

    async def create(self, details: Mapping[str, Any], *, idempotency_key: str | None = None, by: Actor) -> Customer:
        """A new customer; where ``details`` names no owner, ``make`` says who it is."""
        self._policy.check_fields(by, TYPE, attributes_of(details))
        await self.require_owner(details.get("owner_id"), by)
        return await self._create(details, idempotency_key, by=by)

    @transactional
    async def _create(self, work: CustomersWork, details: Mapping[str, Any], key: str | None, *, by: Actor) -> Customer:
        identifier = new_id(ID_PREFIX)
        body = {"owner_id": by.id, **details}
        earlier = await work.idempotency.claim(key, operation="createCustomer", by=by, body=body, result_id=identifier)
        if earlier is not None:
            return await work.customers.get(earlier, readable=self.scope(by), changeable=self.scope(by))
        customer = await self.make(work, details, by=by, identifier=identifier)
        await self.require_no_duplicate(work, customer, by)
        await work.customers.save(customer, by=by)
        return customer

    async def update(
        self, identifier: str, changes: Mapping[str, Any], *, expected_version: int | None, by: Actor
    ) -> Customer:
        """Change what is named; where it happened earlier, that is said by the command's explanation."""
        self._policy.check_fields(by, TYPE, attributes_of(changes))
        if (current_occurrence() or self._clock()) > self._clock():
            raise InvalidOccurredAt("This lies in the future.", path=("input", "occurredAt"))
        if changes.get("owner_id") is not None:
            await self.require_owner(changes["owner_id"], by)
        return await self._update(identifier, changes, expected_version, by=by)

    @transactional
    async def _update(
        self, work: CustomersWork, identifier: str, changes: Mapping[str, Any], expected: int | None, *, by: Actor
    ) -> Customer:
        customer = await self.load(work.customers, identifier, Verb.UPDATE, by=by)
        customer.expect_version(expected)
        before = customer.owner_id
        await self.change(work, customer, changes, by=by)
        await work.customers.save(customer, by=by)
        if customer.owner_id != before:
            await work.hand_over(customer.id, customer.owner_id)
        return customer

    async def make(
        self,
        work: CustomersWork,
        details: Mapping[str, Any],
        *,
        by: Actor,
        identifier: str | None = None,
        rehearsal: bool = False,
    ) -> Customer:
        """A new customer by every rule that holds for one, not saved yet; never to be saved in a ``rehearsal``.

        Where ``details`` names no owner, it is whom the assignment rules say, as far as the caller may make their
        customers, and else the caller.
        """
        tagged = await self._with_tags(work, {"owner_id": by.id, **details}, None, by)
        whole = await with_custom(work, tagged, None, policy=self._policy, by=by)
        customer = Customer.create(identifier or new_id(ID_PREFIX), whole, now=self._clock())
        if "owner_id" not in details:
            customer = await self._assigned(work, customer, whole, rehearsal, by)
        (await work.handling.current()).check_complete(customer)
        self.require_reach(customer, Verb.CREATE, by)
        return customer

    async def _assigned(
        self, work: CustomersWork, customer: Customer, details: Mapping[str, Any], rehearsal: bool, by: Actor
    ) -> Customer:
        """The new customer as an assignment rule has it; as it is where no rule finds somebody within reach."""
        scope = self.scope(by, Verb.CREATE)
        assignment = await work.owner_choice.choose(
            lambda: work.customers.to_document(customer),
            lambda owner_id: scope.admits(SimpleNamespace(owner_id=owner_id)),
            now=self._clock(),
            rehearsal=rehearsal,
        )
        if assignment is None:
            return customer
        owned = {**details, "owner_id": assignment.owner_id}
        return Customer.create(customer.id, owned, now=self._clock(), assigned_rule=assignment.rule_key)

    async def change(self, work: CustomersWork, customer: Customer, changes: Mapping[str, Any], *, by: Actor) -> None:
        """Change what is named by every rule that holds for changes; it is not saved yet."""
        whole = await with_custom(work, changes, customer.custom, policy=self._policy, by=by)
        await self.apply(work, customer, await self._with_tags(work, whole, customer, by), by=by)

    async def apply(self, work: CustomersWork, customer: Customer, details: Mapping[str, Any], *, by: Actor) -> None:
        """The same of ``details`` whose custom values are in stored form, and whose tags are named by id."""
        stage, known = customer.stage, copy(customer)
        customer.update(details, now=self._clock())
        handling = await work.handling.current()
        handling.check_move(stage, customer.stage)
        handling.check_complete(customer, known)
        self.require_reach(customer, Verb.UPDATE, by)
        await self._require_reason(work, customer, handling)

    @transactional
    async def tag(
        self,
        work: CustomersWork,
        identifier: str,
        tags: TagChange,
        *,
        expected_version: int | None,
        by: Actor,
    ) -> Customer:
        """Give and take tags by hand. Raises what is wrong with one; TagFollowsRule where only a rule gives it."""
        self._policy.check_fields(by, TYPE, ("tags",))
        customer = await self.load(work.customers, identifier, Verb.UPDATE, by=by)
        customer.expect_version(expected_version)
        named = await work.tag_book.ids_of(tags.names, tags.group_id, by=by)
        gone = set(tags.removed)
        if (gone - set(customer.tags)) & set(customer.tag_ids):
            raise TagFollowsRule("The tag comes and goes by its rule.", path=("input", "tagIds"))
        kept = tuple(tag_id for tag_id in customer.tags if tag_id not in gone)
        given = tuple(dict.fromkeys((*kept, *tags.added, *named)))
        await work.tag_book.require_together(given, customer.tags)
        customer.update({"tags": given}, now=self._clock())
        await self._require_reason(work, customer)
        await work.customers.save(customer, by=by)
        return customer

    @transactional
    async def delete(
        self, work: CustomersWork, identifier: str, *, expected_version: int | None, by: Actor
    ) -> Customer:
        """Put a customer away; it can be restored."""
        customer = await self.load(work.customers, identifier, Verb.DELETE, by=by)
        customer.expect_version(expected_version)
        customer.delete(now=self._clock())
        await self._require_reason(work, customer)
        await work.customers.save(customer, by=by)
        return customer

    async def restore(self, identifier: str, *, expected_version: int | None, by: Actor) -> Customer:
        """Bring a deleted customer back.

        Raises ExternalIdTaken, CustomValueTaken where a value has a new holder, who is named where within reach.
        """
        try:
            return await self._restore(identifier, expected_version, by=by)
        except (ExternalIdTaken, CustomValueTaken) as taken:
            holder = await self._customers.holder(identifier, self.scope(by))
            if holder is not None:
                taken.current, taken.message = holder, f"{taken.message.removesuffix('.')}: {holder.id}."
            raise

    @transactional
    async def _restore(
        self, work: CustomersWork, identifier: str, expected_version: int | None, *, by: Actor
    ) -> Customer:
        customer = await self.load(work.customers, identifier, Verb.DELETE, deleted=True, by=by)
        customer.expect_version(expected_version)
        customer.restore(now=self._clock())
        await self._require_reason(work, customer)
        await work.customers.save(customer, by=by)
        return customer

    def require_reach(self, customer: Customer, verb: Verb, by: Actor) -> None:
        """What a change leads to must be within reach too: a seller cannot give a customer away."""
        if not self.scope(by, verb).admits(customer):
            raise NotAllowed("Your role does not reach customers of this owner.", path=("input", "ownerId"))

    async def _with_tags(
        self, work: CustomersWork, details: Mapping[str, Any], customer: Customer | None, by: Actor
    ) -> dict[str, Any]:
        """The same details, with the ids of the tags that they name; tags that only rules have given stay so."""
        if details.get("tags") is None:
            return dict(details)
        named = await work.tag_book.ids_of(details["tags"], by=by)
        kept = () if customer is None else customer.tags
        by_rule = frozenset() if customer is None else {each.tag_id for each in customer.rule_tags}.difference(kept)
        await work.tag_book.require_together(named, (*kept, *by_rule))
        return {**details, "tags": [tag_id for tag_id in named if tag_id not in by_rule]}

    async def require_no_duplicate(self, work: CustomersWork, customer: Customer, by: Actor) -> None:
        """Raises DuplicateCustomer where they are refused, with the other customer where the caller may see it."""
        if not self.refuses_duplicates:
            return
        document = work.customers.to_document(customer)
        holders = await work.twins.holders(identity(document, customer.id), at=self._clock())
        if holders:
            seen = await work.customers.find_many(holders, self.scope(by))
            message = "Another customer has this phone number, mail address or company domain."
            raise DuplicateCustomer(message, path=("input",), current=next(iter(seen.values()), None))

    async def _require_reason(self, work: CustomersWork, customer: Customer, handling: Handling | None = None) -> None:
        """What is about to be saved names the fields that changed; putting away and bringing back is ``deletedAt``."""
        if current_reason() is not None or not customer.recorded:
            return
        handling = handling or await work.handling.current()
        reasons = self._reasons.and_of(handling.reason_required)
        for event in customer.recorded:
            changed = event.changed if isinstance(event, CustomerUpdated) else ("deleted_at",)
            reasons.check(map(schema_name, changed), current_reason())

    async def require_owner(self, owner_id: str | None, by: Actor) -> None:
        """Raise OwnerNotFound where no active user has this id."""
        if owner_id is None or owner_id == by.id:
            return
        user = await eventually(lambda: self._users.find(owner_id))
        if user is None or not user["active"]:
            raise OwnerNotFound("No active user has this id.", path=("input", "ownerId"))
