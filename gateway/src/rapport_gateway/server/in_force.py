"""The supergraph in force: its pipeline, with plans of its own, and its client for subgraphs."""

from __future__ import annotations

import asyncio
import gc
import weakref
from pathlib import Path

from rapport_gateway.execution.fan_out import FanOut
from rapport_gateway.limits.reading_process import ReadingProcess
from rapport_gateway.metrics import Metrics
from rapport_gateway.pipeline import Pipeline
from rapport_gateway.server.admission import Admission
from rapport_gateway.server.bounds import Bounds
from rapport_gateway.server.clients import client_limits
from rapport_gateway.server.issuers import identities
from rapport_gateway.server.manifests import documents
from rapport_gateway.server.recording import Recorder
from rapport_gateway.server.service_access import service_credentials
from rapport_gateway.server.streaming import stream_settings
from rapport_gateway.settings import Settings
from rapport_gateway.subgraphs.call import Send
from rapport_gateway.subgraphs.client import SubgraphRequest
from rapport_gateway.subgraphs.http import Timeouts
from rapport_gateway.subgraphs.network import NetworkClient
from rapport_gateway.subgraphs.streams import StreamSettings
from rapport_gateway.supergraph.model import Supergraph


class InForce:
    """Raises InvalidSetting where the settings do not fit the supergraph, at the beginning and in `replace`."""

    def __init__(self, supergraph: Supergraph, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._credentials = service_credentials(settings)
        self._identities = identities(settings)
        self._closing: set[asyncio.Task[None]] = set()
        self.client = self._client(supergraph)
        self.client_limits = client_limits(settings)
        bounds = Bounds(self.client_limits, settings.request_timeout)
        self.documents = documents(settings)
        self.admission = Admission(self._pipeline(supergraph, self.client), self.documents, bounds)
        self._schema = supergraph.api_schema
        self.recorder = self.admission.recorder = self._made_recorder()

    def replace(self, supergraph: Supergraph) -> None:
        """From now on for every request. Those under way end with what they began with; subscriptions are ended."""
        client = self._client(supergraph)
        old, old_client = self.admission.pipeline, self.client
        self.client = client
        self._schema = supergraph.api_schema
        self.admission.replace(self._pipeline(supergraph, client))
        self._starting = asyncio.create_task(self.start())
        # Whoever runs on the old pipeline holds it; the last one to let go of it closes its connections.
        loop = asyncio.get_running_loop()
        weakref.finalize(old, loop.call_soon_threadsafe, self._close_soon, old_client, old.apart).atexit = False

    def ready(self, request: SubgraphRequest) -> Send | None:
        """See NetworkClient.ready."""
        return self.client.ready(request)

    async def start(self) -> None:
        """What takes a while to start, so that nobody waits for it."""
        await self.admission.pipeline.start()

    async def close(self) -> None:
        if self.recorder is not None:
            await self.recorder.write()
        if self._closing:
            await asyncio.wait(self._closing)
        await _close(self.client, self.admission.pipeline.apart)

    def _close_soon(self, client: NetworkClient, apart: ReadingProcess | None) -> None:
        gc.collect()  # a schema is full of cycles, and the collector looks at what is old seldom (see `garbage`)
        task = asyncio.create_task(_close(client, apart))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _made_recorder(self) -> Recorder | None:
        folder, interval = self._settings.record_operations, self._settings.record_interval
        return Recorder(Path(folder), lambda: self._schema, interval=interval) if folder else None

    def _pipeline(self, supergraph: Supergraph, client: NetworkClient) -> Pipeline:
        settings, streams = self._settings, self._streams(supergraph)
        return Pipeline(
            supergraph,
            client,
            metrics=self._metrics,
            plan_cache_size=settings.plan_cache_size,
            limits=settings,
            identities=self._identities,
            error_policy=settings.error_policy,
            fan_out=FanOut(streams.shared, max_age=streams.socket_age),
            shares=settings.share_operations,
            reads_apart=settings.read_apart,
        )

    def _client(self, supergraph: Supergraph) -> NetworkClient:
        settings = self._settings
        subgraphs = list(supergraph.subgraphs.values())
        return NetworkClient(
            subgraphs,
            metrics=self._metrics,
            timeouts=Timeouts(settings.connect_timeout, settings.query_timeout, settings.mutation_timeout),
            streams=self._streams(supergraph),
            max_answer_bytes=settings.max_answer_bytes,
            credentials=self._credentials,
            shares_queries=settings.share_queries,
        )

    def _streams(self, supergraph: Supergraph) -> StreamSettings:
        return stream_settings(self._settings, [subgraph.name for subgraph in supergraph.subgraphs.values()])


async def _close(client: NetworkClient, apart: ReadingProcess | None) -> None:
    await client.close()
    if apart is not None:
        await asyncio.to_thread(apart.close)
