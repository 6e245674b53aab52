"""What every resolver has at hand."""

import time
from dataclasses import dataclass, field
from typing import Any

from rapport_shared.actor import Actor
from rapport_shared.audit import AuditLog
from rapport_shared.errors import Unauthenticated


@dataclass(kw_only=True)
class RequestContext:
    """The context of one request, or of one WebSocket; a service's own adds its use cases and loaders.

    ``refusal`` says why there is no ``caller``. ``from_service``: the request came with a service credential.
    """

    caller: Actor | None = None
    refusal: str = "Sign in first."
    connection_params: dict[str, Any] = field(default_factory=dict)
    from_service: bool = False
    audit: AuditLog | None = None

    @property
    def actor(self) -> Actor:
        """Who asks; raises Unauthenticated where nobody has signed in, or the token of an open socket has expired."""
        if self.caller is None:
            raise Unauthenticated(self.refusal)
        if self.caller.expires_at is not None and time.time() > self.caller.expires_at:
            raise Unauthenticated("The access token has expired.")
        return self.caller
