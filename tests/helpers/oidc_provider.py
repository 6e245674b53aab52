"""A small OpenID Connect provider that really answers, on the loopback interface."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

CLIENT_ID = "rapport-test"
NONCE = "n-0S6_WzA2Mj-long-enough"


def new_rsa_key() -> RSAPrivateKey:
    """A key of the usual kind."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class OidcProvider:
    """Its configuration and keys over HTTP, and the ID tokens that it signs; ``configuration`` overwrites."""

    url: str = ""
    keys: dict[str, RSAPrivateKey] = field(default_factory=lambda: {"key-1": new_rsa_key()})
    configuration: dict[str, Any] = field(default_factory=dict)
    down: bool = False

    def token(
        self, *, key: Any = None, algorithm: str = "RS256", header: dict[str, Any] | None = None, **claims: Any
    ) -> str:
        """An ID token; what is given overwrites, None leaves a claim out."""
        now = int(time.time())
        usual = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "sub": "248289761001",
            "nonce": NONCE,
            "iat": now,
            "exp": now + 300,
            "email": "li.wei@example.com",
            "email_verified": True,
        }
        payload = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        headers = {"kid": "key-1", **(header or {})}
        return jwt.encode(payload, key or self.keys["key-1"], algorithm, headers=headers)

    async def _configuration(self, _: web.Request) -> web.Response:
        if self.down:
            return web.Response(status=503)
        usual = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        return web.json_response({**usual, **self.configuration})

    async def _keys(self, _: web.Request) -> web.Response:
        published = [
            {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": name, "alg": "RS256", "use": "sig"}
            for name, key in self.keys.items()
        ]
        return web.json_response({"keys": published})

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Answer on a free port while the block runs."""
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._configuration)
        app.router.add_get("/keys", self._keys)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield
        finally:
            await runner.cleanup()
