"""Fetches the issuer's published keys."""

from typing import Any

import aiohttp

TIMEOUT = aiohttp.ClientTimeout(total=3)


async def fetch_json(url: str) -> dict[str, Any]:
    """The JSON object at ``url``. Raises OSError, TimeoutError or ValueError where there is none."""
    try:
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session, session.get(url) as response:
            response.raise_for_status()
            document = await response.json()
    except aiohttp.ClientError as failure:
        raise ConnectionError(type(failure).__name__) from failure
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    return document
