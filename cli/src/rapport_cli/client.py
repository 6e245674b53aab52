"""GraphQL over HTTP: bounded concurrency, typed errors, one repeat where a repeat cannot do harm."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from rapport_cli.errors import Fault, GraphQLRequestError, TransportError

Json = dict[str, Any]

REQUEST_SECONDS = 60.0


class GraphQLClient:
    """Sends documents to one gateway. Use `open_client` to get one."""

    def __init__(self, url: str, http: aiohttp.ClientSession, *, concurrency: int = 8) -> None:
        self._url = url
        self._http = http
        self._slots = asyncio.Semaphore(concurrency)

    async def execute(
        self, document: str, variables: Mapping[str, Any] | None = None, *, token: str | None, repeatable: bool
    ) -> Json:
        """The answer's `data`.

        `repeatable` says that sending twice is harmless (a query, or every mutation carries an idempotencyKey): then
        a failed connection is tried once more. Raises TransportError and GraphQLRequestError.
        """
        answer = await self.request(document, variables, token=token, repeatable=repeatable)
        if answer.get("errors"):
            raise GraphQLRequestError([_fault(entry) for entry in answer["errors"]])
        data = answer.get("data")
        if not isinstance(data, dict):
            raise TransportError(f"{self._url} answered without data: is it a GraphQL gateway?")
        return data

    async def request(
        self, document: str, variables: Mapping[str, Any] | None = None, *, token: str | None, repeatable: bool
    ) -> Json:
        """The whole answer, errors included, as JSON. Raises TransportError."""
        body = {"query": document, "variables": dict(variables or {})}
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self._slots:
            try:
                return await self._post(body, headers)
            except aiohttp.ClientConnectionError as error:
                if not repeatable:
                    raise TransportError(f"Connection to {self._url} failed: {error}") from error
            try:
                return await self._post(body, headers)
            except aiohttp.ClientConnectionError as error:
                raise TransportError(f"Connection to {self._url} failed: {error}") from error

    async def _post(self, body: Json, headers: Mapping[str, str]) -> Json:
        try:
            async with self._http.post(self._url, json=body, headers=headers) as response:
                return self._read(response.status, await response.read())
        except TimeoutError as error:
            raise TransportError(f"{self._url} did not answer within {REQUEST_SECONDS:.0f} s.") from error
        except aiohttp.InvalidURL as error:
            raise TransportError(f"{self._url} is not a valid address.") from error
        except aiohttp.ClientPayloadError as error:
            raise TransportError(f"{self._url} broke off its answer: {error}") from error

    def _read(self, status: int, content: bytes) -> Json:
        try:
            answer = json.loads(content)
        except ValueError as error:
            raise TransportError(f"{self._url} answered HTTP {status} without JSON.") from error
        if not isinstance(answer, dict) or not ("data" in answer or "errors" in answer):
            raise TransportError(f"{self._url} answered HTTP {status}, but not as a GraphQL server does.")
        return answer


@asynccontextmanager
async def open_client(url: str, *, concurrency: int = 8) -> AsyncIterator[GraphQLClient]:
    """A client whose connections close with the block; at most `concurrency` requests run at a time."""
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
    connector = aiohttp.TCPConnector(limit=concurrency)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as http:
        yield GraphQLClient(url, http, concurrency=concurrency)


def _fault(entry: Mapping[str, Any]) -> Fault:
    extensions = entry.get("extensions") or {}
    return Fault(code=str(extensions.get("code", "GRAPHQL_ERROR")), message=str(entry.get("message", "unknown error")))
