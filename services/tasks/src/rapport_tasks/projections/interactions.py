"""Communications, as far as this service needs them: when each asks for a follow-up."""

from rapport_shared.mongo import Database, Projection, Session

COLLECTION = "interactions"


def interactions(database: Database, session: Session | None = None) -> Projection:
    """The known communications: ``{_id, version, follow_up_at}``; ``follow_up_at`` is None where none is wanted."""
    return Projection(database, COLLECTION, session)
