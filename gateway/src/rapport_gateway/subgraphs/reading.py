"""HTTP answers of subgraphs, believed only where they are GraphQL."""

from __future__ import annotations

import orjson

from rapport_gateway.errors import FORBIDDEN, SUBREQUEST_MALFORMED_RESPONSE, UNAUTHENTICATED
from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphFailure, read_answer

REFUSALS = {401: UNAUTHENTICATED, 403: FORBIDDEN}
_GRAPHQL_JSON = "application/graphql-response+json"


def read_response(subgraph: str, status: int, media_type: str, body: bytes) -> SubgraphAnswer:
    """Raises SubgraphFailure.

    GraphQL errors count whatever the status is. Data with an error status counts only as
    application/graphql-response+json: anything between us and the subgraph may have made up plain JSON.
    """
    is_ok = 200 <= status < 300
    try:
        answer = read_answer(subgraph, orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise _refused(subgraph, status, " and no JSON") from error
    except ValueError as error:
        if is_ok:
            raise SubgraphFailure(str(error), SUBREQUEST_MALFORMED_RESPONSE) from error
        raise _refused(subgraph, status) from error
    if is_ok or answer.data is None or media_type == _GRAPHQL_JSON:
        return answer
    if not answer.errors:
        raise _refused(subgraph, status)
    return SubgraphAnswer(None, answer.errors)


def _refused(subgraph: str, status: int, what: str = "") -> SubgraphFailure:
    code = REFUSALS.get(status)
    if code is not None:
        return SubgraphFailure(f"subgraph '{subgraph}' refused the request (HTTP {status})", code)
    return SubgraphFailure(f"subgraph '{subgraph}' answered with HTTP {status}{what}", SUBREQUEST_MALFORMED_RESPONSE)
