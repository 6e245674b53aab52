"""A customer: guards its state and records what happens to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final

from rapport_customers.consents.model import Consent, ConsentPurpose, said
from rapport_customers.customers import values
from rapport_customers.customers.errors import CustomerIsErased, CustomerIsMerged, InvalidOccurredAt, MissingValue
from rapport_customers.customers.facts import NO_FACTS, CustomerFacts
from rapport_customers.customers.tag_times import NO_TIMES, TagTimes
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.customers import (
    CustomerConsentGranted,
    CustomerConsentWithdrawn,
    CustomerCreated,
    CustomerDeleted,
    CustomerErased,
    CustomerMerged,
    CustomerPurged,
    CustomerRestored,
    CustomerState,
    CustomerTierChanged,
    CustomerUnmerged,
    CustomerUpdated,
    TierFigures,
)


class CustomerKind(StrEnum):
    """What a customer is."""

    PERSON = "PERSON"
    COMPANY = "COMPANY"


class CustomerStage(StrEnum):
    """Where a customer stands in its life with the company."""

    LEAD = "LEAD"
    OPPORTUNITY = "OPPORTUNITY"
    CUSTOMER = "CUSTOMER"
    REPEAT = "REPEAT"
    ADVOCATE = "ADVOCATE"
    CHURN_RISK = "CHURN_RISK"
    LOST = "LOST"


class CustomerPriority(StrEnum):
    """How much a customer matters now, from the least."""

    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"

    @property
    def rank(self) -> int:
        """Sorts priorities: 0 for the least."""
        return list(CustomerPriority).index(self)


_RULES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "kind": CustomerKind,
    "name": values.valid_name,
    "phone": values.valid_phone,
    "email": values.valid_email,
    "source": lambda value: values.valid_text(value, "source"),
    "stage": CustomerStage,
    "priority": CustomerPriority,
    "owner_id": str,
    "tags": values.valid_tags,
    "external_id": lambda value: values.valid_text(value, "externalId"),
    "wechat": lambda value: values.valid_text(value, "wechat"),
    "industry": lambda value: values.valid_text(value, "industry"),
    "company_size": lambda value: values.valid_text(value, "companySize"),
    "contact_person": lambda value: values.valid_text(value, "contactPerson"),
    "custom": dict,
}
MERGEABLE: Final = tuple(_RULES)
"""What a merge chooses of several customers' values, by attribute."""
_REQUIRED: Final = frozenset({"kind", "name", "stage", "priority"})
_OF_KIND: Final = frozenset({"wechat", "industry", "company_size", "contact_person"})
PERSONAL: Final = frozenset({"name", "phone", "email", "source", "tags", "external_id", "custom"}) | _OF_KIND
"""What an erasure takes away; ``consents`` go as well."""
ERASED_NAME: Final = "[erased]"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTag:
    """A tag that a rule has given: by which version of the rule, and when."""

    tag_id: str
    rule_version: int
    since: datetime


