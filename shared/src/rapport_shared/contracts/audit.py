"""Events about the audit logs: where the chain of each service ends, for whoever keeps that outside of its database."""

from dataclasses import dataclass
from typing import Final

from rapport_shared.events import Event, event


@dataclass(frozen=True, kw_only=True)
class ChainEnd:
    """The last block of an audit log's chain: its number, which is the event's version too, and its SHA-256."""

    seq: int
    hash: str


@event("automation.audit.sealed", version=1, subject="chain")
class AutomationAuditSealed(Event):
    """The audit log of the automation service is sealed up to here."""

    chain: str
    end: ChainEnd


@event("customers.audit.sealed", version=1, subject="chain")
class CustomersAuditSealed(Event):
    """The audit log of the customers service is sealed up to here."""

    chain: str
    end: ChainEnd


@event("identity.audit.sealed", version=1, subject="chain")
class IdentityAuditSealed(Event):
    """The audit log of the identity service is sealed up to here."""

    chain: str
    end: ChainEnd


@event("interactions.audit.sealed", version=1, subject="chain")
class InteractionsAuditSealed(Event):
    """The audit log of the interactions service is sealed up to here."""

    chain: str
    end: ChainEnd


@event("tasks.audit.sealed", version=1, subject="chain")
class TasksAuditSealed(Event):
    """The audit log of the tasks service is sealed up to here."""

    chain: str
    end: ChainEnd


AuditSealed = (
    AutomationAuditSealed | CustomersAuditSealed | IdentityAuditSealed | InteractionsAuditSealed | TasksAuditSealed
)
SEALED: Final[dict[str, type[AuditSealed]]] = {
    "automation": AutomationAuditSealed,
    "customers": CustomersAuditSealed,
    "identity": IdentityAuditSealed,
    "interactions": InteractionsAuditSealed,
    "tasks": TasksAuditSealed,
}
"""The event of each service."""
