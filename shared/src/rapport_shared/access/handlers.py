"""Identity's events, as every service handles them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final, Protocol, TypeAlias

from rapport_shared.access.records import AccessRecords, Kind
from rapport_shared.contracts.identity import (
    ApiKeyCreated,
    ApiKeyRevoked,
    ApiKeyUpdated,
    RoleCreated,
    RoleDeleted,
    RoleUpdated,
    SessionEnded,
    TeamCreated,
    TeamDeleted,
    TeamUpdated,
    UserCreated,
    UserUpdated,
)
from rapport_shared.events import Envelope, Event
from rapport_shared.mongo import Database, Session

# Longer than any access token of the session can live.
_REMEMBER_ENDED: Final = timedelta(hours=2)


class InTransaction(Protocol):
    """The part of a unit of work that is needed here."""

    database: Database
    session: Session


StateEvent: TypeAlias = (
    UserCreated
    | UserUpdated
    | RoleCreated
    | RoleUpdated
    | RoleDeleted
    | TeamCreated
    | TeamUpdated
    | TeamDeleted
    | ApiKeyCreated
    | ApiKeyUpdated
    | ApiKeyRevoked
)
_KINDS: Final[Mapping[Kind, tuple[type[Event], ...]]] = {
    Kind.USER: (UserCreated, UserUpdated),
    Kind.ROLE: (RoleCreated, RoleUpdated, RoleDeleted),
    Kind.TEAM: (TeamCreated, TeamUpdated, TeamDeleted),
    Kind.KEY: (ApiKeyCreated, ApiKeyUpdated, ApiKeyRevoked),
}
Handler: TypeAlias = Callable[[Any, Envelope, InTransaction], Awaitable[None]]


def _keeps(kind: Kind) -> Handler:
    async def keep(event: StateEvent, envelope: Envelope, work: InTransaction) -> None:
        """Take over the state that the event tells of."""
        known = AccessRecords(work.database, work.session)
        await known.keep(event.subject, envelope.version, kind, asdict(event.after))

    return keep


async def on_session_ended(event: SessionEnded, envelope: Envelope, work: InTransaction) -> None:
    """The session's access tokens count no more."""
    known = AccessRecords(work.database, work.session)
    values = {"user_id": event.user_id}
    expire_at = envelope.time + _REMEMBER_ENDED
    await known.keep(event.session_id, envelope.version, Kind.SESSION, values, expire_at=expire_at)


ACCESS_HANDLERS: Final[dict[type[Event], Handler]] = {
    **{event_type: _keeps(kind) for kind, event_types in _KINDS.items() for event_type in event_types},
    SessionEnded: on_session_ended,
}
"""Part of the ``HANDLERS`` of every service."""
