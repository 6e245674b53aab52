"""Running subgraphs tell their schemas: `{ _service { sdl } }`, asked with the gateway's own credential."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from rapport_gateway.errors import SUBREQUEST_MALFORMED_RESPONSE
from rapport_gateway.subgraphs.client import SubgraphFailure, SubgraphRequest
from rapport_gateway.subgraphs.credentials import ServiceCredentials
from rapport_gateway.subgraphs.http import HttpTransport, Timeouts
from rapport_gateway.supergraph.composition import SubgraphSource

_QUESTION = "{ _service { sdl } }"
_MAX_BYTES = 16 * 1024 * 1024


async def running_sources(urls: Mapping[str, str], credentials: ServiceCredentials) -> list[SubgraphSource]:
    """The SDL of every subgraph, asked at the same time; `urls` are by name. Raises SubgraphFailure."""
    transport = HttpTransport(urls, timeouts=Timeouts(), max_answer_bytes=_MAX_BYTES, credentials=credentials)
    try:
        return list(await asyncio.gather(*(_source(transport, name, url) for name, url in urls.items())))
    finally:
        transport.close()


async def _source(transport: HttpTransport, name: str, url: str) -> SubgraphSource:
    answer = await transport.execute(SubgraphRequest(name, "query", _QUESTION, {}, {}))
    service = (answer.data or {}).get("_service")
    sdl = service.get("sdl") if isinstance(service, dict) else None
    if not isinstance(sdl, str):
        reasons = ", ".join(str(item.get("message")) for item in answer.errors)
        reason = f"does not tell its SDL{f': {reasons}' if reasons else ''}"
        raise SubgraphFailure(f"subgraph '{name}' {reason}", SUBREQUEST_MALFORMED_RESPONSE)
    return SubgraphSource(name, url, sdl)
