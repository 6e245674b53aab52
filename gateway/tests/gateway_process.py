"""The gateway on a real socket: in this process with real subgraph servers, or as a process of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from gateway.tests.subgraph_world import LINK, InProcessClient, Subgraph

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.errors import ErrorPolicy
from rapport_gateway.subgraphs.client import SubgraphErrors, SubgraphFailure, SubgraphRequest
from rapport_gateway.supergraph.composition import SubgraphSource
from rapport_local.ports import free_ports

Hook = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse | None]]


def free_port() -> int:
    [port] = free_ports(1)
    return port


@dataclass
class SubgraphServer:
    """A subgraph over real HTTP and WebSocket. `hook` may answer in its place; what came in is recorded."""

    name: str
    subgraph: Subgraph
    hook: Hook | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    handshakes: list[dict[str, str]] = field(default_factory=list)
    inits: list[Any] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    subscribed: list[str] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    refuse_with: int | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def forget(self) -> None:
        """What came in, and what it was to do."""
        self.hook = self.refuse_with = None
        self.ended.clear()
        for recorded in (
            self.requests,
            self.headers,
            self.handshakes,
            self.inits,
            self.sockets,
            self.subscribed,
            self.completed,
        ):
            recorded.clear()

    async def start(self, port: int) -> None:
        self._client = InProcessClient({self.name: self.subgraph})
        app = web.Application()
        app.router.add_post("/graphql", self._post)
        app.router.add_get("/graphql", self._websocket)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port, reuse_address=True).start()
        self.url = f"http://127.0.0.1:{port}/graphql"

    async def stop(self) -> None:
        for ws in self.sockets:
            await ws.close()
        await self._runner.cleanup()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        payload = await request.json()
        self.requests.append(payload)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        if self.hook is not None and (own := await self.hook(request, payload)) is not None:
            return own
        answer = await self._client.execute(self._request(payload, "query"))
        return web.json_response({"data": answer.data, **({"errors": answer.errors} if answer.errors else {})})

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(protocols=("graphql-transport-ws",))
        await ws.prepare(request)
        self.sockets.append(ws)
        self.handshakes.append({name.lower(): value for name, value in request.headers.items()})
        init = await ws.receive_json()
        self.inits.append(init.get("payload"))
        if self.refuse_with:
            await ws.close(code=self.refuse_with)
            return ws
        await ws.send_json({"type": "connection_ack"})
        await ws.send_json({"type": "ping"})
        running: dict[str, asyncio.Task[None]] = {}
        async for frame in ws:
            message = orjson.loads(frame.data)
            match message["type"]:
                case "subscribe":
                    self.subscribed.append(message["id"])
                    running[message["id"]] = asyncio.create_task(self._events(ws, message))
                case "complete":
                    self.completed.append(message["id"])
                    running.pop(message["id"]).cancel()
                    self.ended.set()
        for task in running.values():
            task.cancel()
        return ws

    async def _events(self, ws: web.WebSocketResponse, message: dict[str, Any]) -> None:
        request = self._request(message["payload"], "subscription")
        try:
            async with self._client.subscribe(request) as answers:
                async for answer in answers:
                    await ws.send_json({"id": message["id"], "type": "next", "payload": {"data": answer.data}})
        except SubgraphErrors as failure:
            await ws.send_json({"id": message["id"], "type": "error", "payload": failure.told(ErrorPolicy())})
        except (SubgraphFailure, ConnectionError):
            return
        else:
            await ws.send_json({"id": message["id"], "type": "complete"})

    def _request(self, payload: dict[str, Any], kind: str) -> SubgraphRequest:
        return SubgraphRequest(self.name, kind, payload["query"], payload.get("variables") or {}, {})


@dataclass
class Gateway:
    """A running gateway process; `servers` are its subgraphs."""

    url: str
    process: asyncio.subprocess.Process
    servers: dict[str, SubgraphServer]
    http: aiohttp.ClientSession

    async def post(self, query: str, variables: Any = None, **headers: str) -> tuple[int, Any]:
        body = {"query": query, "variables": variables}
        async with self.http.post(f"{self.url}/graphql", json=body, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    @asynccontextmanager
    async def websocket(
        self, init: Any = None, *, acknowledged: bool = True, headers: dict[str, str] | None = None
    ) -> AsyncIterator[GraphQLSocket]:
        protocols = ("graphql-transport-ws",)
        async with self.http.ws_connect(f"{self.url}/graphql", protocols=protocols, headers=headers) as ws:
            client = GraphQLSocket(ws)
            if acknowledged:
                await client.send(type="connection_init", payload=init or {})
                assert await client.receive() == {"type": "connection_ack"}
            yield client


@dataclass
class GraphQLSocket:
    ws: aiohttp.ClientWebSocketResponse

    async def send(self, **message: Any) -> None:
        await self.ws.send_str(orjson.dumps(message).decode())

    async def subscribe(self, operation: str, query: str, **variables: Any) -> None:
        await self.send(id=operation, type="subscribe", payload={"query": query, "variables": variables})

    async def receive(self) -> Any:
        return orjson.loads(await self.ws.receive_str(timeout=10))

    async def close_code(self) -> int | None:
        """Reads on until the other side closes."""
        while (message := await self.ws.receive(timeout=10)).type is not aiohttp.WSMsgType.CLOSE:
            if message.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.ERROR}:
                return self.ws.close_code
        return int(message.data)


@asynccontextmanager
async def subgraph_server(name: str, subgraph: Subgraph) -> AsyncIterator[SubgraphServer]:
    server = SubgraphServer(name, subgraph)
    await server.start(free_port())
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def running_gateway(
    folder: Path, environment: Mapping[str, str] | None = None, **subgraphs: Subgraph
) -> AsyncIterator[Gateway]:
    """The gateway's process in front of these subgraphs, each served on a port of its own.

    `environment` are settings by their names without the prefix.
    """
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(subgraph_server(*named)) for named in subgraphs.items()]
        sources = [SubgraphSource(s.name, s.url, LINK + s.subgraph.sdl) for s in servers]
        settings = {f"RAPPORT_GATEWAY_{name}": value for name, value in (environment or {}).items()}
        gateway = await stack.enter_async_context(gateway_before(folder, sources, **settings))
        gateway.servers.update({server.name: server for server in servers})
        yield gateway


@asynccontextmanager
async def gateway_before(folder: Path, sources: list[SubgraphSource], **environment: str) -> AsyncIterator[Gateway]:
    """The gateway's process in front of subgraphs that are served already."""
    (folder / "supergraph.graphql").write_text(compose_supergraph(sources))
    port = free_port()
    arguments = ("serve", "--supergraph", str(folder / "supergraph.graphql"), "--port", str(port))
    process = await start_process(*arguments, **environment)
    async with aiohttp.ClientSession() as http:
        gateway = Gateway(f"http://127.0.0.1:{port}", process, {}, http)
        try:
            await _until_healthy(gateway)
            yield gateway
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()


async def start_process(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
    settings = {
        "RAPPORT_GATEWAY_WEBSOCKET_INIT_TIMEOUT": "1",
        "RAPPORT_GATEWAY_STREAM_SEND_TIMEOUT": "1",
        "RAPPORT_GATEWAY_STREAM_QUEUE_SIZE": "8",
        "RAPPORT_GATEWAY_SSE_KEEP_ALIVE": "0.2",
        "RAPPORT_GATEWAY_QUERY_TIMEOUT": "4",
        **environment,
    }
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "rapport_gateway",
        *arguments,
        env={"PATH": "/usr/bin:/bin", **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def _until_healthy(gateway: Gateway) -> None:
    for _ in range(300):
        try:
            async with gateway.http.get(f"{gateway.url}/health") as response:
                assert response.status == 200
                return
        except aiohttp.ClientConnectionError:
            if gateway.process.returncode is not None:
                raise
            await asyncio.sleep(0.1)
    raise TimeoutError("the gateway did not start")
