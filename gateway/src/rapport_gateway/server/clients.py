"""Who a client is, as far as what it may do at once is concerned: its credentials, and the address that it comes from.

Credentials are not verified here, so whoever makes some up for each request still meets the limits of its address.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from math import ceil

from rapport_gateway.errors import OVERLOADED, TOO_MANY_REQUESTS, RequestRefused, error
from rapport_gateway.server.buckets import Buckets, Full, Places
from rapport_gateway.server.replies import Scope
from rapport_gateway.settings import Settings

_NOBODY = ""
_address: ContextVar[str] = ContextVar("rapport_gateway_client_address", default=_NOBODY)
_RETRY_SECONDS = 1


class ClientLimits:
    """What one client may do; each limit that is 0 does not exist."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._hops = settings.forwarded_hops
        self._by_client = _buckets(settings.rate_limit, settings.rate_burst, clock)
        self._by_address = _buckets(settings.address_rate_limit, settings.address_rate_burst, clock)
        self._operations = _places(settings.max_client_operations)
        self._subscriptions = _places(settings.max_client_subscriptions)
        self._sockets = _places(settings.max_client_sockets)
        self._all = _places(settings.max_operations)

    @contextmanager
    def coming_from(self, scope: Scope) -> Iterator[None]:
        """Everything inside comes from the address of this request or socket."""
        token = _address.set(client_address(scope, self._hops))
        try:
            yield
        finally:
            _address.reset(token)

    @property
    def address(self) -> str:
        """See `coming_from`; empty outside of it."""
        return _address.get()

    def charge(self, headers: Mapping[str, str]) -> None:
        """One operation more. Raises RequestRefused."""
        for buckets, key in ((self._by_address, _address.get()), (self._by_client, _client(headers))):
            seconds = buckets.take(key) if buckets is not None else 0.0
            if seconds:
                raise _too_many("Too many operations in too little time.", ceil(seconds))

    @contextmanager
    def running(self, headers: Mapping[str, str]) -> Iterator[None]:
        """A query or mutation runs. Raises RequestRefused."""
        with _held(self._all, None, _overloaded), _held(self._operations, _client(headers), _too_many_at_once):
            yield

    @contextmanager
    def subscribed(self, headers: Mapping[str, str]) -> Iterator[None]:
        """A subscription is open. Raises RequestRefused."""
        with _held(self._subscriptions, _client(headers), _too_many_at_once):
            yield

    @contextmanager
    def connected(self) -> Iterator[None]:
        """A socket is open; these are counted by address, for who it is comes later. Raises RequestRefused."""
        with _held(self._sockets, _address.get(), _too_many_at_once):
            yield


def client_limits(settings: Settings) -> ClientLimits | None:
    """None where nothing is limited."""
    limits = (
        settings.rate_limit,
        settings.address_rate_limit,
        settings.max_client_operations,
        settings.max_client_subscriptions,
        settings.max_client_sockets,
        settings.max_operations,
    )
    return ClientLimits(settings) if any(limits) else None


def _client(headers: Mapping[str, str]) -> Hashable:
    """A number that stands for the credentials, so that none are kept; the address where there are none."""
    authorization = headers.get("authorization")
    return hash(authorization) if authorization else _address.get()


def client_address(scope: Scope, hops: int) -> str:
    """Of the peer, or what so many proxies before us say; of IPv6 the network that one subscriber has."""
    peer = (scope.get("client") or ("",))[0]
    if not hops:
        return _network(peer)
    named = [value for name, value in scope["headers"] if name.lower() == b"x-forwarded-for"]
    chain = [part.strip() for part in b",".join(named).decode("latin-1").split(",") if part.strip()]
    return _network([*chain, peer][-(hops + 1) :][0])


@lru_cache(maxsize=4096)
def _network(text: str) -> str:
    """An address; of IPv6 the network that one subscriber has."""
    try:
        address = ip_address(text.removeprefix("[").partition("]")[0] if text.startswith("[") else text)
    except ValueError:
        return text[:64]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return address.exploded[:19]
    return str(address)


@contextmanager
def _held(places: Places | None, key: Hashable, refusal: Callable[[], RequestRefused]) -> Iterator[None]:
    if places is None:
        yield
        return
    place = places.taken(key)
    try:
        place.__enter__()
    except Full:
        raise refusal() from None
    try:
        yield
    finally:
        place.__exit__(None, None, None)


def _too_many(message: str, seconds: int) -> RequestRefused:
    told = error(message, TOO_MANY_REQUESTS, extra={"retryAfter": seconds})
    return RequestRefused([told], 429, headers={"retry-after": str(seconds)})


def _too_many_at_once() -> RequestRefused:
    return _too_many("Too many operations at the same time.", _RETRY_SECONDS)


def _overloaded() -> RequestRefused:
    told = error("The server has too much to do; try again.", OVERLOADED, extra={"retryAfter": _RETRY_SECONDS})
    return RequestRefused([told], 503, headers={"retry-after": str(_RETRY_SECONDS)})


def _buckets(rate: float, burst: int, clock: Callable[[], float]) -> Buckets | None:
    return Buckets(rate, max(burst, 1), clock=clock) if rate else None


def _places(limit: int) -> Places | None:
    return Places(limit) if limit else None
