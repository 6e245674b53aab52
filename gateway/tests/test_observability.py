"""What operators see: spans at a real collector, log lines, metrics."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from gateway.tests.gateway_process import Gateway, SubgraphServer, free_port, gateway_before, subgraph_server
from gateway.tests.subgraph_world import LINK, Subgraph
from gateway.tests.ticking import NAMES, TICKS
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from rapport_gateway.logs import FACTS, JsonLines, TextLines
from rapport_gateway.server.telemetry import tracer
from rapport_gateway.settings import InvalidSetting, Settings
from rapport_gateway.supergraph.composition import SubgraphSource

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
HELLO = Subgraph("type Query { hello(to: String): String fails: Int }", {"hello": "world"})


@asynccontextmanager
async def collector(spans: list[Any], headers: list[str]) -> AsyncIterator[str]:
    async def take(request: web.Request) -> web.Response:
        headers.append(request.headers.get("x-key", ""))
        sent = ExportTraceServiceRequest.FromString(await request.read())
        spans.extend(span for one in sent.resource_spans for scope in one.scope_spans for span in scope.spans)
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def observed(folder: Path, *named: tuple[str, Subgraph], **settings: str) -> AsyncIterator[tuple[Gateway, Any]]:
    async with subgraph_server(*named[0]) as first, subgraph_server(*(named[-1])) as last:
        servers: dict[str, SubgraphServer] = {server.name: server for server in (first, last)}
        sources = [SubgraphSource(name, server.url, LINK + server.subgraph.sdl) for name, server in servers.items()]
        environment = {f"RAPPORT_GATEWAY_{name.upper()}": value for name, value in settings.items()}
        async with gateway_before(folder, sources, **environment) as gateway:
            yield gateway, servers


async def log_of(gateway: Gateway) -> list[dict[str, Any]]:
    """The lines that the process wrote, once it has ended."""
    gateway.process.terminate()
    _, log = await gateway.process.communicate()
    return [orjson.loads(line) for line in log.splitlines()]


async def test_spans_follow_a_request_from_its_caller_to_the_subgraphs(tmp_path: Path) -> None:
    spans: list[Any] = []
    keys: list[str] = []
    async with collector(spans, keys) as endpoint:
        settings = {"otlp_endpoint": endpoint, "otlp_headers": "X-Key=k1"}
        async with observed(tmp_path, ("hello", HELLO), **settings) as (gateway, servers):
            await gateway.post('query Greet { hello(to: "secret") }', traceparent=f"00-{TRACE}-{CALLER}-01")
            await gateway.post('query Greet { hello(to: "secret") }', traceparent=f"00-{TRACE}-{CALLER}-00")
            sampled, unsampled = (headers["traceparent"] for headers in servers["hello"].headers)
            gateway.process.terminate()
            await gateway.process.wait()
    by_name = {span.name: span for span in spans}
    assert len(spans) == 6, "the second request is not sampled, by its caller's decision"
    server, call = by_name["graphql"], by_name["subgraph hello"]
    assert server.parent_span_id.hex() == CALLER
    assert {span.trace_id.hex() for span in spans} == {TRACE}
    assert sampled == f"00-{TRACE}-{call.span_id.hex()}-01"
    assert unsampled.startswith(f"00-{TRACE}-")
    assert unsampled.endswith("-00")
    parents = {span.name: span.parent_span_id for span in spans if span is not server}
    assert parents == {
        "graphql.parse": server.span_id,
        "graphql.validate": server.span_id,
        "graphql.plan": server.span_id,
        "graphql.execute": server.span_id,
        "subgraph hello": by_name["graphql.execute"].span_id,
    }
    about = {item.key: item.value for item in server.attributes}
    assert about["graphql.operation.name"].string_value == "Greet"
    assert about["http.response.status_code"].int_value == 200
    assert not any(b"secret" in span.SerializeToString() for span in spans)
    assert set(keys) == {"k1"}


async def test_each_operation_of_a_socket_has_spans_of_its_own(tmp_path: Path) -> None:
    spans: list[Any] = []
    async with collector(spans, []) as endpoint:
        named = ("ticks", TICKS), ("names", NAMES)
        async with observed(tmp_path, *named, otlp_endpoint=endpoint) as (gateway, _):
            async with gateway.websocket() as client:
                await client.subscribe("q", "{ now }")
                await client.receive()
                await client.subscribe("s", "subscription { tick(count: 1) { name } }")
                for _ in range(3):
                    await client.receive()
            gateway.process.terminate()
            await gateway.process.wait()
    roots = [span for span in spans if not span.parent_span_id]
    assert [span.name for span in roots] == ["graphql", "graphql"]
    assert len({span.trace_id for span in roots}) == 2
    assert {span.name for span in spans if span.trace_id == roots[1].trace_id} >= {"subgraph ticks", "subgraph names"}


async def test_an_unreachable_collector_costs_no_request(tmp_path: Path) -> None:
    settings = {"otlp_endpoint": f"http://127.0.0.1:{free_port()}"}
    async with observed(tmp_path, ("hello", HELLO), **settings) as (gateway, _):
        assert await gateway.post("{ hello }") == (200, {"data": {"hello": "world"}})


async def test_requests_are_logged_as_json_without_values(tmp_path: Path) -> None:
    named = ("ticks", TICKS), ("names", NAMES)
    async with observed(tmp_path, *named, log_format="json", log_requests="true") as (gateway, _):
        await gateway.post("query Now { now }", {"unused": "secret"}, **{"x-request-id": "r1"})
        await gateway.post('{ nothing(of: "secret") }', **{"x-request-id": "r2"})
        async with gateway.websocket({"authorization": "Bearer secret"}) as client:
            await client.subscribe("s", "subscription Ticks { tick(count: 1) { number } }")
            await client.receive()
            await client.receive()
        lines = await log_of(gateway)
    assert all({"time", "level", "logger", "message"} <= set(line) for line in lines)
    requests = [line for line in lines if line["logger"] == "rapport_gateway.requests"]
    kept = ("request", "method", "status", "operation", "kind", "outcome", "code")
    assert [{name: line[name] for name in kept if name in line} for line in requests[:2]] == [
        {"request": "r1", "method": "POST", "status": 200, "operation": "Now", "kind": "query", "outcome": "ok"},
        {
            "request": "r2",
            "method": "POST",
            "status": 200,
            "kind": "unknown",
            "outcome": "refused",
            "code": "GRAPHQL_VALIDATION_FAILED",
        },
    ]
    assert (requests[2]["operation"], requests[2]["kind"]) == ("Ticks", "subscription")
    assert all(line["milliseconds"] >= 0 for line in requests)
    assert b"secret" not in orjson.dumps(lines)


async def test_metrics_tell_stages_subgraphs_and_refusals(tmp_path: Path) -> None:
    async with observed(tmp_path, ("hello", HELLO)) as (gateway, _):
        for _ in range(3):
            await gateway.post("{ hello }")
        await gateway.post("{ nothing }")
        async with gateway.http.get(f"{gateway.url}/metrics") as response:
            lines = set((await response.text()).splitlines())
    assert lines >= {
        'rapport_gateway_stage_seconds_count{stage="parse"} 2.0',
        'rapport_gateway_stage_seconds_count{stage="plan"} 1.0',
        'rapport_gateway_stage_seconds_count{stage="execute"} 3.0',
        'rapport_gateway_subgraph_seconds_count{subgraph="hello"} 3.0',
        'rapport_gateway_refusals_total{code="GRAPHQL_VALIDATION_FAILED"} 1.0',
        'rapport_gateway_subgraph_requests_in_flight{subgraph="hello"} 0.0',
        "rapport_gateway_operations_in_flight 0.0",
        "rapport_gateway_plan_cache_hits_total 2.0",
    }


def test_an_exceptions_text_stays_out_of_json_lines() -> None:
    try:
        raise ValueError("sec" + "ret")  # the line itself is part of the stack
    except ValueError as failure:
        given = (type(failure), failure, failure.__traceback__)
    record = logging.LogRecord("a.b", logging.ERROR, "file", 1, "request %s failed", ("r1",), given)
    setattr(record, FACTS, {"request": "r1"})
    line = orjson.loads(JsonLines().format(record))
    assert (line["message"], line["error"], line["request"]) == ("request r1 failed", "ValueError", "r1")
    assert "test_an_exceptions_text" in line["stack"]
    assert "secret" not in JsonLines().format(record)
    assert "request=r1" in TextLines("%(message)s").format(record)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(otlp_endpoint="collector:4318"),
        Settings(otlp_endpoint="http://collector:4318", trace_share=2),
        Settings(otlp_endpoint="http://collector:4318", otlp_headers="key"),
        Settings(log_format="xml"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(settings: Settings) -> None:
    with pytest.raises(InvalidSetting):
        tracer(settings)
