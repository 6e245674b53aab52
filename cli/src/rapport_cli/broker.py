"""RabbitMQ's management API: users, their rights, queues and bindings of one virtual host."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import quote

import aiohttp
from yarl import URL

from rapport_cli.errors import CliError, TransportError

TIMEOUT_SECONDS: Final = 30.0


class BrokerApi:
    """Use `open_broker` to get one."""

    def __init__(self, url: URL, http: aiohttp.ClientSession) -> None:
        self._root = url.with_user(None).with_path("/")
        self._vhost = quote(url.path.removeprefix("/"), safe="")
        self.vhost = url.path.removeprefix("/")
        self._http = http

    async def put_user(self, name: str, password: str) -> None:
        """A user without any tag, who may therefore not use this API; or another password for it."""
        await self._call("PUT", f"api/users/{name}", {"password": password, "tags": ""})

    async def delete_user(self, name: str) -> None:
        """The broker closes the user's connections."""
        await self._call("DELETE", f"api/users/{name}", absent_is_fine=True)

    async def allow_reading(self, user: str, queues: str) -> None:
        """The user may consume from queues whose names match this regular expression, and do nothing else."""
        await self._call(
            "PUT", f"api/permissions/{self._vhost}/{user}", {"configure": "^$", "write": "^$", "read": queues}
        )

    async def permissions(self) -> list[Mapping[str, str]]:
        """Of every user of the virtual host."""
        found: list[Mapping[str, str]] = await self._call("GET", f"api/vhosts/{self._vhost}/permissions")
        return found

    async def put_queue(self, name: str, arguments: Mapping[str, Any]) -> None:
        """A durable queue."""
        await self._call(
            "PUT", f"api/queues/{self._vhost}/{quote(name, safe='')}", {"durable": True, "arguments": dict(arguments)}
        )

    async def delete_queue(self, name: str) -> bool:
        """With what waits in it; False where there is none."""
        path = f"api/queues/{self._vhost}/{quote(name, safe='')}"
        return await self._call("DELETE", path, absent_is_fine=True) is not None

    async def bind(self, queue: str, exchange: str, pattern: str) -> None:
        """Have the exchange send what matches the pattern to the queue."""
        where = f"api/bindings/{self._vhost}/e/{exchange}/q/{quote(queue, safe='')}"
        await self._call("POST", where, {"routing_key": pattern, "arguments": {}})

    async def patterns(self, queue: str, exchange: str) -> list[str]:
        """What the queue is bound to the exchange with."""
        found = await self._call(
            "GET", f"api/queues/{self._vhost}/{quote(queue, safe='')}/bindings", absent_is_fine=True
        )
        return sorted(binding["routing_key"] for binding in found or () if binding["source"] == exchange)

    async def _call(self, method: str, path: str, body: Any = None, *, absent_is_fine: bool = False) -> Any:
        url = URL(f"{self._root}{path}", encoded=True)
        try:
            async with self._http.request(method, url, json=body) as answer:
                if answer.status == 404 and absent_is_fine:
                    return None
                if answer.status >= 400:
                    raise CliError(
                        f"The broker's API answered {answer.status} to {method} /{path}.", code="BROKER_REFUSED"
                    )
                return await answer.json() if answer.status == 200 else ""
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TransportError(f"The broker's API does not answer: {type(error).__name__}") from error


@asynccontextmanager
async def open_broker(url: str) -> AsyncIterator[BrokerApi]:
    """The API at `http://user:password@host:15672/vhost`."""
    at = URL(url)
    login = aiohttp.BasicAuth(at.user or "", at.password or "")
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(auth=login, timeout=timeout) as http:
        yield BrokerApi(at, http)
