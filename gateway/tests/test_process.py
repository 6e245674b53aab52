"""The gateway as a process: commands, exit codes, an orderly end."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path

import aiohttp
from gateway.tests.gateway_process import running_gateway, start_process
from gateway.tests.subgraph_world import LINK, Subgraph

HELLO = Subgraph("type Query { hello: String slow: String }", {"hello": "world"})


async def run(*arguments: str, **environment: str) -> tuple[int | None, str, str]:
    process = await start_process(*arguments, **environment)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), err.decode()


async def test_sigterm_lets_requests_finish_and_closes_sockets(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, hello=HELLO) as gateway:

        async def wait(_: object, __: object) -> None:
            gateway.process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.5)

        async with gateway.websocket() as client:
            gateway.servers["hello"].hook = wait
            status, answer = await gateway.post("{ hello }")
            assert (status, answer) == (200, {"data": {"hello": "world"}})
            assert await client.close_code() == 1001
        assert await asyncio.wait_for(gateway.process.wait(), 15) == 0


async def test_readiness_names_the_subgraph_that_is_away(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, hello=HELLO, other=Subgraph("type Query { b: Int }")) as gateway:
        await gateway.servers["other"].stop()
        async with gateway.http.get(f"{gateway.url}/ready") as response:
            assert response.status == 503
            assert await response.json() == {"status": "not ready", "unreachable": ["other"]}
        async with gateway.http.get(f"{gateway.url}/health") as response:
            assert response.status == 200
        _, answer = await gateway.post("{ hello b }")
        assert answer["data"] == {"hello": "world", "b": None}
        assert answer["errors"][0]["extensions"] == {"code": "SUBREQUEST_FAILED"}


async def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "a.graphql").write_text(LINK + "type Query { a: Int }")
    file = str(tmp_path / "super.graphql")
    done = await run("compose", "--subgraph", f"a=http://a.test/graphql@{tmp_path}/a.graphql", "--output", file)
    assert done == (0, "", "")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, _, err = await run("serve", "--supergraph", file, "--port", str(port))
    assert code == 1
    assert err.splitlines()[-1] == f"error: cannot listen on 127.0.0.1:{port}: Address already in use"


async def test_compose_tells_every_problem(tmp_path: Path) -> None:
    (tmp_path / "a.graphql").write_text(LINK + "type Query { a: Int b: Int @shareable }")
    (tmp_path / "b.graphql").write_text(LINK + "type Query { a: Int b: String @shareable }")
    subgraphs = [f"{name}=http://{name}.test@{tmp_path}/{name}.graphql" for name in "ab"]
    code, out, err = await run("compose", "--subgraph", subgraphs[0], "--subgraph", subgraphs[1])
    assert (code, out) == (1, "")
    assert [line.split(":")[1].strip() for line in err.splitlines()] == ["INVALID_FIELD_SHARING", "FIELD_TYPE_MISMATCH"]


async def test_settings_come_from_the_environment_and_are_checked() -> None:
    code, _, err = await run("serve", RAPPORT_GATEWAY_SUPERGRAPH="/nowhere.graphql")
    assert (code, err) == (1, "error: [Errno 2] No such file or directory: '/nowhere.graphql'\n")
    code, _, err = await run("serve", RAPPORT_GATEWAY_PORT="many")
    assert (code, err) == (1, "error: RAPPORT_GATEWAY_PORT is 'many', which is no int\n")
    code, _, err = await run("serve")
    assert code == 1
    assert "RAPPORT_GATEWAY_SUPERGRAPH" in err


async def test_what_is_wrong_with_a_setting_is_told_once_whatever_the_number_of_workers(tmp_path: Path) -> None:
    (tmp_path / "a.graphql").write_text(LINK + "type Query { a: Int }")
    file = str(tmp_path / "super.graphql")
    await run("compose", "--subgraph", f"a=http://a.test@{tmp_path}/a.graphql", "--output", file)
    for workers in ("1", "2"):
        settings = {"RAPPORT_GATEWAY_WORKERS": workers, "RAPPORT_GATEWAY_CORS_ORIGINS": "everywhere"}
        code, _, err = await run("serve", "--supergraph", file, "--port", "0", **settings)
        assert (code, len(err.splitlines())) == (1, 1), err
        assert "CORS_ORIGINS: 'everywhere' is not of the form" in err


async def test_a_supergraph_that_cannot_be_served(tmp_path: Path) -> None:
    file = tmp_path / "s.graphql"
    for text, reason in [
        ("type Query { a: Int }", "no join__Graph enum"),
        ("type Query {", "not a readable SDL"),
        (
            'schema @link(url: "https://specs.apollo.dev/future/v0.1", for: SECURITY) { query: Query }',
            "https://specs.apollo.dev/future/v0.1, which is not supported",
        ),
    ]:
        file.write_text(text)
        code, _, err = await run("serve", "--supergraph", str(file))
        assert code == 1
        assert reason in err
        assert len(err.splitlines()) == 1


async def test_explain_prints_operation_and_plan(tmp_path: Path) -> None:
    (tmp_path / "a.graphql").write_text(LINK + "type Query { a: Int b: Int }")
    file = str(tmp_path / "super.graphql")
    await run("compose", "--subgraph", f"a=http://a.test@{tmp_path}/a.graphql", "--output", file)
    code, out, _ = await run("explain", "--supergraph", file, "query($x: Boolean!) { a b @include(if: $x) }")
    assert code == 0
    assert "# Normalised operation\nquery {\n  a\n}" in out
    assert "Fetch(subgraph: 'a')" in out
    assert "# Requests\n1. query to a http://a.test\n   query{a}\n" in out
    code, out, err = await run("explain", "--supergraph", file, "{ nope }")
    assert (code, out) == (1, "")
    assert err.startswith("error: GRAPHQL_VALIDATION_FAILED")


async def test_connections_are_refused_after_the_end(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, hello=HELLO) as gateway:
        gateway.process.terminate()
        assert await asyncio.wait_for(gateway.process.wait(), 15) == 0
        try:
            await gateway.post("{ hello }")
        except aiohttp.ClientConnectionError:
            return
        raise AssertionError("the port still answers")
