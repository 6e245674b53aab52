"""What is said to caches of an answer."""

from __future__ import annotations

from hashlib import blake2b

from rapport_gateway.planning.cache_policy import CachePolicy
from rapport_gateway.server.exchange import Exchange

_NO_STORE = "no-store"


def tell_caches(exchange: Exchange, body: bytes, *, failed: bool) -> bool:
    """Adds what is to be said to the headers of the answer. True when the client has this very answer already.

    Caches keep answers to GET only, so of others nothing is said unless they may be kept.
    """
    policy = None if failed else exchange.policy
    if exchange.read_only or policy is not None:
        exchange.extra["cache-control"] = cache_control(policy)
    if not exchange.read_only or failed:
        return False
    exchange.vary_by("accept")
    tag = exchange.extra["etag"] = entity_tag(body)
    return is_known(tag, exchange.headers.get("if-none-match"))


def cache_control(policy: CachePolicy | None) -> str:
    if policy is None:
        return _NO_STORE
    return f"max-age={policy.max_age}, {'private' if policy.private else 'public'}"


def entity_tag(body: bytes) -> str:
    """Equal for equal answers, whatever they are compressed with."""
    return f'W/"{blake2b(body, digest_size=16).hexdigest()}"'


def is_known(entity: str, if_none_match: str | None) -> bool:
    """Whether the client says that it has this answer."""
    known = [item.strip() for item in (if_none_match or "").split(",")]
    return "*" in known or entity in known or entity.removeprefix("W/") in known
