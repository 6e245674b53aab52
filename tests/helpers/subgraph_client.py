"""Calls a subgraph's ASGI app in this process, signed in with tokens of a test key."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from starlette.types import ASGIApp, Message

from rapport_shared.actor import Actor

KEY_ID = "test-key"


@dataclass(frozen=True)
class TestIssuer:
    """Signs access tokens as identity does."""

    __test__ = False
    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))

    async def key_set(self) -> dict[str, Any]:
        """The public key as a JWKS."""
        public = jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": KEY_ID, "alg": "ES256", "use": "sig"}]}

    def token(self, actor: Actor, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """An access token; `claims` and `header` overwrite, None leaves a claim out."""
        now = int(time.time())
        usual = {
            "iss": "rapport",
            "aud": "rapport",
            "sub": actor.id,
            "role": actor.role,
            "sid": actor.session_id or "ses_test",
            "iat": now,
            "exp": now + 600,
        }
        payload = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return jwt.encode(payload, self.key, "ES256", headers={"typ": "at+jwt", "kid": KEY_ID, **(header or {})})


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def data(self) -> Any:
        """The data of an answer without errors."""
        assert "errors" not in self.body, self.body
        return self.body["data"]

    @property
    def codes(self) -> list[str]:
        """The codes of the errors."""
        return [error["extensions"]["code"] for error in self.body.get("errors", [])]


@dataclass(frozen=True)
class SubgraphClient:
    """POSTs to `/graphql`."""

    app: ASGIApp
    issuer: TestIssuer

    async def query(self, document: str, variables: dict[str, Any] | None = None, *, by: Actor | None = None) -> Answer:
        """Run an operation as `by`, or as nobody."""
        token = None if by is None else f"Bearer {self.issuer.token(by)}"
        return await self.post({"query": document, "variables": variables or {}}, authorization=token)

    async def mutate(self, field: str, selection: str, given: dict[str, Any], *, by: Actor) -> Any:
        """Run one mutation; what its field answers."""
        type_name = f"{field[0].upper()}{field[1:]}Input"
        document = (
            f"mutation($input: {type_name}!) {{ {field}(input: $input) {{ {selection} userErrors {{ code path }} }} }}"
        )
        return (await self.query(document, {"input": given}, by=by)).data[field]

    async def post(
        self, content: Any, *, authorization: str | None = None, content_type: str = "application/json"
    ) -> Answer:
        """POST JSON, or bytes as they are."""
        body = content if isinstance(content, bytes) else orjson.dumps(content)
        headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
        if authorization is not None:
            headers.append((b"authorization", authorization.encode()))
        return await request(self.app, "POST", "/graphql", headers, body)


async def request(
    app: ASGIApp, method: str, path: str, headers: list[tuple[bytes, bytes]] | None = None, body: bytes = b""
) -> Answer:
    """One request to an ASGI app."""
    sent: list[Message] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers or [],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
    }
    receive = _receiver(body)

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    content = b"".join(message.get("body", b"") for message in sent[1:])
    names = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    is_json = names.get("content-type", "").startswith("application/json")
    return Answer(sent[0]["status"], names, orjson.loads(content) if is_json else content)


def _receiver(body: bytes) -> Callable[[], Awaitable[Message]]:
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    return receive
