"""Events of the customers service about how customers are handled."""

from rapport_shared.events import Event, event


@event("customers.handling.updated", version=1, subject="handling_id")
class CustomerHandlingUpdated(Event):
    """The moves between stages, the pool's rules or the assignment of new customers changed."""

    handling_id: str
    changed: tuple[str, ...]


@event("customers.pool.updated", version=1, subject="pool_id")
class CustomerPoolUpdated(Event):
    """The rules of the pool changed."""

    pool_id: str
    changed: tuple[str, ...]
