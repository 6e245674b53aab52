"""``POST /policies``: which policies of the SDL a caller satisfies, for a gateway that refuses early.

A role that changes would be wrong in an access token until that ends, so the gateway asks here instead.
"""

from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rapport_shared.access import Directory
from rapport_shared.actor import Actor
from rapport_shared.errors import Unauthenticated
from rapport_shared.graphql.doors import policy_of
from rapport_shared.http.answers import error_answer, json_answer
from rapport_shared.http.tokens import TokenVerifier
from rapport_shared.mongo import DatabaseError
from rapport_shared.rights import Policy, Reach

PATH: Final = "/policies"
MAX_NAMES: Final = 200


def policies_route(verifier: TokenVerifier, directory: Directory) -> Route:
    """``{"policies": ["Role:UPDATE", …]}`` with a bearer token, answered with ``{"policies": {name: boolean}}``.

    Whoever has no token that is valid satisfies none; a name that is no policy is satisfied by nobody.
    """

    async def decide(request: Request) -> Response:
        names = _names(await request.body())
        if names is None:
            return error_answer(400, "BAD_REQUEST", f"Send policies: up to {MAX_NAMES} names.")
        try:
            caller = await verifier.actor(request.headers.get("authorization"))
            await directory.loaded()
            actor = None if caller is None else directory.actor(caller)
        except Unauthenticated:
            actor = None
        except DatabaseError:
            return error_answer(503, "UNAVAILABLE", "Nobody's rights are known yet; try again.")
        return json_answer(200, {"policies": {name: _satisfies(directory.policy, actor, name) for name in names}})

    return Route(PATH, decide, methods=["POST"])


def _names(body: bytes) -> list[str] | None:
    try:
        given = orjson.loads(body)
    except ValueError:
        return None
    names = given.get("policies") if isinstance(given, dict) else None
    if not isinstance(names, list) or len(names) > MAX_NAMES or not all(isinstance(name, str) for name in names):
        return None
    return names


def _satisfies(policy: Policy, actor: Actor | None, name: str) -> bool:
    asked = policy_of(name)
    if actor is None or asked is None:
        return False
    type_name, verb = asked
    return policy.reach(actor, verb, type_name) is not Reach.NONE
