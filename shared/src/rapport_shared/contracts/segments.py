"""Events of the customers service about segments and tiers."""

from dataclasses import dataclass

from rapport_shared.events import Event, event


@dataclass(frozen=True, kw_only=True)
class SegmentState:
    """Which version of its rule a segment goes by; its name and rule are fetched by id."""

    rule_version: int
    deleted: bool = False


@event("customers.segment.created", version=1, subject="segment_id")
class SegmentCreated(Event):
    """A segment exists; customers enter it from now on."""

    segment_id: str
    after: SegmentState


@event("customers.segment.updated", version=1, subject="segment_id")
class SegmentUpdated(Event):
    """A segment changed; ``changed`` names the fields. Where it is the rule, customers enter and leave."""

    segment_id: str
    changed: tuple[str, ...]
    before: SegmentState
    after: SegmentState


@event("customers.segment.deleted", version=1, subject="segment_id")
class SegmentDeleted(Event):
    """A segment is gone for good; all its customers leave it."""

    segment_id: str
    before: SegmentState
    after: SegmentState


@event("customers.segment.entered", version=1, subject="membership_id")
class SegmentEntered(Event):
    """A customer entered a segment by that version of its rule.

    The subject is the pair of both, whose versions grow, with gaps.
    """

    membership_id: str
    segment_id: str
    customer_id: str
    customer_owner_id: str | None
    rule_version: int


@event("customers.segment.left", version=1, subject="membership_id")
class SegmentLeft(Event):
    """A customer left a segment: by that version of its rule, or because either is gone."""

    membership_id: str
    segment_id: str
    customer_id: str
    customer_owner_id: str | None
    rule_version: int


@dataclass(frozen=True, kw_only=True)
class TiersState:
    """The keys of the tiers, from the highest."""

    tiers: tuple[str, ...]


@event("customers.tiers.updated", version=1, subject="tiers_id")
class TiersUpdated(Event):
    """There are other tiers, or other rules for them; customers move from now on."""

    tiers_id: str
    before: TiersState
    after: TiersState
