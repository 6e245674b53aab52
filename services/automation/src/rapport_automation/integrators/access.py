"""What integrators may do at the broker: each is a user of RabbitMQ whose name is the id of an API key."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiohttp
from yarl import URL

from rapport_automation.work import AutomationWork
from rapport_shared.contracts.identity import ApiKeyRevoked
from rapport_shared.delivery import Handlers
from rapport_shared.events import Envelope

TIMEOUT_SECONDS: Final = 10.0
_GONE: Final = frozenset({204, 404})


class BrokerRefused(Exception):
    """RabbitMQ's management API did not do it."""


class BrokerUsers:
    """Users of the broker, at its management API: ``api_url`` is ``http://user:password@host:15672/vhost``."""

    def __init__(self, api_url: str) -> None:
        self._api = URL(api_url)

    async def remove(self, name: str) -> None:
        """The user is not there any more; the broker closes its connections. Raises BrokerRefused, OSError."""
        login = aiohttp.BasicAuth(self._api.user or "", self._api.password or "")
        user = self._api.with_user(None).with_path("/api/users") / name
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(auth=login, timeout=timeout) as http, http.delete(user) as answer:
            if answer.status not in _GONE:
                raise BrokerRefused(f"status {answer.status}")


def withdrawing(handlers: Handlers[AutomationWork], users: BrokerUsers) -> Handlers[AutomationWork]:
    """The same handlers; a revoked API key takes its user at the broker away besides."""
    handle: Callable[[Any, Envelope, AutomationWork], Awaitable[None]] = handlers[ApiKeyRevoked]

    async def withdraw(event: ApiKeyRevoked, envelope: Envelope, work: AutomationWork) -> None:
        await users.remove(event.key_id)
        await handle(event, envelope, work)

    return {**handlers, ApiKeyRevoked: withdraw}
