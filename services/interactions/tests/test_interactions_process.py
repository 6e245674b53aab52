"""The service's own processes on the real database and broker: from a customer's event to the interaction's."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import aio_pika
import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from gql import Client, gql
from gql.transport.aiohttp_websockets import AIOHTTPWebsocketsTransport
from subgraph_client import TestIssuer
from waiting import eventually

from rapport_local.ports import free_ports
from rapport_shared.actor import Actor
from rapport_shared.clock import system_clock
from rapport_shared.contracts.customers import CustomerCreated, CustomerState, CustomerUpdated
from rapport_shared.events import CONTENT_TYPE, Envelope, Event, decode, encode
from rapport_shared.ids import new_event_id, new_id
from rapport_shared.messaging import declare_exchanges

RECORD = """mutation($input: RecordInteractionInput!) {
  recordInteraction(input: $input) { interaction { id } userErrors { code } }
}"""
FOLLOW = gql("""subscription {
  interactionChanged(filter: {channel: {eq: CHAT}}) { kind id changedFields node { content } }
}""")


@dataclass(frozen=True)
class Running:
    """The running service: its API's base URL, and its processes."""

    url: str
    issuer: TestIssuer
    api: Process
    worker: Process

    def authorization(self, by: Actor) -> dict[str, str]:
        return {"authorization": f"Bearer {self.issuer.token(by)}"}

    async def ask(self, by: Actor, document: str, **variables: Any) -> Any:
        """The data of an answer."""
        body = {"query": document, "variables": variables}
        async with (
            aiohttp.ClientSession(headers=self.authorization(by)) as session,
            session.post(f"{self.url}/graphql", json=body) as response,
        ):
            answer = await response.json()
        assert "errors" not in answer, answer
        return answer["data"]


async def start(command: str, environment: dict[str, str]) -> Process:
    arguments = ("-m", "rapport_interactions", command)
    return await asyncio.create_subprocess_exec(sys.executable, *arguments, env={**os.environ, **environment})


async def until_ready(port: int) -> None:
    async def ready() -> bool:
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{port}/ready") as response,
            ):
                return response.status == 200
        except aiohttp.ClientConnectionError:
            return False

    await eventually(ready, seconds=80)


@pytest.fixture(scope="module")
async def running(mongo_url: str, amqp_url: str, database_prefix: str, issuer: TestIssuer) -> AsyncIterator[Running]:
    async def published_keys(_: web.Request) -> web.Response:
        return web.json_response(await issuer.key_set())

    keys = web.Application()
    keys.router.add_get("/jwks.json", published_keys)
    port, worker_port = free_ports(2)
    async with TestServer(keys) as server:
        environment = {
            "RAPPORT_MONGO_URL": mongo_url,
            "RAPPORT_AMQP_URL": amqp_url,
            "RAPPORT_DATABASE_PREFIX": f"{database_prefix}_process",
            "RAPPORT_JWKS_URL": str(server.make_url("/jwks.json")),
            "RAPPORT_INTERACTIONS_PORT": str(port),
            "RAPPORT_INTERACTIONS_WORKER_PORT": str(worker_port),
        }
        assert await (await start("migrate", environment)).wait() == 0
        api, worker = await start("api", environment), await start("worker", environment)
        try:
            await asyncio.gather(until_ready(port), until_ready(worker_port))
            yield Running(f"http://127.0.0.1:{port}", issuer, api, worker)
        finally:
            for process in (api, worker):
                process.send_signal(signal.SIGTERM)
            ends = await asyncio.wait_for(asyncio.gather(api.wait(), worker.wait()), 30)
            assert set(ends) <= {0, -signal.SIGTERM}


Publish = Callable[[Event, int], Awaitable[None]]


@pytest.fixture
async def channel(amqp_url: str) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
    async with await aio_pika.connect(amqp_url) as connection:
        yield await connection.channel(publisher_confirms=True, on_return_raises=True)


@pytest.fixture
async def publish(channel: aio_pika.abc.AbstractChannel) -> Publish:
    """Publish an event of the customers service, twice: brokers may deliver again."""
    exchange = await declare_exchanges(channel)

    async def send(event: Event, version: int) -> None:
        envelope = Envelope(
            id=new_event_id(),
            routing_key=event.routing_key,
            source="/rapport/customers",
            subject=event.subject,
            time=system_clock(),
            version=version,
            actor="usr_admin",
            correlation_id=new_event_id(),
        )
        for _ in range(2):
            message = aio_pika.Message(encode(envelope, event), content_type=CONTENT_TYPE)
            await exchange.publish(message, event.routing_key, mandatory=True)

    return send


