"""Who acts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in user, or the system itself acting on an event."""

    id: str
    role: str
    session_id: str | None = None


SYSTEM = Actor(id="system", role="SYSTEM")
"""Acts in event handlers: sees and changes everything."""