@dataclass(kw_only=True)
class Customer(Aggregate):
    """A person or company; phone is E.164, times are UTC.

    ``stage_since`` is when it came to its stage, ``tier_since`` when to its tier; ``pooled_at`` since when nobody looks
    after it, and ``last_owner_id`` who did before; ``assigned_rule`` is the key of the assignment rule that chose the
    first owner; ``custom`` are stored values of custom fields by key, of which ``unique_values`` is what no other
    customer may have.
    """

    open_fields: ClassVar[frozenset[str]] = frozenset({"custom"})

    kind: CustomerKind
    name: str
    phone: str | None = None
    email: str | None = None
    source: str | None = None
    stage: CustomerStage = CustomerStage.LEAD
    stage_since: datetime
    priority: CustomerPriority = CustomerPriority.NORMAL
    pooled_at: datetime | None = None
    last_owner_id: str | None = None
    transfer_id: str | None = None
    assigned_rule: str | None = None
    owner_id: str | None = None
    tags: tuple[str, ...] = ()
    external_id: str | None = None
    wechat: str | None = None
    industry: str | None = None
    company_size: str | None = None
    contact_person: str | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)
    unique_values: tuple[str, ...] = ()
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    erased_at: datetime | None = None
    consents: tuple[Consent, ...] = ()
    rule_tags: tuple[RuleTag, ...] = ()
    tag_times: TagTimes = NO_TIMES
    tier: str | None = None
    tier_since: datetime | None = None
    facts: CustomerFacts = NO_FACTS
    merged_ids: tuple[str, ...] = ()
    merged_into_id: str | None = None

    @classmethod
    def create(
        cls, identifier: str, details: Mapping[str, Any], *, now: datetime, assigned_rule: str | None = None
    ) -> "Customer":
        """A new customer of the given details (attribute names to values); raises the fault of a bad value."""
        customer = cls(id=identifier, created_at=now, updated_at=now, stage_since=now, **_checked(details))
        customer.assigned_rule = assigned_rule
        customer.pooled_at = now if customer.owner_id is None else None
        if customer.tags:
            customer.tag_times = NO_TIMES.after((), customer.tags, now=now)
        customer.record(CustomerCreated(customer_id=identifier, assigned_rule=assigned_rule, after=customer.state()))
        return customer

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set what is named; None clears. Nothing happens where nothing differs.

        Raises CustomerIsErased for a personal value of a customer that was erased.
        """
        if PERSONAL & changes.keys():
            self._require_person()
        self.take_over(_checked(changes), now=now)

    def hand_to(self, owner_id: str | None, transfer_id: str, *, now: datetime) -> None:
        """Belong to another owner, or to nobody, by a transfer."""
        self.transfer_id = transfer_id
        self.update({"owner_id": owner_id}, now=now)

    def delete(self, *, now: datetime) -> None:
        """Put the customer away."""
        before = self.state()
        self.deleted_at = self.updated_at = now
        self.record(CustomerDeleted(customer_id=self.id, before=before, after=self.state()))

    def restore(self, *, now: datetime) -> None:
        """Bring the customer back; nothing happens where it was not deleted. Raises CustomerIsMerged."""
        if self.merged_into_id is not None:
            raise CustomerIsMerged("This customer was merged; undo the merge.", path=("input", "id"))
        if self.deleted_at is None:
            return
        before = self.state()
        self.deleted_at = None
        self.updated_at = now
        self.record(CustomerRestored(customer_id=self.id, before=before, after=self.state()))

    def say(
        self,
        purpose: ConsentPurpose,
        *,
        granted: bool,
        at: datetime,
        source: str,
        evidence: str | None,
        by: str,
        now: datetime,
    ) -> None:
        """The customer's newest word on a purpose. Raises ConsentSuperseded, InvalidOccurredAt, CustomerIsErased."""
        self._require_person()
        if at > now:
            raise InvalidOccurredAt("This lies in the future.", path=("input", "occurredAt"))
        before = self.state()
        known = self.consents
        self.consents = said(known, purpose, granted=granted, at=at, source=source, evidence=evidence, by=by)
        if self.consents == known:
            return
        self.updated_at = now
        event_type = CustomerConsentGranted if granted else CustomerConsentWithdrawn
        word = event_type(customer_id=self.id, purpose=purpose.value, at=at, before=before, after=self.state())
        self.record(word)

    def erase(self, request_id: str, *, now: datetime) -> None:
        """Leave nothing but an anonymous shell; nothing happens where that was done before."""
        if self.erased_at is not None:
            return
        before = self.state()
        self._leave_nothing_personal(now)
        self.record(CustomerErased(customer_id=self.id, request_id=request_id, before=before, after=self.state()))

    def purge(self, *, now: datetime) -> None:
        """Leave for good: nothing personal goes into what is told of it."""
        before = self.state()
        self._leave_nothing_personal(now)
        self.record(CustomerPurged(customer_id=self.id, before=before, after=self.state()))

    def _leave_nothing_personal(self, now: datetime) -> None:
        self.name, self.phone, self.email, self.source = ERASED_NAME, None, None, None
        if self.tag_ids:
            self.tag_times = TagTimes(changed_at=now)
        if self.tier is not None:
            self.tier_since = now
        self.tags, self.external_id, self.consents = (), None, ()
        self.rule_tags, self.tier = (), None
        self.custom, self.unique_values = {}, ()
        self.wechat, self.industry, self.company_size, self.contact_person = None, None, None, None
        self.erased_at = self.updated_at = now

    def take_over(self, values: Mapping[str, Any], *, now: datetime) -> None:
        """Set values that were checked before: those of another customer, say. Nothing happens where none differs."""
        changed = self.differing(values)
        if not changed:
            return
        before, tags = self.state(), self.tags
        self.assign(values)
        self.updated_at = now
        if "tags" in changed:
            self.tag_times = self.tag_times.after(tags, self.tags, now=now)
        if "stage" in changed:
            self.stage_since = now
        if "owner_id" in changed:
            self.pooled_at = now if self.owner_id is None else None
            self.last_owner_id = before.owner_id or self.last_owner_id
        self.record(CustomerUpdated(customer_id=self.id, changed=changed, before=before, after=self.state()))

    def merge_into(self, survivor: "Customer", merge_id: str, *, now: datetime) -> None:
        """Be the survivor from now on: put away, and found under its id."""
        before = self.state()
        self.deleted_at = self.updated_at = now
        self.merged_into_id = survivor.id
        self.record(CustomerMerged(**self._merge(survivor, merge_id), before=before, after=self.state()))

    def unmerge(self, survivor: "Customer", merge_id: str, *, now: datetime) -> None:
        """Be a customer of one's own again."""
        before = self.state()
        self.deleted_at, self.updated_at, self.merged_into_id = None, now, None
        self.record(CustomerUnmerged(**self._merge(survivor, merge_id), before=before, after=self.state()))

    def _merge(self, survivor: "Customer", merge_id: str) -> dict[str, Any]:
        return {
            "customer_id": self.id,
            "survivor_id": survivor.id,
            "survivor_owner_id": survivor.owner_id,
            "merge_id": merge_id,
        }

    @property
    def tag_ids(self) -> tuple[str, ...]:
        """The tags given by hand, then those that only rules have given."""
        return tuple(dict.fromkeys((*self.tags, *(each.tag_id for each in self.rule_tags))))

    def follow_rules(self, ruled: Mapping[str, int], merged: Mapping[str, str], *, now: datetime) -> None:
        """Have the tags that rules give now (their ids and the rules' versions), beside those given by hand.

        ``merged`` are tags that stand for others: those given by hand become what they stand for.
        """
        known = {each.tag_id: each for each in self.rule_tags}
        kept = tuple(
            known[tag_id]
            if tag_id in known and known[tag_id].rule_version == version
            else RuleTag(tag_id=tag_id, rule_version=version, since=now)
            for tag_id, version in sorted(ruled.items())
        )
        by_hand = tuple(dict.fromkeys(merged.get(tag_id, tag_id) for tag_id in self.tags))
        if self.differing({"rule_tags": kept, "tags": by_hand}):
            before = self.state()
            self.tag_times = self.tag_times.after(self.tags, by_hand, now=now)
            self.rule_tags, self.tags = kept, by_hand
            self.updated_at = now
            self.record(CustomerUpdated(customer_id=self.id, changed=("tags",), before=before, after=self.state()))

    def move_to_tier(self, tier: str | None, figures: Sequence[TierFigures], *, now: datetime) -> None:
        """Come to the tier of this key, for these figures; nothing happens where it is there."""
        if tier == self.tier:
            return
        before, left = self.state(), self.tier
        self.tier, self.tier_since, self.updated_at = tier, now, now
        self.record(
            CustomerTierChanged(
                customer_id=self.id,
                from_tier=left,
                to_tier=tier,
                order_count=self.facts.order_count,
                days_between_orders=self.facts.days_between_orders,
                figures=tuple(figures),
                before=before,
                after=self.state(),
            )
        )

    def _require_person(self) -> None:
        if self.erased_at is not None:
            raise CustomerIsErased("This customer was erased.", path=("input",))

    def state(self) -> CustomerState:
        """What others may know."""
        return CustomerState(
            kind=self.kind.value,
            stage=self.stage.value,
            priority=self.priority.value,
            owner_id=self.owner_id,
            deleted=self.deleted_at is not None,
            erased=self.erased_at is not None,
            tier=self.tier,
            merged_into_id=self.merged_into_id,
        )


def _checked(details: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _checked_value(name, value) for name, value in details.items()}


def _checked_value(name: str, value: Any) -> Any:
    if value is not None:
        return _RULES[name](value)
    if name in _REQUIRED:
        raise MissingValue(f"The {name} of a customer cannot be cleared.", path=("input", name))
    return () if name == "tags" else None
