"""What of an event its webhook's owner may know, by the owner's own rights at the time of sending."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from rapport_shared.actor import Actor
from rapport_shared.events import Event
from rapport_shared.rights import Policy, Reach, Verb, schema_name

_TYPES: Final = {
    "automation.webhook": "Webhook",
    "customers.contact": "Contact",
    "customers.customer": "Customer",
    "customers.deal": "Deal",
    "customers.order": "Order",
    "customers.pipeline": "Pipeline",
    "customers.product": "Product",
    "identity.team": "Team",
    "identity.user": "User",
    "interactions.interaction": "Interaction",
    "tasks.task": "Task",
}
_EVERYTHING_ELSE: Final = "AuditEntry"
"""Events about nothing in the table are for those who may read the audit log."""


@dataclass(frozen=True, slots=True)
class _Record:
    """The record that an event tells of, as rights look at it: an owner field that the event lacks is nobody's."""

    id: str
    state: object

    def __getattr__(self, name: str) -> Any:
        return getattr(self.state, name, None)


def type_of(routing_key: str) -> str:
    """The type that an event is about; ``customers.deal.updated.v1`` is about a Deal."""
    return _TYPES.get(".".join(routing_key.split(".")[:2]), _EVERYTHING_ELSE)


def may_know(policy: Policy, owner: Actor, event: Event) -> bool:
    """Whether the owner may read the record as it is after the event."""
    scope = policy.scope(owner, Verb.READ, type_of(event.routing_key))
    if scope.reach in {Reach.ALL, Reach.NONE}:
        return scope.reach is Reach.ALL
    state = getattr(event, "after", None)
    return state is not None and scope.admits(_Record(event.subject, state))


def masked(body: bytes, hidden: frozenset[str]) -> bytes:
    """The CloudEvent without the values and the names of hidden fields."""
    if not hidden:
        return body
    message = orjson.loads(body)
    data = message["data"]
    for state in (data.get("before"), data.get("after")):
        for name in hidden & (state or {}).keys():
            state[name] = None
    if "changed" in data:
        data["changed"] = [name for name in data["changed"] if schema_name(name) not in hidden]
    return orjson.dumps(message)
