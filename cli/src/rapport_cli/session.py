"""A signed-in account: keeps its access token fresh, signs in again when it must."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from rapport_cli.client import GraphQLClient, Json
from rapport_cli.errors import GraphQLRequestError, SignInRefusedError
from rapport_cli.settings import Credentials

SESSION_FIELDS = "accessToken refreshToken expiresAt user { id email name role } userErrors { code message path }"
SIGN_IN = f"mutation SignIn($input: SignInInput!) {{ signIn(input: $input) {{ {SESSION_FIELDS} }} }}"
REFRESH = f"mutation Refresh($input: RefreshSessionInput!) {{ refreshSession(input: $input) {{ {SESSION_FIELDS} }} }}"

# Renewed this long before it ends, so that a request under way does not meet the end.
MARGIN = timedelta(seconds=30)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Session:
    """Executes documents as one account. Signs in at the first request."""

    def __init__(
        self, client: GraphQLClient, credentials: Credentials, *, now: Callable[[], datetime] = _utc_now
    ) -> None:
        self._client = client
        self._credentials = credentials
        self._now = now
        self._tokens: Json | None = None
        self._lock = asyncio.Lock()

    async def user(self) -> Json:
        """The signed-in user: id, email, name, role."""
        tokens = await self._fresh_tokens()
        user: Json = tokens["user"]
        return user

    async def execute(
        self, document: str, variables: Mapping[str, Any] | None = None, *, repeatable: bool = False
    ) -> Json:
        """The answer's data; see GraphQLClient.execute. An expired session is renewed and the request sent again."""
        tokens = await self._fresh_tokens()
        try:
            return await self._send(tokens, document, variables, repeatable=repeatable)
        except GraphQLRequestError as error:
            if error.code != "UNAUTHENTICATED":
                raise
        # Refused before anything ran, so sending again is safe for every document.
        self._forget(tokens)
        return await self._send(await self._fresh_tokens(), document, variables, repeatable=repeatable)

    async def request(self, document: str, variables: Mapping[str, Any] | None = None) -> Json:
        """The whole answer with its errors, for documents whose content is not known here."""
        tokens = await self._fresh_tokens()
        return await self._client.request(document, variables, token=tokens["accessToken"], repeatable=False)

    async def _send(
        self, tokens: Json, document: str, variables: Mapping[str, Any] | None, *, repeatable: bool
    ) -> Json:
        return await self._client.execute(document, variables, token=tokens["accessToken"], repeatable=repeatable)

    def _forget(self, tokens: Json) -> None:
        if self._tokens is tokens:
            self._tokens = None

    async def _fresh_tokens(self) -> Json:
        async with self._lock:
            if self._tokens is None:
                self._tokens = await self._sign_in()
            elif self._now() >= datetime.fromisoformat(self._tokens["expiresAt"]) - MARGIN:
                self._tokens = await self._refresh(self._tokens["refreshToken"])
            return self._tokens

    async def _sign_in(self) -> Json:
        account = {"email": self._credentials.email, "password": self._credentials.password}
        data = await self._client.execute(SIGN_IN, {"input": account}, token=None, repeatable=True)
        payload: Json = data["signIn"]
        if payload["userErrors"] or not payload["accessToken"]:
            reason = payload["userErrors"][0]["message"] if payload["userErrors"] else "no token was given"
            raise SignInRefusedError(f"{self._credentials.email} cannot sign in: {reason}")
        return payload

    async def _refresh(self, refresh_token: str) -> Json:
        try:
            data = await self._client.execute(
                REFRESH, {"input": {"refreshToken": refresh_token}}, token=None, repeatable=False
            )
        except GraphQLRequestError:
            return await self._sign_in()
        payload: Json = data["refreshSession"]
        return payload if payload["accessToken"] else await self._sign_in()
