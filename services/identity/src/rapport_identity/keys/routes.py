"""The published keys over HTTP, and for this process's own verifier."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rapport_identity.keys.service import KeyService
from rapport_shared.http.answers import error_answer, json_answer
from rapport_shared.http.tokens import FetchKeys
from rapport_shared.mongo import DatabaseError

PATH = "/.well-known/jwks.json"
MAX_AGE_SECONDS = 30


def jwks_route(keys: KeyService) -> Route:
    """``GET /.well-known/jwks.json``; 503 while the database does not answer."""

    async def jwks(_: Request) -> Response:
        try:
            answer = json_answer(200, await keys.public_keys())
        except DatabaseError:
            return error_answer(503, "UNAVAILABLE", "The keys cannot be read now; try again.")
        answer.headers["cache-control"] = f"public, max-age={MAX_AGE_SECONDS}"
        return answer

    return Route(PATH, jwks, methods=["GET"])


def own_keys(keys: KeyService) -> FetchKeys:
    """For a TokenVerifier in the process that has the keys; raises OSError as a fetch over HTTP would."""

    async def fetch() -> dict[str, Any]:
        try:
            return await keys.public_keys()
        except DatabaseError as failure:
            raise ConnectionError(type(failure).__name__) from failure

    return fetch
