"""The process: a bound socket, uvicorn, and an orderly end."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket

import uvicorn

from rapport_gateway.metrics import Metrics
from rapport_gateway.server.app import Application
from rapport_gateway.server.service_access import service_credentials
from rapport_gateway.server.streaming import stream_settings
from rapport_gateway.settings import Settings
from rapport_gateway.subgraphs.http import Timeouts
from rapport_gateway.subgraphs.network import NetworkClient
from rapport_gateway.supergraph.model import Supergraph

_LOG = logging.getLogger("rapport_gateway")
_BACKLOG = 2048
_GC_THRESHOLDS = (50_000, 50, 50)


class CannotListen(Exception):
    """The address cannot be bound; the message says why."""


class Server(uvicorn.Server):
    """Tells WebSocket clients that it goes away before uvicorn ends their connections."""

    def __init__(self, config: uvicorn.Config, application: Application) -> None:
        super().__init__(config)
        self._application = application

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._application.close_sockets(2.0)
        await super().shutdown(sockets)
        await self._application.close()


def listen(host: str, port: int) -> socket.socket:
    """Raises CannotListen."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CannotListen(f"cannot listen on {host}:{port}: {reason}") from error
    listener.setblocking(False)
    return listener


def serve(supergraph: Supergraph, settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Raises CannotListen."""
    with listen(settings.host, settings.port) as listener:
        port = listener.getsockname()[1]
        application = _application(supergraph, settings)
        config = uvicorn.Config(
            application,
            http="httptools",
            loop="uvloop",
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="debug" if settings.log_level.lower() == "debug" else "warning",
            server_header=False,
            date_header=False,
            ws_max_size=settings.max_body_bytes,
            timeout_graceful_shutdown=max(1, round(settings.shutdown_timeout)),
        )
        server = Server(config, application)
        # uvicorn raises the signal again when it is done; the process must then end with 0.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        _LOG.info("serving %d subgraphs on http://%s:%d/graphql", len(supergraph.subgraphs), settings.host, port)
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(server.serve(sockets=[listener]))


def _application(supergraph: Supergraph, settings: Settings) -> Application:
    metrics = Metrics()
    client = NetworkClient(
        supergraph.subgraphs.values(),
        metrics=metrics,
        timeouts=Timeouts(settings.connect_timeout, settings.query_timeout, settings.mutation_timeout),
        streams=stream_settings(settings, [subgraph.name for subgraph in supergraph.subgraphs.values()]),
        max_answer_bytes=settings.max_answer_bytes,
        credentials=service_credentials(settings),
    )
    return Application(supergraph, client, metrics, settings)
