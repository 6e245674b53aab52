"""What a bearer token says of itself. Nothing here is believed in a client's favour: subgraphs verify tokens."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from binascii import Error

import orjson

EXPIRED = "The access token has expired"
_MAX_SECONDS = 10_000_000


def seconds_left(authorization: str | None, *, now: float) -> float | None:
    """Until a bearer token expires, 0 or less when it has; None when it is no JWT or does not say, or not for months.

    `now` is in seconds since 1970.
    """
    expires = _expiry(authorization)
    return None if expires is None or expires - now > _MAX_SECONDS else expires - now


def _expiry(authorization: str | None) -> float | None:
    scheme, _, token = (authorization or "").partition(" ")
    parts = token.strip().split(".")
    if scheme.lower() != "bearer" or len(parts) != 3:
        return None
    try:
        claims = orjson.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, Error):
        return None
    value = claims.get("exp") if isinstance(claims, dict) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
