"""Several processes on one address: they share the work, are replaced, count together and end together."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from gateway.tests.gateway_process import Gateway, gateway_before, start_process, subgraph_server
from gateway.tests.subgraph_world import LINK, Subgraph

from rapport_gateway.server.worker_metrics import WorkerMetrics, merged
from rapport_gateway.supergraph.composition import SubgraphSource

HELLO = Subgraph("type Query { hello: String }", {"hello": "world"})
WORKERS = 3


@pytest_asyncio.fixture(name="gateway")
async def _gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    async with subgraph_server("hello", HELLO) as server:
        sources = [SubgraphSource("hello", server.url, LINK + HELLO.sdl)]
        async with gateway_before(tmp_path, sources, RAPPORT_GATEWAY_WORKERS=str(WORKERS)) as gateway:
            gateway.servers["hello"] = server
            yield gateway


def workers_of(gateway: Gateway) -> set[int]:
    """The process ids of the children."""
    pid = gateway.process.pid
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


async def until_there_are_workers(gateway: Gateway, *, other_than: int = 0) -> set[int]:
    for _ in range(400):
        workers = workers_of(gateway) - {other_than}
        if len(workers) == WORKERS:
            return workers
        await asyncio.sleep(0.05)
    raise TimeoutError("there are too few workers")


async def metrics(gateway: Gateway) -> str:
    async with gateway.http.get(f"{gateway.url}/metrics") as response:
        return await response.text()


async def test_all_serve_and_count_together(gateway: Gateway) -> None:
    for _ in range(60):
        status, answer = await gateway.post("{ hello }", connection="close")
        assert (status, answer) == (200, {"data": {"hello": "world"}})
    text = await metrics(gateway)
    counted = re.findall(
        r'^rapport_gateway_requests_total\{worker="(\d)",kind="query",outcome="ok"\} (\S+)$', text, re.M
    )
    assert sum(float(number) for _, number in counted) == 60
    assert len(counted) > 1
    assert text.count("# TYPE rapport_gateway_requests_total counter\n") == 1
    assert set(re.findall(r'worker="(\d)"', text)) == {"0", "1", "2"}


async def test_one_that_dies_is_replaced_and_the_others_serve_on(gateway: Gateway) -> None:
    victim = min(await until_there_are_workers(gateway))
    os.kill(victim, signal.SIGKILL)
    await until_there_are_workers(gateway, other_than=victim)
    for _ in range(30):
        status, _ = await gateway.post("{ hello }", connection="close")
        assert status == 200


async def test_they_end_together_and_let_requests_finish(gateway: Gateway) -> None:
    workers = await until_there_are_workers(gateway)

    async def wait(_: object, __: object) -> None:
        gateway.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)

    gateway.servers["hello"].hook = wait
    assert await gateway.post("{ hello }") == (200, {"data": {"hello": "world"}})
    assert await asyncio.wait_for(gateway.process.wait(), 15) == 0
    assert not [pid for pid in workers if _runs(pid)]


async def test_none_stays_behind_when_the_supervisor_is_killed(gateway: Gateway) -> None:
    workers = await until_there_are_workers(gateway)
    gateway.process.kill()
    await gateway.process.wait()
    for _ in range(400):
        left = [pid for pid in workers if _runs(pid)]
        if not left:
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"workers stay behind: {left}")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_a_setting_that_does_not_fit_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "a.graphql").write_text(LINK + "type Query { a: Int }")
    file = str(tmp_path / "super.graphql")
    composing = await start_process("compose", "--subgraph", f"a=http://a.test/@{tmp_path}/a.graphql", "--output", file)
    assert await composing.wait() == 0
    process = await start_process(
        "serve", "--supergraph", file, "--port", "0", "--workers", "2", RAPPORT_GATEWAY_SUBSCRIPTION_SSE="no"
    )
    _, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    assert err.decode() == "error: RAPPORT_GATEWAY_SUBSCRIPTION_SSE names 'no', which is no subgraph\n"


def test_metrics_of_several_are_merged() -> None:
    one = '# HELP a_total A {thing}.\n# TYPE a_total counter\na_total 1.0\n# HELP b B.\n# TYPE b gauge\nb{x="{"} 2.0\n'
    two = "# HELP a_total A {thing}.\n# TYPE a_total counter\na_total 5.0\n"
    assert merged({"0": one, "1": two, "2": ""}).decode().splitlines() == [
        "# HELP a_total A {thing}.",
        "# TYPE a_total counter",
        'a_total{worker="0"} 1.0',
        'a_total{worker="1"} 5.0',
        "# HELP b B.",
        "# TYPE b gauge",
        'b{worker="0",x="{"} 2.0',
    ]


async def test_a_worker_that_is_away_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "0").touch()
    (tmp_path / "1").touch()
    own = WorkerMetrics(tmp_path, 1, lambda: b"# HELP a A.\na 1\n")
    assert await own.render() == b'# HELP a A.\na{worker="1"} 1\n'
