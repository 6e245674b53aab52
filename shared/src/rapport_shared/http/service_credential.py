"""Lets nobody but the gateway and other services reach a subgraph, before a byte of GraphQL is read."""

import hmac
import time
from collections.abc import Callable, Sequence
from typing import Final

import jwt
from jwt.exceptions import PyJWTError
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rapport_shared.http.answers import error_answer
from rapport_shared.settings import ServiceSettings

HEADER: Final = "service-authorization"
FROM_SERVICE: Final = "rapport.from_service"
"""Key of the ASGI scope: there and true for a request whose credential was accepted."""
ADDRESS_HEADER: Final = "client-address"
"""Where the client of a gateway is: believed of nobody but who shows a service credential."""
CODE: Final = "SERVICE_UNAUTHENTICATED"
ALGORITHM: Final = "HS256"
TOKEN_TYPE: Final = "svc+jwt"  # noqa: S105 - a type, no secret
MAX_LIFETIME_SECONDS: Final = 300
LEEWAY_SECONDS: Final = 5
_MAX_LENGTH: Final = 2048
_MAX_REMEMBERED: Final = 64


class ServiceCredentials:
    """What callers must show: ``Bearer <token>``, signed for this audience with one of the keys, or a fixed one.

    Several keys or tokens are in force at once, so that they can be changed without a break.
    """

    def __init__(
        self,
        audience: str,
        *,
        keys: Sequence[str] = (),
        tokens: Sequence[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._audience = audience
        self._keys = [key.encode() for key in keys]
        self._fixed = [token.encode() for token in tokens]
        self._clock = clock
        self._accepted: dict[str, float] = {}

    @property
    def are_required(self) -> bool:
        """Whether anything is configured; without, everyone may call."""
        return bool(self._keys or self._fixed)

    def accept(self, authorization: str | None) -> bool:
        """Whether a header's value is a credential that is in force."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > _MAX_LENGTH:
            return False
        if self._accepted.get(token, 0.0) > self._clock():
            return True
        given = token.encode("utf-8", "surrogateescape")
        return any(hmac.compare_digest(given, fixed) for fixed in self._fixed) or self._is_signed(token)

    def _is_signed(self, token: str) -> bool:
        for key in self._keys:
            try:
                until = self._expiry(token, key)
            except PyJWTError:
                continue
            if len(self._accepted) >= _MAX_REMEMBERED:
                self._accepted.clear()
            self._accepted[token] = until
            return True
        return False

    def _expiry(self, token: str, key: bytes) -> float:
        """When the token ends, leeway included. Raises PyJWTError."""
        checked = jwt.decode_complete(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=self._audience,
            options={"require": ["exp", "iat", "aud"], "strict_aud": True, "verify_exp": False, "verify_iat": False},
        )
        claims, now = checked["payload"], self._clock()
        issued, ends = claims["iat"], claims["exp"]
        if checked["header"].get("typ") != TOKEN_TYPE or not _are_numbers(issued, ends):
            raise PyJWTError("not a service token")
        if ends - issued > MAX_LIFETIME_SECONDS or issued > now + LEEWAY_SECONDS or ends + LEEWAY_SECONDS <= now:
            raise PyJWTError("not in force")
        return float(ends + LEEWAY_SECONDS)


def client_address(connection: HTTPConnection) -> str | None:
    """Where the client is, in the words of the service that calls for it; None where no service says it."""
    told = connection.headers.get(ADDRESS_HEADER) if connection.scope.get(FROM_SERVICE) else None
    return told or None


def credentials_of(settings: ServiceSettings, service: str) -> ServiceCredentials:
    """Those that the settings of a service name."""
    return ServiceCredentials(
        service, keys=settings.listed(settings.service_keys), tokens=settings.listed(settings.service_tokens)
    )


class ServicesOnly:
    """ASGI middleware for one route: 401 and nothing else for callers without a credential, over sockets too."""

    def __init__(self, app: ASGIApp, credentials: ServiceCredentials) -> None:
        self._app = app
        self._credentials = credentials

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when its credential is accepted."""
        if self._credentials.accept(Headers(scope=scope).get(HEADER)):
            scope[FROM_SERVICE] = True
            await self._app(scope, receive, send)
        else:
            # Over a socket this refuses the handshake: the route's protocols are never spoken.
            await _refusal()(scope, receive, send)


def _refusal() -> Response:
    return error_answer(401, CODE, "This address is for the gateway and services only.")


def _are_numbers(*values: object) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
