"""Compressed answers, and several requests in one body."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import brotli
import orjson
import pytest
import pytest_asyncio
from gateway.tests.gateway_process import Gateway, running_gateway
from gateway.tests.subgraph_world import Subgraph

from rapport_gateway.server.compression import content_coding

TEXTS = Subgraph(
    """
    type Query { text(size: Int!): String sizes: [Int!] }
    type Mutation { add(size: Int!): [Int!] }
    type Subscription { never: Int }
    """,
    {"text": lambda size: "文字 " * size},
)


@pytest_asyncio.fixture(name="gateway", scope="module")
async def _gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    sizes: list[int] = []

    def add(size: int) -> list[int]:
        sizes.append(size)
        return sizes

    TEXTS.root = {**TEXTS.root, "add": add, "sizes": sizes}
    settings = {"MAX_BATCH_SIZE": "3", "MAX_ROOT_FIELDS": "2"}
    async with running_gateway(folder, settings, texts=TEXTS) as gateway:
        yield gateway


async def raw(gateway: Gateway, size: int, accepted: str) -> tuple[bytes, aiohttp.ClientResponse]:
    """The answer as it came over the wire."""
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        body = {"query": "query($n: Int!) { text(size: $n) }", "variables": {"n": size}}
        headers = {"accept-encoding": accepted}
        async with http.post(f"{gateway.url}/graphql", json=body, headers=headers) as response:
            return await response.read(), response


@pytest.mark.parametrize("size", [1000, 100_000])
@pytest.mark.parametrize(("accepted", "coding"), [("gzip", "gzip"), ("gzip, deflate, br, zstd", "br"), ("*", "br")])
async def test_large_answers_are_compressed(gateway: Gateway, size: int, accepted: str, coding: str) -> None:
    body, response = await raw(gateway, size, accepted)
    assert (response.headers["content-encoding"], response.headers["vary"]) == (coding, "accept-encoding")
    assert int(response.headers["content-length"]) == len(body) < size
    plain = gzip.decompress(body) if coding == "gzip" else brotli.decompress(body)
    assert orjson.loads(plain) == {"data": {"text": "文字 " * size}}


@pytest.mark.parametrize(("size", "accepted"), [(1, "gzip"), (1000, "identity"), (1000, "zstd"), (1000, "br;q=0")])
async def test_small_answers_and_those_for_others_are_not(gateway: Gateway, size: int, accepted: str) -> None:
    body, response = await raw(gateway, size, accepted)
    assert "content-encoding" not in response.headers
    assert orjson.loads(body)["data"]["text"] == "文字 " * size


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, None),
        ("", None),
        ("deflate", None),
        ("gzip;q=0.8, br;q=0.5", "gzip"),
        ("gzip;q=high", None),
        ("br;q=0, *", "gzip"),
        ("identity, gzip;q=0.5", None),
        ("GZIP", "gzip"),
    ],
)
def test_what_the_client_prefers_is_taken(accepted: str | None, coding: str | None) -> None:
    assert content_coding(accepted) == coding


async def batch(gateway: Gateway, body: Any) -> tuple[int, Any]:
    async with gateway.http.post(f"{gateway.url}/graphql", json=body) as response:
        return response.status, await response.json()


def code(answer: Any) -> str:
    return str(answer["errors"][0]["extensions"]["code"])


async def test_each_request_of_a_batch_is_answered_in_its_place(gateway: Gateway) -> None:
    status, answers = await batch(gateway, [{"query": "{ text(size: 1) }"}, {"query": "{ nope }"}, 5])
    assert status == 200
    assert answers[0] == {"data": {"text": "文字 "}}
    assert [code(answer) for answer in answers[1:]] == ["GRAPHQL_VALIDATION_FAILED", "BAD_REQUEST"]


async def test_limits_hold_for_each_request_of_a_batch(gateway: Gateway) -> None:
    three = "{ a: text(size: 1) b: text(size: 1) c: text(size: 1) }"
    variables = {"query": "query($n: Int!) { text(size: $n) }", "variables": {"n": "many"}}
    _, answers = await batch(gateway, [{"query": three}, variables, {"query": "subscription { never }"}])
    assert [code(answer) for answer in answers] == ["OPERATION_TOO_LARGE", "BAD_USER_INPUT", "BAD_REQUEST"]


async def test_a_batch_with_a_mutation_runs_in_order(gateway: Gateway) -> None:
    add = {"query": "mutation { add(size: 1) }"}
    _, answers = await batch(gateway, [{"query": "{ sizes }"}, add, {"query": "{ sizes }"}])
    assert [list(answer["data"].values()) for answer in answers] == [[[]], [[1]], [[1]]]


@pytest.mark.parametrize(("body", "expected"), [([], "BAD_REQUEST"), ([{"query": "{ sizes }"}] * 4, "BATCH_TOO_LARGE")])
async def test_a_batch_is_bounded(gateway: Gateway, body: Any, expected: str) -> None:
    status, answer = await batch(gateway, body)
    assert (status, code(answer)) == (400, expected)


async def test_without_the_setting_there_are_no_batches(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, texts=TEXTS) as gateway:
        status, answer = await batch(gateway, [{"query": "{ sizes }"}])
        assert (status, code(answer)) == (400, "BATCHING_DISABLED")
