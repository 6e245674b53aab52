"""Integrators: users of the broker that read a queue of their own, each tied to an API key."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rapport_cli.broker import BrokerApi
from rapport_cli.client import Json
from rapport_cli.errors import CliError
from rapport_cli.session import Session

EXCHANGE: Final = "rapport.events"
PREFIX: Final = "integrator."
KEY_PREFIX: Final = "key_"
# A queue that nobody empties must not hold up anybody else: its oldest events go, as they go from the log.
QUEUE: Final = {
    "x-queue-type": "quorum",
    "x-message-ttl": 7 * 24 * 3600 * 1000,
    "x-max-length-bytes": 1_000_000_000,
    "x-overflow": "drop-head",
}
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_PATTERN: Final = re.compile(r"(?:[a-z0-9_*]+|#)(?:\.(?:[a-z0-9_*]+|#))*")
_KEY: Final = "apiKey { id version } key userErrors { code message }"
CREATE: Final = f"mutation Create($input: CreateApiKeyInput!) {{ payload: createApiKey(input: $input) {{ {_KEY} }} }}"
ROTATE: Final = f"mutation Rotate($input: RotateApiKeyInput!) {{ payload: rotateApiKey(input: $input) {{ {_KEY} }} }}"
REVOKE: Final = """mutation Revoke($input: RevokeApiKeyInput!) {
  payload: revokeApiKey(input: $input) { userErrors { code message } }
}"""


@dataclass(frozen=True, slots=True)
class Integrator:
    """`user` is the id of the API key; `password`, where it is new, the whole key."""

    name: str
    user: str
    events: tuple[str, ...] = ()
    password: str | None = None

    @property
    def queue(self) -> str:
        """The queue of its own."""
        return f"{PREFIX}{self.name}"


class Integrators:
    """Adds, lists, changes and removes them."""

    def __init__(self, session: Session, broker: BrokerApi) -> None:
        self._session = session
        self._broker = broker

    async def add(self, name: str, events: Sequence[str]) -> Integrator:
        """A new one, with an API key that never ends by itself."""
        _check(name, events)
        if any(known.name == name for known in await self._known()):
            raise CliError(f"There is an integrator {name} already.", code="INTEGRATOR_EXISTS")
        made = await self._key(CREATE, {"name": f"Integrator {name}", "expiresAt": None})
        integrator = Integrator(name, made["apiKey"]["id"], tuple(events), made["key"])
        try:
            await self._broker.put_queue(integrator.queue, QUEUE)
            for pattern in events:
                await self._broker.bind(integrator.queue, EXCHANGE, pattern)
            await self._broker.put_user(integrator.user, str(integrator.password))
            await self._broker.allow_reading(integrator.user, _reads(name))
        except CliError:
            await self._key(REVOKE, {"id": integrator.user})
            raise
        return integrator

    async def all(self) -> list[Integrator]:
        """Every integrator, with the events that its queue gets."""
        return [
            Integrator(known.name, known.user, tuple(await self._broker.patterns(known.queue, EXCHANGE)))
            for known in await self._known()
        ]

    async def rotate(self, name: str) -> Integrator:
        """Another password at once; connections that are open stay so."""
        user = (await self._find(name)).user
        made = await self._key(ROTATE, {"id": user, "overlapHours": 0})
        await self._broker.put_user(user, made["key"])
        return Integrator(name, user, password=made["key"])

    async def remove(self, name: str) -> None:
        """Revoke its key, and take its user and its queue away, with what waits there.

        Where the key was revoked before, its user is gone, and the queue is left.
        """
        known = [integrator for integrator in await self._known() if integrator.name == name]
        for integrator in known:
            await self._key(REVOKE, {"id": integrator.user})
            await self._broker.delete_user(integrator.user)
        if not await self._broker.delete_queue(f"{PREFIX}{name}") and not known:
            raise CliError(f"There is no integrator {name}.", code="NOT_FOUND")

    async def _known(self) -> list[Integrator]:
        known = []
        for given in await self._broker.permissions():
            read = re.sub(r"\\(.)", r"\1", given["read"])
            if given["user"].startswith(KEY_PREFIX) and read.startswith(f"^{PREFIX}"):
                known.append(Integrator(read.removeprefix(f"^{PREFIX}").removesuffix("$"), given["user"]))
        return sorted(known, key=lambda integrator: integrator.name)

    async def _find(self, name: str) -> Integrator:
        for integrator in await self._known():
            if integrator.name == name:
                return integrator
        raise CliError(f"There is no integrator {name}.", code="NOT_FOUND")

    async def _key(self, document: str, given: Json) -> Json:
        payload: Json = (await self._session.execute(document, {"input": given}))["payload"]
        for error in payload["userErrors"]:
            raise CliError(error["message"], code=error["code"])
        return payload


def _reads(name: str) -> str:
    return f"^{re.escape(f'{PREFIX}{name}')}$"


def _check(name: str, events: Sequence[str]) -> None:
    if not _NAME.fullmatch(name):
        raise CliError("A name has 1 to 63 characters: a-z, 0-9, dot, dash, underscore.", code="BAD_NAME")
    for pattern in events:
        if not _PATTERN.fullmatch(pattern):
            raise CliError(f"{pattern} is no pattern of routing keys.", code="BAD_EVENTS")
