"""Events of the customers service about a customer's needs."""

from dataclasses import dataclass

from rapport_shared.events import Event, event


@dataclass(frozen=True, kw_only=True)
class NeedState:
    """What kind of need it is, what came of it, and what decides who may see it."""

    customer_id: str
    customer_owner_id: str | None
    kind: str
    status: str
    deleted: bool = False


@event("customers.need.created", version=1, subject="need_id")
class NeedCreated(Event):
    """A customer needs something."""

    need_id: str
    after: NeedState


@event("customers.need.updated", version=1, subject="need_id")
class NeedUpdated(Event):
    """A need changed; ``changed`` names the fields; its text is fetched by id."""

    need_id: str
    changed: tuple[str, ...]
    before: NeedState
    after: NeedState


@event("customers.need.deleted", version=1, subject="need_id")
class NeedDeleted(Event):
    """A need was put away; it can be restored."""

    need_id: str
    before: NeedState
    after: NeedState


@event("customers.need.restored", version=1, subject="need_id")
class NeedRestored(Event):
    """A deleted need is back."""

    need_id: str
    before: NeedState
    after: NeedState
