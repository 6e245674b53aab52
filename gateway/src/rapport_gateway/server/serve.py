"""The process: a bound socket, uvicorn, and an orderly end."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn

from rapport_gateway.metrics import Metrics
from rapport_gateway.server.app import Application
from rapport_gateway.server.garbage import look_at_new
from rapport_gateway.server.idle_socket import IdleSocketProtocol
from rapport_gateway.server.in_force import InForce
from rapport_gateway.server.lean import LeanProtocol
from rapport_gateway.server.manifest_reload import ManifestReloader
from rapport_gateway.server.reload import FileSource, Reloader, RunningSource, Source
from rapport_gateway.server.service_access import service_credentials, subgraph_urls
from rapport_gateway.server.telemetry import tracer
from rapport_gateway.server.worker_metrics import WorkerMetrics
from rapport_gateway.server.workers import Supervisor, end_with_supervisor
from rapport_gateway.settings import Settings
from rapport_gateway.supergraph.loader import load_supergraph
from rapport_gateway.supergraph.model import Supergraph

_LOG = logging.getLogger("rapport_gateway")
_SWITCH_SECONDS = 0.0005  # how long a thread that reads a large document may hold up the loop at a time
_BACKLOG = 2048
_LAST_SECONDS = 5.0  # for sockets to be told, before a worker that does not end is killed


Beside = Callable[[], Coroutine[None, None, None]]


class CannotListen(Exception):
    """The address cannot be bound; the message says why."""


class Server(uvicorn.Server):
    """Tells WebSocket clients that it goes away before uvicorn ends their connections."""

    def __init__(self, config: uvicorn.Config, application: Application, beside: Sequence[Beside]) -> None:
        """`beside` runs as long as requests are served."""
        super().__init__(config)
        self._application = application
        self._beside = beside
        self._tasks: list[asyncio.Task[None]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tasks = [asyncio.create_task(run()) for run in self._beside]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for task in self._tasks:
            task.cancel()
        await self._application.close_sockets(2.0)
        await super().shutdown(sockets)
        await self._application.close()


def listen(host: str, port: int, *, is_shared: bool = False, backlog: int = _BACKLOG) -> socket.socket:
    """`is_shared`: with others that listen there in the same way; `backlog` 0 only keeps the place.

    Raises CannotListen.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if is_shared:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.bind(address)
            if backlog:
                listener.listen(backlog)
        except OSError:
            listener.close()
            raise
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CannotListen(f"cannot listen on {host}:{port}: {reason}") from error
    listener.setblocking(False)
    return listener


def _drop_stuck(listener: socket.socket, seconds: float) -> None:
    """Connections of clients that take nothing for so long end, whoever still waits for them (where the system can)."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None:
        listener.setsockopt(socket.IPPROTO_TCP, option, round(seconds * 1000))


def serve(sdl: str, settings: Settings) -> None:
    """Serves a supergraph until SIGTERM or SIGINT. Raises CannotListen, InvalidSupergraph, InvalidSetting."""
    supergraph = load_supergraph(sdl)
    look_at_new()
    # uvicorn raises the signal again when it is done; the process must then end with 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    if settings.workers == 1:
        with listen(settings.host, settings.port) as listener:
            _serve_on(listener, sdl, supergraph, settings)
        return
    metrics = Metrics()
    Application(InForce(supergraph, settings, metrics), metrics, settings)  # what is wrong is told once, and here
    with (
        listen(settings.host, settings.port, is_shared=True, backlog=0) as held,
        TemporaryDirectory(prefix="rapport-gateway-") as folder,
    ):
        port = held.getsockname()[1]

        def work(worker: int, alive: int) -> None:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: None)
            with listen(settings.host, port, is_shared=True) as listener:
                _serve_on(listener, sdl, supergraph, settings, Worker(worker, alive, Path(folder)))

        Supervisor(settings.workers, work, grace=settings.shutdown_timeout + _LAST_SECONDS).run()


@dataclass(frozen=True, slots=True)
class Worker:
    """One of several processes; `alive` ends with the supervisor, `folder` is where workers meet."""

    number: int
    alive: int
    folder: Path


def _serve_on(
    listener: socket.socket, sdl: str, supergraph: Supergraph, settings: Settings, worker: Worker | None = None
) -> None:
    _drop_stuck(listener, 2 * settings.stream_send_timeout)
    port = listener.getsockname()[1]
    metrics = Metrics(tracer(settings))
    in_force = InForce(supergraph, settings, metrics)
    beside = _beside(settings, in_force, metrics, sdl)
    workers = None
    if worker is not None:
        workers = WorkerMetrics(worker.folder, worker.number, metrics.render)
        beside += [workers.serve, partial(end_with_supervisor, worker.alive)]
    application = Application(in_force, metrics, settings, workers)
    config = uvicorn.Config(
        application,
        http=LeanProtocol,
        ws=IdleSocketProtocol,
        loop="uvloop",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="debug" if settings.log_level.lower() == "debug" else "warning",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ws_per_message_deflate=False,  # it would take more memory for a client than everything else
        ws_max_size=settings.max_body_bytes,
        timeout_keep_alive=settings.keep_alive,
        timeout_graceful_shutdown=max(1, round(settings.shutdown_timeout)),
    )
    server = Server(config, application, beside)
    sys.setswitchinterval(_SWITCH_SECONDS)
    look_at_new()
    _LOG.info("serving %d subgraphs on http://%s:%d/graphql", len(supergraph.subgraphs), settings.host, port)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listener]))
    metrics.tracer.close()


def _beside(settings: Settings, in_force: InForce, metrics: Metrics, sdl: str) -> list[Beside]:
    beside: list[Beside] = [in_force.start]
    if in_force.recorder:
        beside.append(in_force.recorder.run)
    if settings.reload_interval:
        beside.append(_reloader(settings, in_force, metrics, sdl).run)
    if settings.reload_interval and settings.trusted_documents:
        file = Path(settings.trusted_documents)
        beside.append(ManifestReloader(file, in_force.documents, interval=settings.reload_interval).run)
    return beside


def _reloader(settings: Settings, in_force: InForce, metrics: Metrics, sdl: str) -> Reloader:
    source: Source
    if urls := subgraph_urls(settings):
        source = RunningSource(urls, service_credentials(settings))
    else:
        source = FileSource(Path(settings.supergraph))
    return Reloader(source, in_force.replace, metrics, interval=settings.reload_interval, in_force=sdl)
