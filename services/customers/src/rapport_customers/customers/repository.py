"""Customers in MongoDB."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from dataclasses import fields as fields_of
from functools import cached_property
from types import MappingProxyType

from rapport_customers.assignment.model import acting
from rapport_customers.attention.repository import AttentionRepository
from rapport_customers.consents.model import Consent, ConsentPurpose
from rapport_customers.custom_fields.errors import CustomValueTaken
from rapport_customers.custom_fields.repository import CustomFieldRepository
from rapport_customers.custom_fields.tokens import PAIRS
from rapport_customers.custom_fields.tokens import tokens as tokens_of_custom
from rapport_customers.customers.errors import ExternalIdTaken
from rapport_customers.customers.facts import CustomerFacts, stored_facts
from rapport_customers.customers.model import Customer, CustomerKind, CustomerPriority, CustomerStage, RuleTag
from rapport_customers.customers.search import FIELDS as SEARCHED
from rapport_customers.customers.search import tokens
from rapport_customers.customers.tag_times import TagTimes
from rapport_customers.duplicates.repository import KEYS, TwinRepository, match_keys
from rapport_customers.history.repository import HistoryRepository
from rapport_customers.lifecycle.repository import StayRepository
from rapport_customers.quality.tokens import QUALITY
from rapport_customers.quality.tokens import tokens as quality_tokens
from rapport_shared.actor import Actor
from rapport_shared.aggregate import Change
from rapport_shared.audit import AuditTrail
from rapport_shared.mongo import Document, DuplicateKey, Index, every, update_all
from rapport_shared.persistence import AggregateRepository
from rapport_shared.rights import Scope

COLLECTION = "customers"
TYPE = "Customer"
UNIQUE = "custom_unique"
SINCE = "since"
"""Where a document keeps since when what was sorted out of a customer is so: its tags and its tier."""
# What else a document holds is other modules', or a newer release's.
_OF_THE_MODEL = frozenset(known.name for known in fields_of(Customer) if known.init) - {"id"}
INDEXES = (
    Index(COLLECTION, (("deleted", 1), ("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("owner_id", 1), ("deleted", 1), ("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("deleted", 1), ("name", 1), ("_id", 1))),
    Index(COLLECTION, (("deleted", 1), ("updated_at", -1), ("_id", -1))),
    Index(COLLECTION, (("deleted", 1), ("stage", 1), ("_id", 1))),
    Index(COLLECTION, (("deleted", 1), ("stage_since", 1), ("_id", 1))),
    Index(COLLECTION, (("deleted", 1), ("stage", 1), ("stage_since", 1), ("_id", 1))),
    Index(COLLECTION, (("deleted", 1), ("priority_rank", 1), ("_id", 1))),
    Index(COLLECTION, (("consented", 1), ("deleted", 1), ("_id", 1))),
    Index(COLLECTION, (("deleted", 1), ("facts.last_order_at", 1), ("_id", 1))),
    Index(COLLECTION, (("deleted", 1), ("facts.order_count", 1), ("_id", 1))),
    Index(COLLECTION, (("deleted", 1), ("facts.last_interaction_at", 1), ("_id", 1))),
    Index(COLLECTION, (("deleted", 1), ("facts.open_tasks", 1), ("_id", 1))),
    Index(COLLECTION, (("deleted", 1), ("facts.first_order_at", 1), ("_id", 1))),
    Index(COLLECTION, (("deleted", 1), ("facts.days_between_orders", 1), ("_id", 1))),
    Index(COLLECTION, (("facts.sums.currency", 1), ("facts.sums.spend", 1), ("deleted", 1))),
    Index(COLLECTION, (("facts.sums.currency", 1), ("facts.sums.average", 1), ("deleted", 1))),
    Index(COLLECTION, (("tag_ids", 1), ("deleted", 1), ("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("facts.needs", 1), ("deleted", 1), ("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("segments", 1), ("deleted", 1), ("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("deleted", 1), ("tier", 1), ("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("deleted", 1), ("source", 1), ("_id", 1))),
    Index(COLLECTION, (("deleted", 1), ("kind", 1), ("_id", 1))),
    *(Index(COLLECTION, (("deleted", 1), (f"search.{field}", 1))) for field in SEARCHED),
    *(Index(COLLECTION, (("deleted", 1), (field, 1), ("_id", 1))) for field in ("phone", "email", "external_id")),
    Index(COLLECTION, (("deleted", 1), ("industry", 1), ("_id", 1))),
    Index(COLLECTION, (("deleted", 1), (f"{PAIRS}.k", 1), (f"{PAIRS}.v", 1), ("_id", 1))),
    Index(COLLECTION, (("merged_ids", 1),)),
    # A deleted customer does not hold its external id.
    Index(COLLECTION, (("external_id", 1),), unique=True, only={"external_id": {"$type": "string"}, "deleted": False}),
    Index(COLLECTION, ((UNIQUE, 1),), unique=True, only={UNIQUE: {"$type": "string"}, "deleted": False}),
)


class CustomerRepository(AggregateRepository[Customer]):
    """One document a customer; ``deleted`` mirrors ``deleted_at`` for indexes, ``search`` holds what it is found by."""

    collection = COLLECTION
    noun = "customer"

    @cached_property
    def _attention(self) -> AttentionRepository:
        return AttentionRepository(self._database, self._session)

    async def save_all(
        self, aggregates: Sequence[Customer], *, by: Actor, beside: Mapping[str, Document] = MappingProxyType({})
    ) -> None:
        """Store; raises ExternalIdTaken, CustomValueTaken where another customer has the same."""
        custom = [aggregate for aggregate in aggregates if aggregate.recorded and aggregate.custom]
        if custom:
            definitions = await CustomFieldRepository(self._database, self._session).all_of(TYPE)
            for aggregate in custom:
                aggregate.unique_values = definitions.unique_tokens(aggregate.custom)
        try:
            await super().save_all(aggregates, by=by, beside=beside)
        except DuplicateKey as duplicate:
            if UNIQUE in (duplicate.details or {}).get("keyPattern", {}):
                raise CustomValueTaken("Another customer has this value.", path=_path(duplicate, aggregates)) from None
            message = "Another customer has this external id."
            raise ExternalIdTaken(message, path=("input", "externalId")) from None

    async def keep(self, changes: Sequence[Change[Customer]], *, by: Actor) -> None:
        """Every change becomes an entry of its customer's history, and has the rules look at the customer."""
        await self._attention.mark([each.aggregate.id for each in changes])
        await HistoryRepository(self._database, self._session).add(changes, by=by)
        compared = {each.aggregate.id: each.after for each in changes if _is_compared(each)}
        await TwinRepository(self._database, self._session).mark(compared)
        moved = [each for each in changes if each.before is None or each.before["stage"] != each.after["stage"]]
        await StayRepository(self._database, self._session).begin(moved, by=by)
        for each in changes:
            if each.before is None and each.aggregate.assigned_rule is not None:
                await self._note_assignment(each.aggregate, each.aggregate.assigned_rule)

    async def _note_assignment(self, customer: Customer, rule_key: str) -> None:
        """The audit log says what the rule decided, beside what the creator did."""
        trail = AuditTrail(self._database, self._session, lambda: customer.created_at)
        action, changed = "customers.customer.assigned", ("owner_id",)
        await trail.note(action, self.noun, customer.id, by=acting(rule_key), version=customer.version, changed=changed)

    async def find_many(self, identifiers: Iterable[str], scope: Scope) -> dict[str, Customer]:
        """The customers within reach by id; the id of one that was merged gives whom it was merged into."""
        wanted = set(identifiers)
        found = await super().find_many(wanted, scope)
        lacking = {each for each in wanted if each not in found or found[each].merged_into_id is not None}
        if lacking:
            condition = every({"merged_ids": {"$in": sorted(lacking)}}, scope.filter())
            async for document in self._documents.find(condition, session=self._session):
                survivor = self.from_document(document)
                found |= dict.fromkeys(lacking.intersection(survivor.merged_ids), survivor)
        return found

    async def by_key(self, name: str, values: Sequence[str], scope: Scope) -> list[Customer]:
        """The customers within reach with these external ids, mail addresses (folded) or phone numbers; to change."""
        if name == "external_id":
            condition: Document = {"external_id": {"$in": list(values)}, "deleted": False}
        else:
            condition = {KEYS: {"$in": [f"{name}:{value}" for value in values]}, "deleted": False}
        found = await self._documents.find(every(condition, scope.filter()), session=self._session).to_list(None)
        self._loaded |= {document["_id"]: document for document in found}
        return [self.from_document(document) for document in found]

    async def by_external_id(self, values: Sequence[str], scope: Scope) -> dict[str, Customer]:
        """The customers within reach by external id; that of one that was merged gives whom it was merged into."""
        found = {str(each.external_id): each for each in await self.by_key("external_id", values, scope)}
        lacking = sorted(set(values) - found.keys())
        if lacking:
            away: Document = {"external_id": {"$in": lacking}, "deleted": True}
            rows = self._documents.find(away, {"external_id": 1, "merged_into_id": 1}, session=self._session)
            merged = {row["_id"]: row["external_id"] async for row in rows if row.get("merged_into_id") is not None}
            survivors = await self.find_many(merged, scope) if merged else {}
            found |= {merged[key]: each for key, each in survivors.items() if each.deleted_at is None}
        return found

    async def held(self, identifier: str, scope: Scope) -> Customer | None:
        """The customer within reach, kept from changing until this transaction ends; not a deleted one.

        What hangs on a customer copies its owner. Writing to the customer's row of attention makes a change of owner at
        the same time collide with this transaction, so that one of the two runs again and sees the other's effect.
        """
        condition = every({"_id": identifier, "deleted": False}, scope.filter())
        found = await self._documents.find_one(condition, session=self._session)
        if found is None:
            return None
        await self._attention.hold(identifier)
        self._loaded[identifier] = found
        return self.from_document(found)

    async def has_tag(self, tag_id: str) -> bool:
        """Whether any customer has the tag, deleted ones included."""
        return await self._documents.find_one({"tag_ids": tag_id}, {"_id": 1}, session=self._session) is not None

    async def holder(self, identifier: str, scope: Scope) -> Customer | None:
        """Who within reach has a value by now that this deleted customer had to itself."""
        away = await self._documents.find_one({"_id": identifier}, {"external_id": 1, UNIQUE: 1}) or {}
        had: Document = {"external_id": [away.get("external_id")], UNIQUE: away.get(UNIQUE) or []}
        # With the type and ``deleted``, each is answered by the index that keeps the values apart.
        either = [{name: {"$in": values, "$type": "string"}, "deleted": False} for name, values in had.items()]
        found = await self._documents.find_one(every({"$or": either}, scope.filter()))
        return None if found is None else self.from_document(found)

    async def remove(self, customer_ids: Sequence[str]) -> None:
        """Delete these customers for good."""
        await self._documents.delete_many({"_id": {"$in": list(customer_ids)}}, session=self._session)
        await self._attention.remove(customer_ids)

    async def fill_search(self) -> int:
        """Give customers of an earlier release what they are found, compared and judged by; how many there were."""
        filled = 0
        async for document in self._documents.find({"$or": [{KEYS: None}, {"search": None}, {QUALITY: None}]}):
            aggregate = self.from_document(document)
            unchanged, made = {"_id": aggregate.id, "version": aggregate.version}, self.to_document(aggregate)
            await self._documents.update_one(
                unchanged, {"$set": {name: made[name] for name in ("search", KEYS, QUALITY)}}
            )
            filled += 1
        return filled

    async def family(self, identifier: str) -> list[str]:
        """Who the customer is by now, and all that it was made of.

        Whoever learns something of it in the same transaction collides with every change meanwhile.
        """
        either: Document = {"$or": [{"_id": identifier, "merged_into_id": None}, {"merged_ids": identifier}]}
        found = await self._documents.find_one(either, {"merged_ids": 1}, session=self._session)
        if found is None:
            return []
        return [found["_id"], *found.get("merged_ids", ())]

    async def learn(self, identifier: str, facts: Document) -> None:
        """Keep what others have counted, and let the rules look at the customer again."""
        await self.learn_all({identifier: facts})

    async def learn_all(self, facts: Mapping[str, Document]) -> None:
        """The same of several customers, in two calls."""
        assert self._session is not None  # noqa: S101 - with what was counted
        changes = [({"_id": identifier}, {"$set": stored_facts(found)}) for identifier, found in facts.items()]
        await update_all(self._documents, changes, session=self._session)
        await self._attention.mark(list(facts))

    def to_document(self, aggregate: Customer) -> Document:
        """The fields as they are, enums by value."""
        document = {
            "kind": aggregate.kind.value,
            "name": aggregate.name,
            "phone": aggregate.phone,
            "email": aggregate.email,
            "source": aggregate.source,
            "stage": aggregate.stage.value,
            "stage_since": aggregate.stage_since,
            "priority": aggregate.priority.value,
            "priority_rank": aggregate.priority.rank,
            "pooled_at": aggregate.pooled_at,
            "last_owner_id": aggregate.last_owner_id,
            "transfer_id": aggregate.transfer_id,
            "assigned_rule": aggregate.assigned_rule,
            "owner_id": aggregate.owner_id,
            "tags": list(aggregate.tags),
            "rule_tags": [asdict(each) for each in aggregate.rule_tags],
            "tag_ids": list(aggregate.tag_ids),
            "tier": aggregate.tier,
            "external_id": aggregate.external_id,
            "created_at": aggregate.created_at,
            "updated_at": aggregate.updated_at,
            "deleted_at": aggregate.deleted_at,
            "erased_at": aggregate.erased_at,
            "consents": [{**asdict(consent), "purpose": consent.purpose.value} for consent in aggregate.consents],
            "consented": [consent.purpose.value for consent in aggregate.consents if consent.granted],
            "merged_ids": list(aggregate.merged_ids),
            "merged_into_id": aggregate.merged_into_id,
            "deleted": aggregate.deleted_at is not None,
            "search": _found_by(aggregate),
            "wechat": aggregate.wechat,
            "industry": aggregate.industry,
            "company_size": aggregate.company_size,
            "contact_person": aggregate.contact_person,
            "custom": dict(aggregate.custom),
            PAIRS: tokens_of_custom(aggregate.custom),
            SINCE: {"tier": aggregate.tier_since, **aggregate.tag_times.document()},
            UNIQUE: list(aggregate.unique_values) or None,
        }
        return {**document, KEYS: match_keys(document), QUALITY: quality_tokens(document)}

    def from_document(self, document: Document) -> Customer:
        """Read what ``to_document`` wrote."""
        fields = {name: value for name, value in document.items() if name in _OF_THE_MODEL}
        fields["kind"] = CustomerKind(fields["kind"])
        fields["stage"] = CustomerStage(fields["stage"])
        fields["stage_since"] = fields.get("stage_since") or fields["created_at"]
        fields["priority"] = CustomerPriority(fields.get("priority", CustomerPriority.NORMAL))
        fields["tags"] = tuple(fields["tags"])
        fields["rule_tags"] = tuple(RuleTag(**each) for each in fields.get("rule_tags", ()))
        fields["merged_ids"] = tuple(fields.get("merged_ids", ()))
        fields["consents"] = tuple(
            Consent(**{**consent, "purpose": ConsentPurpose(consent["purpose"])})
            for consent in fields.get("consents", ())
        )
        fields["facts"] = CustomerFacts.stored(fields.get("facts", {}))
        since = document.get(SINCE) or {}
        fields["tier_since"], fields["tag_times"] = since.get("tier"), TagTimes.stored(since)
        return Customer(id=document["_id"], **fields)


def _is_compared(change: Change[Customer]) -> bool:
    """Whether somebody else may be one with the customer since this change."""
    before, after = change.before, change.after
    return not after["deleted"] and (
        before is None or any(before.get(name) != after[name] for name in (KEYS, "deleted"))
    )


def _path(duplicate: DuplicateKey, customers: Iterable[Customer]) -> tuple[str, ...]:
    """The custom field whose value another customer has, where the database says which."""
    taken = str((duplicate.details or {}).get("keyValue", {}).get(UNIQUE, "")).partition("=")[0]
    return ("input", "custom", taken) if any(taken in each.custom for each in customers) else ("input", "custom")


def _found_by(customer: Customer) -> Document:
    return tokens(name=customer.name, phone=customer.phone, email=customer.email, external_id=customer.external_id)
