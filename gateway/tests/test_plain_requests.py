"""The short way for plain requests: taken by these only, and not to be told from the long way by what is answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from gateway.tests.gateway_process import Gateway, running_gateway
from gateway.tests.subgraph_world import Subgraph

from rapport_gateway.server.plain_request import PlainRequests

BODY = b'{"query":"{ n }"}'
HEAD = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 17"
ANSWER = b'{"data":{"n":1}}'
NUMBERS = Subgraph(
    "type Query { n: Int } type Mutation { add: Int } type Subscription { ticks: Int }", {"n": 1, "add": lambda: 2}
)


def test_a_plain_request_is_taken_apart() -> None:
    for _ in range(2):
        read = PlainRequests().read(HEAD + b"\r\nX-Request-Id:  7 \r\n\r\n" + BODY)
        assert read is not None
        head, body = read
        assert body == BODY
        assert head.headers.by_name == {
            "host": "x",
            "content-type": "application/json",
            "content-length": "17",
            "x-request-id": "7",
        }


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n" + HEAD + b"\r\n\r\n" + BODY,
        HEAD[:40],
        HEAD + b"\r\n\r\n",
        HEAD + b"\r\n\r\n" + BODY[:-1],
        HEAD + b"\r\n\r\n" + BODY + b"P",
        HEAD.replace(b"17", b"017x") + b"\r\n\r\n" + BODY,
        HEAD.replace(b"17", b"+17") + b"\r\n\r\n" + BODY,
        HEAD.replace(b"17", b"1_7") + b"\r\n\r\n" + BODY,
        HEAD.replace(b"content-length: 17", b"a: b") + b"\r\n\r\n" + BODY,
        HEAD.replace(b"host: x\r\n", b"") + b"\r\n\r\n" + BODY,
        HEAD.replace(b"1.1", b"1.0") + b"\r\n\r\n" + BODY,
        HEAD.replace(b"/graphql", b"/graphql?x=1") + b"\r\n\r\n" + BODY,
        HEAD.replace(b"/graphql", b"/graphqlx") + b"\r\n\r\n" + BODY,
        HEAD.replace(b"POST", b"PUT") + b"\r\n\r\n" + BODY,
        HEAD + b"\r\ncontent-length: 17\r\n\r\n" + BODY,
        HEAD + b"\r\nContent-Length: 18\r\n\r\n" + BODY,
        HEAD + b"\r\ntransfer-encoding: chunked\r\n\r\n" + BODY,
        HEAD + b"\r\nTransfer-Encoding : chunked\r\n\r\n" + BODY,
        HEAD + b"\r\nexpect: 100-continue\r\n\r\n" + BODY,
        HEAD + b"\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n" + BODY,
        HEAD + b"\r\nconnection: close\r\n\r\n" + BODY,
        HEAD + b"\r\n folded: 1\r\n\r\n" + BODY,
        HEAD + b"\r\nno colon\r\n\r\n" + BODY,
        HEAD + b"\r\na: b\nc: d\r\n\r\n" + BODY,
        HEAD + b"\r\na: b\rc: d\r\n\r\n" + BODY,
        HEAD + b"\r\na: b\x00\r\n\r\n" + BODY,
        HEAD + b"\r\n: b\r\n\r\n" + BODY,
        HEAD + b"\r\na" + b"a" * 20000 + b": b\r\n\r\n" + BODY,
    ],
)
def test_anything_else_is_left_to_the_parser(data: bytes) -> None:
    requests = PlainRequests()
    assert requests.read(data) is None
    assert requests.read(data) is None


@pytest_asyncio.fixture(name="gateway", scope="module")
async def _gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    async with running_gateway(folder, numbers=NUMBERS) as gateway:
        yield gateway


class Wire:
    """A client's side of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, gateway: Gateway) -> Wire:
        return cls(*await asyncio.open_connection("127.0.0.1", int(gateway.url.rpartition(":")[2])))

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self) -> tuple[bytes, bytes]:
        """Head and body."""
        async with asyncio.timeout(10):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            return head, await self.reader.readexactly(length)


def request(query: str = "{ n }", extra: bytes = b"") -> bytes:
    body = b'{"query":"%s"}' % query.encode()
    return b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n%scontent-length: %d\r\n\r\n%s" % (
        extra,
        len(body),
        body,
    )


async def test_short_and_long_way_answer_alike(gateway: Gateway) -> None:
    wire = await Wire.to(gateway)
    for extra in (b"x-request-id: r1\r\n", b"x-request-id: r1\r\nte: trailers\r\n"):
        wire.send(request(extra=extra))
        head, body = await wire.answer()
        assert body == ANSWER
        assert head.lower().split(b"\r\n")[0] == b"http/1.1 200 ok"
        assert set(head.lower().split(b"\r\n")[1:-2]) == {
            b"content-type: application/json; charset=utf-8",
            b"content-length: 16",
            b"x-request-id: r1",
        }


async def test_requests_in_pieces_and_many_at_once(gateway: Gateway) -> None:
    wire = await Wire.to(gateway)
    whole = request()
    for cut in (1, 10, 40, len(whole) - 1):
        wire.send(whole[:cut])
        await asyncio.sleep(0.02)
        wire.send(whole[cut:])
        assert (await wire.answer())[1] == ANSWER
    wire.send(whole)
    for _ in range(3):
        wire.send(whole * 3)
    for _ in range(10):
        assert (await wire.answer())[1] == ANSWER
    wire.send(whole + b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n" + whole)
    assert [(await wire.answer())[1] for _ in range(3)] == [ANSWER, b'{"status":"ok"}', ANSWER]


async def test_errors_and_other_paths_on_the_same_connection(gateway: Gateway) -> None:
    wire = await Wire.to(gateway)
    for query, part in (("{ no }", b"GRAPHQL_VALIDATION_FAILED"), ("{ n }", ANSWER), ("{", b"GRAPHQL_PARSE_FAILED")):
        wire.send(request(query))
        assert part in (await wire.answer())[1]
    wire.send(request().replace(b"/graphql ", b"/nothing "))
    assert (await wire.answer())[0].startswith(b"HTTP/1.1 404 ")
    wire.send(request().replace(b"application/json", b"text/plain"))
    assert (await wire.answer())[0].startswith(b"HTTP/1.1 415 ")
    wire.send(b"POST /graphql HTTP/1.1\r\nhost: x\r\nbroken\r\n\r\n")
    assert (await wire.reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("extra", [b"", b"te: trailers\r\n"], ids=["short", "long"])
@pytest.mark.parametrize(("query", "is_given_up"), [("{ n }", True), ("mutation { add }", False)])
async def test_a_query_ends_when_its_client_leaves(
    gateway: Gateway, extra: bytes, query: str, is_given_up: bool
) -> None:
    server = gateway.servers["numbers"]
    started, ended = asyncio.Event(), asyncio.Event()

    async def wait_until_given_up(call: web.Request, _: object) -> None:
        started.set()
        for _ in range(1000 if is_given_up else 20):
            if call.transport is None or call.transport.is_closing():
                break
            await asyncio.sleep(0.01)
        assert is_given_up == (call.transport is None or call.transport.is_closing())
        ended.set()

    server.hook = wait_until_given_up
    try:
        wire = await Wire.to(gateway)
        wire.send(request(query, extra))
        async with asyncio.timeout(5):
            await started.wait()
            wire.writer.close()
            await ended.wait()
    finally:
        server.hook = None
