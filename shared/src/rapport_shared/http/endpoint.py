"""The GraphQL endpoint of a subgraph: POST and graphql-transport-ws."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
from cross_web import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.schema import BaseSchema
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from rapport_shared.access import Directory
from rapport_shared.actor import Actor
from rapport_shared.errors import RequestFault, ServiceUnavailable
from rapport_shared.graphql.context import RequestContext
from rapport_shared.http.answers import error_answer
from rapport_shared.http.service_credential import FROM_SERVICE, client_address
from rapport_shared.http.tokens import TokenVerifier
from rapport_shared.ids import new_event_id
from rapport_shared.mongo import DatabaseError
from rapport_shared.tracing import Trace, traced

CODES = {400: "BAD_REQUEST", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 415: "UNSUPPORTED_MEDIA_TYPE"}
SUBSCRIPTIONS_PER_SOCKET = 2000  # the gateway's sockets carry many clients' subscriptions

MakeContext = Callable[[Actor | None], RequestContext]


class GraphQLEndpoint(GraphQL[RequestContext, None]):
    """Answers GraphQL for callers with a valid access token; what is public without one, the schema knows."""

    def __init__(
        self, schema: BaseSchema, *, verifier: TokenVerifier, directory: Directory, make_context: MakeContext
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            allow_queries_via_get=False,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=timedelta(seconds=10),
            max_subscriptions_per_connection=SUBSCRIPTIONS_PER_SOCKET,
        )
        self._verifier = verifier
        self._directory = directory
        self._make_context = make_context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket; whatever refuses it answers in GraphQL's own form."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        headers = Request(scope).headers
        trace = Trace(headers.get("x-request-id") or new_event_id(), traceparent=headers.get("traceparent"))
        with traced(trace):
            response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        try:
            return await self.run(request)
        except HTTPException as refused:
            code = CODES.get(refused.status_code, "BAD_REQUEST")
            return error_answer(refused.status_code, code, refused.reason or "The request is not valid.")

    async def get_context(self, request: Request | WebSocket, response: Any) -> RequestContext:
        """Who calls: by the header over HTTP; over a socket the connection_init payload will say."""
        context = self._make_context(None)
        context.directory = self._directory
        context.from_service = request.scope.get(FROM_SERVICE, False)
        context.client_address = client_address(request)
        if isinstance(request, Request):
            await self._identify(context, request.headers.get("authorization"))
        return context

    async def on_ws_connect(self, context: RequestContext) -> Any:
        """Note who the socket speaks for; without a valid token its operations are refused, as over HTTP."""
        authorization = context.connection_params.get("authorization")
        await self._identify(context, authorization if isinstance(authorization, str) else None)
        return await super().on_ws_connect(context)

    async def _identify(self, context: RequestContext, authorization: str | None) -> None:
        """A token that is not valid is as good as none: what needs no token, such as renewing one, still answers."""
        try:
            caller = await self._verifier.actor(authorization)
            await self._directory.loaded()
            context.caller = caller
        except RequestFault as refused:
            context.refusal = refused
        except DatabaseError:
            context.refusal = ServiceUnavailable("Nobody's rights are known yet: try again.")

    def decode_json(self, data: str | bytes) -> object:
        """Read with orjson."""
        return orjson.loads(data)

    def encode_json(self, data: object) -> str | bytes:
        """Write with orjson; text, for it also goes into WebSocket text frames."""
        return orjson.dumps(data).decode()