def owned_by(user: Actor) -> CustomerState:
    return CustomerState(kind="PERSON", stage="LEAD", owner_id=user.id)


async def test_a_customer_heard_of_gets_its_record_and_the_record_is_published(
    running: Running, publish: Publish, channel: aio_pika.abc.AbstractChannel, seller: Actor
) -> None:
    customer = new_id("cus")
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind("rapport.events", "interactions.interaction.recorded.v1")
    await publish(CustomerCreated(customer_id=customer, after=owned_by(seller)), 1)
    made = await _record(running, seller, customer, nextFollowUpAt="2030-01-01T00:00:00Z")
    message = await eventually(lambda: queue.get(fail=False))
    envelope, event = decode(message.body)
    state = event.after  # type: ignore[attr-defined]
    assert (envelope.subject, envelope.actor, envelope.version) == (made, seller.id, 1)
    assert (state.customer_id, state.customer_owner_id) == (customer, seller.id)
    assert state.next_follow_up_at.isoformat() == "2030-01-01T00:00:00+00:00"


async def test_followers_hear_of_what_they_may_see_and_of_nothing_else(
    running: Running, publish: Publish, seller: Actor, admin: Actor
) -> None:
    own, other = new_id("cus"), new_id("cus")
    await publish(CustomerCreated(customer_id=own, after=owned_by(seller)), 1)
    await publish(CustomerCreated(customer_id=other, after=owned_by(admin)), 1)
    follower = AIOHTTPWebsocketsTransport(f"{running.url}/graphql", init_payload=running.authorization(seller))
    chats: set[str] = set()

    async def change(**given: Any) -> None:
        document = "mutation($i: UpdateInteractionInput!) { updateInteraction(input: $i) { userErrors { code } } }"
        assert await running.ask(admin, document, i=given) == {"updateInteraction": {"userErrors": []}}

    async def talk_until_heard(first: "asyncio.Future[Any]") -> bool:
        """Nothing tells when a subscription has begun."""
        chats.add(await _record(running, admin, own, channel="CHAT"))
        await asyncio.wait([first], timeout=1)
        return first.done()

    async with Client(transport=follower) as session, aclosing(session.subscribe(FOLLOW)) as changes:
        first = asyncio.ensure_future(anext(changes))
        await eventually(lambda: talk_until_heard(first))
        heard = [(await first)["interactionChanged"]]
        made = heard[0]["id"]
        await _record(running, admin, other, channel="CHAT")
        await _record(running, admin, own, channel="PHONE")
        await change(id=made, content="改了", nextFollowUpAt="2030-01-01T00:00:00Z")
        await change(id=made, channel="SMS")
        while heard[-1]["kind"] != "LEAVE":
            heard.append((await anext(changes))["interactionChanged"])
    assert {change["id"] for change in heard} <= chats
    assert [(change["kind"], change["changedFields"], change["node"]) for change in heard if change["id"] == made][
        1:
    ] == [
        ("UPDATE", ["content", "nextFollowUpAt"], {"content": "改了"}),
        ("LEAVE", ["channel"], None),
    ]
    assert {change["kind"] for change in heard if change["id"] != made} <= {"ENTER"}


async def test_the_former_owner_loses_sight_and_the_new_one_gains_it(
    running: Running, publish: Publish, seller: Actor, admin: Actor
) -> None:
    customer, successor = new_id("cus"), Actor("usr_successor", "SALES", "ses_7")
    await publish(CustomerCreated(customer_id=customer, after=owned_by(seller)), 1)
    made = await _record(running, admin, customer)
    document = "query($id: ID!) { interaction(id: $id) { id } }"
    assert (await running.ask(seller, document, id=made))["interaction"] == {"id": made}
    moved = CustomerUpdated(
        customer_id=customer, changed=("owner_id",), before=owned_by(seller), after=owned_by(successor)
    )
    await publish(moved, 2)

    async def gained() -> bool:
        return (await running.ask(successor, document, id=made))["interaction"] is not None

    await eventually(gained)
    assert (await running.ask(seller, document, id=made))["interaction"] is None


async def _record(running: Running, by: Actor, customer: str, **given: Any) -> str:
    """The id of a new record; on a busy machine the news of its customer may take longer than a command waits."""
    talk = {"customerId": customer, "channel": "PHONE", "content": "谈了价格", **given}

    async def attempt() -> str | None:
        payload = (await running.ask(by, RECORD, input=talk))["recordInteraction"]
        if payload["userErrors"] == [{"code": "CUSTOMER_NOT_FOUND"}]:
            return None
        assert payload["userErrors"] == []
        return str(payload["interaction"]["id"])

    return str(await eventually(attempt))
