"""Staff users, as far as this service needs them: who can be given a task."""

from rapport_shared.contracts.identity import UserCreated, UserState, UserUpdated
from rapport_shared.events import Envelope
from rapport_shared.mongo import Database, Projection, Session

COLLECTION = "users"


def users(database: Database, session: Session | None = None) -> Projection:
    """The known users: ``{_id, version, role, active}``."""
    return Projection(database, COLLECTION, session)


async def keep_user(known: Projection, event: UserCreated | UserUpdated, envelope: Envelope) -> None:
    """Take over the state that the event tells of."""
    state: UserState = event.after
    await known.apply(event.user_id, envelope.version, {"role": state.role, "active": state.active})
