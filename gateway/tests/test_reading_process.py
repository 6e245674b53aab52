"""Large documents are read in a process of their own, with the same result."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gateway.tests.crm import pipeline
from gateway.tests.gateway_process import running_gateway
from gateway.tests.subgraph_world import Subgraph
from graphql import print_ast
from hostile_documents import hostile_documents

from rapport_gateway.errors import RequestRefused
from rapport_gateway.pipeline import GraphQLRequest, Pipeline

LONG = "query Long($n: Int = 3) { customers(first: $n) { nodes { id ...Name } } } fragment Name on Customer { id } #"
DEEP = "query Deep { " + "... on Query { " * 140 + "__typename" + " }" * 140 + " }"


@pytest.fixture(name="apart", scope="module")
def _apart() -> Iterator[Pipeline]:
    made = pipeline(reads_apart=True)
    assert made.apart is not None
    made.apart.start()
    yield made
    made.apart.close()


def asked(text: str) -> GraphQLRequest:
    return GraphQLRequest(text, None, {}, {})


def process_of(by: Pipeline) -> int:
    assert by.apart is not None
    assert by.apart._process is not None
    return by.apart._process.pid


async def refusal(by: Pipeline, text: str) -> RequestRefused:
    with pytest.raises(RequestRefused) as refused:
        await by.prepared(asked(text))
    return refused.value


async def test_refusals_are_the_same(apart: Pipeline) -> None:
    here, compared = pipeline(), 0
    for hostile in hostile_documents():
        if len(hostile.text) > 1_000 and not hostile.variables and hostile.gateway != "cost":
            told, expected = await refusal(apart, hostile.text), await refusal(here, hostile.text)
            assert (told.errors, told.status) == (expected.errors, expected.status), hostile.name
            compared += 1
    assert compared > 40
    count = b'rapport_gateway_stage_seconds_count{stage="read"}'
    assert count in apart._metrics.render()
    assert count not in here._metrics.render()


@pytest.mark.parametrize("text", [LONG + "x" * 2_000, DEEP])
async def test_what_is_valid_is_the_same(apart: Pipeline, text: str) -> None:
    got, expected = await apart.prepared(asked(text)), pipeline().prepare(asked(text))
    assert print_ast(got.document) == print_ast(expected.document)
    assert (got.cost, got.weight, got.name) == (expected.cost, expected.weight, expected.name)
    assert (await apart.planned(got, asked(text))).plan.operation.kind == "query"


async def test_where_the_process_dies_that_document_is_refused_and_another_process_reads_the_next() -> None:
    by = pipeline(reads_apart=True)
    await by.start()
    first = process_of(by)
    os.kill(first, signal.SIGKILL)
    told = await refusal(by, LONG + "x" * 2_000)
    assert (told.status, told.errors[0]["extensions"]["code"]) == (500, "INTERNAL_SERVER_ERROR")
    assert (await by.prepared(asked(LONG + "x" * 2_000))).name == "Long"
    assert process_of(by) != first
    assert by.apart is not None
    by.apart.close()


async def test_where_no_process_can_be_started_documents_are_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    by = pipeline(reads_apart=True)
    await by.start()
    assert (await by.prepared(asked(LONG + "x" * 2_000))).name == "Long"
    assert "INTERNAL" not in str((await refusal(by, "query Wrong { nothing } #" + "x" * 2_000)).errors)


async def test_the_servers_process_ends_with_the_server(tmp_path: Path) -> None:
    shop = Subgraph("type Query { a: Int }", {"a": lambda: 1}, {})
    long = "{ a } #" + "x" * 2_000
    async with running_gateway(tmp_path, shop=shop) as gateway:
        assert (await gateway.post(long))[1] == {"data": {"a": 1}}
        [child] = _children(gateway.process.pid)
        gateway.process.terminate()
        assert await gateway.process.wait() == 0
    assert not _is_alive(child)


def _is_alive(pid: str) -> bool:
    return Path(f"/proc/{pid}").exists()


def _children(pid: int) -> list[str]:
    return [each for file in Path(f"/proc/{pid}/task").glob("*/children") for each in file.read_text().split()]
