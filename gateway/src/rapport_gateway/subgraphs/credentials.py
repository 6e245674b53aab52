"""How the gateway shows subgraphs who it is: a short-lived token, or a fixed one, in a header of its own."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable, Mapping

import orjson

from rapport_gateway.subgraphs.origin import encoded_headers

HEADER = "service-authorization"
LIFETIME_SECONDS = 60
_RENEW_BEFORE_SECONDS = 20
_TOKEN_HEADER = {"alg": "HS256", "typ": "svc+jwt"}


class ServiceCredentials:
    """Tokens by subgraph: JWTs (HS256) with the subgraph's name as audience, made when the last one is near its end.

    `keys` and `tokens` are by subgraph, or for all others under `*`; a fixed token goes before a key.
    """

    def __init__(
        self,
        keys: Mapping[str, str] | None = None,
        tokens: Mapping[str, str] | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = dict(keys or {})
        self._tokens = dict(tokens or {})
        self._clock = clock
        self._current: dict[str, tuple[float, bytes]] = {}

    def line(self, subgraph: str) -> bytes:
        """The header's whole line, ready to be sent; empty where no credential is configured."""
        renew_at, line = self._current.get(subgraph, (0.0, b""))
        now = self._clock()
        if now < renew_at:
            return line
        line = encoded_headers(self._made(subgraph, now))
        self._current[subgraph] = (now + LIFETIME_SECONDS - _RENEW_BEFORE_SECONDS, line)
        return line

    def headers(self, subgraph: str) -> dict[str, str]:
        """The same by name, for clients that want it so."""
        name, _, value = self.line(subgraph).decode().rstrip().partition(": ")
        return {name: value} if name else {}

    def _made(self, subgraph: str, now: float) -> dict[str, str]:
        token = self._tokens.get(subgraph) or self._tokens.get("*")
        key = self._keys.get(subgraph) or self._keys.get("*")
        if token is None and key is not None:
            token = signed({"aud": subgraph, "iat": int(now), "exp": int(now) + LIFETIME_SECONDS}, key)
        return {} if token is None else {HEADER: f"Bearer {token}"}


def signed(claims: Mapping[str, object], key: str) -> str:
    """A JWT (HS256). `cryptography` would add 10 MB to the process for these lines."""
    content = b".".join(_encoded(orjson.dumps(part)) for part in (_TOKEN_HEADER, claims))
    return (content + b"." + _encoded(hmac.digest(key.encode(), content, "sha256"))).decode()


def _encoded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
