"""What every resolver has at hand."""

import time
from dataclasses import dataclass, field
from typing import Any

from rapport_shared.access import Directory
from rapport_shared.actor import Actor
from rapport_shared.audit import AuditLog
from rapport_shared.change_log import ChangeLog
from rapport_shared.errors import RequestFault, Unauthenticated
from rapport_shared.rights import FieldRights


@dataclass(kw_only=True)
class RequestContext:
    """The context of one request, or of one WebSocket; a service's own adds its use cases and loaders.

    ``caller`` is who the access token speaks for, ``refusal`` says why there is none; ``directory`` knows who that is
    now. ``from_service``: the request came with a service credential, and ``client_address`` is where its client is, as
    the service says; None where nobody who is trusted says it.
    """

    caller: Actor | None = None
    refusal: RequestFault | None = None
    directory: Directory = field(default_factory=Directory)
    connection_params: dict[str, Any] = field(default_factory=dict)
    from_service: bool = False
    client_address: str | None = None
    audit: AuditLog | None = None
    changes: ChangeLog | None = None

    @property
    def actor(self) -> Actor:
        """Who asks, with the role and team of this moment.

        Raises Unauthenticated where nobody has signed in, where the token of an open socket has expired, and where its
        user, key or session may not act any more; ServiceUnavailable where that is not known yet.
        """
        if self.caller is None:
            raise self.refusal or Unauthenticated("Sign in first.")
        if self.caller.expires_at is not None and time.time() > self.caller.expires_at:
            raise Unauthenticated("The access token has expired.")
        return self.directory.actor(self.caller)

    def refused(self) -> RequestFault | None:
        """Why nobody who may act asks; None where somebody does."""
        try:
            self.actor  # noqa: B018 - it raises
        except RequestFault as refused:
            return refused
        return None

    def fields(self, type_name: str) -> FieldRights:
        """Which fields of that type are hidden from who asks. Raises Unauthenticated."""
        return self.directory.policy.fields(self.actor, type_name)
