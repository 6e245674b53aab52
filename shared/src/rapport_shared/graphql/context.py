"""What every resolver has at hand."""

from dataclasses import dataclass, field
from typing import Any

from rapport_shared.actor import Actor
from rapport_shared.errors import Unauthenticated


@dataclass(kw_only=True)
class RequestContext:
    """The context of one request, or of one WebSocket; a service's own adds its use cases and loaders.

    ``refusal`` says why there is no ``caller``.
    """

    caller: Actor | None = None
    refusal: str = "Sign in first."
    connection_params: dict[str, Any] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        """Who asks; raises Unauthenticated where nobody has signed in."""
        if self.caller is None:
            raise Unauthenticated(self.refusal)
        return self.caller
