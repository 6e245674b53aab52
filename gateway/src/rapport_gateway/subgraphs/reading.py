"""HTTP answers of subgraphs, read with a limit and believed only where they are GraphQL."""

from __future__ import annotations

import aiohttp
import orjson

from rapport_gateway.errors import FORBIDDEN, SUBREQUEST_MALFORMED_RESPONSE, UNAUTHENTICATED
from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphFailure, read_answer

REFUSALS = {401: UNAUTHENTICATED, 403: FORBIDDEN}
_GRAPHQL_JSON = "application/graphql-response+json"


async def read_body(subgraph: str, response: aiohttp.ClientResponse, limit: int) -> bytes:
    """At most `limit` bytes, after decompression. Raises SubgraphFailure, aiohttp.ClientError."""
    length = response.content_length
    if length is not None and length <= limit and "content-encoding" not in response.headers:
        return await response.read()
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > limit:
            response.close()
            raise SubgraphFailure(f"subgraph '{subgraph}' answered with too much data", SUBREQUEST_MALFORMED_RESPONSE)
        chunks.append(chunk)
    return b"".join(chunks)


def read_response(subgraph: str, response: aiohttp.ClientResponse, body: bytes) -> SubgraphAnswer:
    """Raises SubgraphFailure.

    GraphQL errors count whatever the status is. Data with an error status counts only as
    application/graphql-response+json: anything between us and the subgraph may have made up plain JSON.
    """
    is_ok = 200 <= response.status < 300
    try:
        answer = read_answer(subgraph, orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise _refused(subgraph, response.status, " and no JSON") from error
    except ValueError as error:
        if is_ok:
            raise SubgraphFailure(str(error), SUBREQUEST_MALFORMED_RESPONSE) from error
        raise _refused(subgraph, response.status) from error
    if is_ok or answer.data is None or response.content_type == _GRAPHQL_JSON:
        return answer
    if not answer.errors:
        raise _refused(subgraph, response.status)
    return SubgraphAnswer(None, answer.errors)


def _refused(subgraph: str, status: int, what: str = "") -> SubgraphFailure:
    code = REFUSALS.get(status)
    if code is not None:
        return SubgraphFailure(f"subgraph '{subgraph}' refused the request (HTTP {status})", code)
    return SubgraphFailure(f"subgraph '{subgraph}' answered with HTTP {status}{what}", SUBREQUEST_MALFORMED_RESPONSE)
