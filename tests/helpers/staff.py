"""Staff at work: GraphQL clients of the whole running system."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportConnectionFailed, TransportQueryError
from gql.transport.websockets import WebsocketsTransport

from rapport_local.testing.accounts import Account

SIGN_IN = """
mutation($input: SignInInput!) {
  signIn(input: $input) { accessToken refreshToken expiresAt user { id role } userErrors { code } }
}"""


@dataclass(frozen=True)
class Staff:
    """Somebody at work: signed in, asking the gateway over HTTP and WebSocket."""

    gateway: str
    id: str
    access_token: str
    refresh_token: str

    async def ask(self, document: str, **variables: Any) -> Any:
        """The data of one operation over HTTP. Raises gql's TransportQueryError for an answer with errors."""
        headers = {"Authorization": f"Bearer {self.access_token}"}
        return await execute(self.gateway, document, variables, headers)

    async def do(self, field: str, selection: str, **given: Any) -> Any:
        """The payload of one mutation."""
        type_name = f"{field[0].upper()}{field[1:]}Input"
        document = (
            f"mutation($input: {type_name}!) {{ {field}(input: $input) {{ {selection} userErrors {{ code path }} }} }}"
        )
        return (await self.ask(document, input=given))[field]

    async def follow(self, document: str, **variables: Any) -> AsyncIterator[Any]:
        """The data of each message of a subscription. Raises TransportQueryError where it is refused."""
        transport = WebsocketsTransport(
            url=self.gateway.replace("http", "ws", 1),
            subprotocols=["graphql-transport-ws"],
            init_payload={"authorization": f"Bearer {self.access_token}"},
        )
        try:
            async with Client(transport=transport) as session:
                operation = gql(document)
                operation.variable_values = variables
                async for data in session.subscribe(operation):
                    yield data
        except TransportConnectionFailed as closed:
            # The gateway closes the socket behind an error of credentials; the client wants to say goodbye on it.
            cause: BaseException | None = closed
            while cause is not None and not isinstance(cause, TransportQueryError):
                cause = cause.__context__
            raise cause or closed from None

    @asynccontextmanager
    async def following(self, document: str, **variables: Any) -> AsyncIterator["asyncio.Queue[Any]"]:
        """What a subscription receives while the block runs."""
        received: asyncio.Queue[Any] = asyncio.Queue()

        async def collect() -> None:
            async for data in self.follow(document, **variables):
                received.put_nowait(data)

        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(collect())
            await asyncio.sleep(1.0)  # the protocol has no answer to a subscribe message
            yield received
            task.cancel()


async def execute(
    gateway: str, document: str, variables: dict[str, Any] | None = None, headers: dict[str, str] | None = None
) -> Any:
    """The data of one operation over HTTP."""
    async with Client(transport=AIOHTTPTransport(url=gateway, headers=headers, ssl=False)) as session:
        operation = gql(document)
        operation.variable_values = variables or {}
        return await session.execute(operation)


async def sign_in(gateway: str, account: Account) -> Staff:
    """Sign in through the gateway."""
    given = {"email": account.email, "password": account.password}
    session = (await execute(gateway, SIGN_IN, {"input": given}))["signIn"]
    assert session["userErrors"] == []
    return Staff(gateway, session["user"]["id"], session["accessToken"], session["refreshToken"])


async def make_customer(by: Staff, name: str = "张三", **given: Any) -> str:
    """A new customer; its id."""
    payload = await by.do("createCustomer", "customer { id }", kind="PERSON", name=name, **given)
    assert payload["userErrors"] == []
    return str(payload["customer"]["id"])
