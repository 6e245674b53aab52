"""Who acts."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in user, or the system itself acting on an event.

    ``expires_at`` is when the access token that says so expires, in seconds since 1970.
    """

    id: str
    role: str
    session_id: str | None = None
    expires_at: float | None = field(default=None, compare=False)


SYSTEM = Actor(id="system", role="SYSTEM")
"""Acts in event handlers: sees and changes everything."""
