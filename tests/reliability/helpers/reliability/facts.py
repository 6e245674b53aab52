"""Reads the end state of the running system from its databases and its broker."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from rapport_automation.app import webhook_service
from rapport_automation.consumers import HANDLERS as AUTOMATION_HANDLERS
from rapport_automation.webhooks.repository import COLLECTION as WEBHOOKS
from rapport_automation.webhooks.values import matches
from rapport_automation.work import AutomationWork
from rapport_customers.consumers import HANDLERS as CUSTOMERS_HANDLERS
from rapport_customers.work import CustomersWork
from rapport_identity.consumers import HANDLERS as IDENTITY_HANDLERS
from rapport_identity.sessions.repository import SESSIONS
from rapport_identity.work import IdentityWork
from rapport_interactions.consumers import HANDLERS as INTERACTIONS_HANDLERS
from rapport_interactions.work import InteractionsWork
from rapport_local.testing import RunningSystem
from rapport_shared.access import ACCESS_HANDLERS
from rapport_shared.access.records import COLLECTION as ACCESS
from rapport_shared.actor import Actor
from rapport_shared.audit.rows import BLOCKS
from rapport_shared.clock import system_clock
from rapport_shared.contracts.automation import WebhookCreated
from rapport_shared.contracts.customers import CustomerCreated, CustomerUpdated
from rapport_shared.contracts.interactions import InteractionDeleted, InteractionRecorded, InteractionUpdated
from rapport_shared.delivery import Handlers
from rapport_shared.events import Event, decode
from rapport_shared.messaging import ConsumerGroup, open_channel
from rapport_shared.mongo import Mongo, Session, connect, database_name
from rapport_shared.persistence import AggregateRepository
from rapport_tasks.consumers import HANDLERS as TASKS_HANDLERS
from rapport_tasks.work import TasksWork
from reliability.checker import Copy, Facts, StoredEvent

CONSUMERS: Mapping[str, Handlers[Any]] = {
    "identity": IDENTITY_HANDLERS,
    "customers": CUSTOMERS_HANDLERS,
    "interactions": INTERACTIONS_HANDLERS,
    "tasks": TASKS_HANDLERS,
    "automation": AUTOMATION_HANDLERS,
}
_WORK = {
    "identity": IdentityWork,
    "customers": CustomersWork,
    "interactions": InteractionsWork,
    "tasks": TasksWork,
    "automation": AutomationWork,
}
# The copies that services keep: where, which of its rows, of whom, and the fields that must be the source's.
_PROJECTIONS = (
    ("interactions", "customers", {}, ("customers", "customers"), ("version", "owner_id", "deleted", "kind", "stage")),
    ("tasks", "customers", {}, ("customers", "customers"), ("version", "owner_id", "deleted")),
    ("tasks", "interactions", {}, ("interactions", "interactions"), ("version", "next_follow_up_at")),
    *(
        (service, ACCESS, {"kind": "USER"}, ("identity", "users"), ("version", "role", "active", "team_id"))
        for service in CONSUMERS
    ),
    *((service, ACCESS, {"kind": "TEAM"}, ("identity", "teams"), ("version", "parent_id")) for service in CONSUMERS),
)
_RENAMED = {"follow_up_at": "next_follow_up_at"}

# The copies whose version alone most events of these types change.
COPYING: Sequence[tuple[str, str, tuple[type[Event], ...]]] = (
    ("interactions", "customers", (CustomerCreated, CustomerUpdated)),
    ("tasks", "customers", (CustomerCreated, CustomerUpdated)),
    ("tasks", "interactions", (InteractionRecorded, InteractionUpdated, InteractionDeleted)),
)
HEARD = ("customers.#", "interactions.#")
_ACCESS = {kind.routing_key for kind in ACCESS_HANDLERS}

Records = dict[str, dict[str, Any]]


class Row(NamedTuple):
    """An outbox row, as far as it says which event it is."""

    id: str
    routing_key: str
    subject: str
    version: int


class EndState:
    """What there is to see when the system has come to rest."""

    def __init__(self, system: RunningSystem) -> None:
        self._amqp_url = system.addresses.amqp_url
        prefix, url = system.addresses.database_prefix, system.addresses.mongo_url
        self._databases: dict[str, Mongo] = {
            service: connect(url, database_name(prefix, service)) for service in CONSUMERS
        }

    async def close(self) -> None:
        """Close the connections."""
        for mongo in self._databases.values():
            await mongo.close()

    async def waiting(self) -> dict[str, int]:
        """How many events each service still has to publish."""
        return {
            service: await mongo.database["outbox"].count_documents({"waiting": True})
            for service, mongo in self._databases.items()
        }

    async def queued(self) -> dict[str, int]:
        """How many messages each queue and dead-letter queue holds and nobody has taken."""
        counts: dict[str, int] = {}
        async with open_channel(self._amqp_url) as channel:
            for service in CONSUMERS:
                group = ConsumerGroup(service)
                for name in (group.queue, group.dead_letter_queue):
                    queue = await channel.get_queue(name)
                    counts[name] = queue.declaration_result.message_count or 0
        return counts

    async def listen(self) -> None:
        """Have a webhook listen to most events, paused: for events that nobody listens to, nothing is kept."""
        mongo, by = self._databases["automation"], Actor("usr_reliability", "ADMIN")
        if await mongo.database[WEBHOOKS].find_one({}) is None:
            webhooks = webhook_service(mongo)
            made = await webhooks.create({"url": "https://nobody.test/", "events": HEARD}, idempotency_key=None, by=by)
            await webhooks.update(made.id, {"active": False}, expected_version=None, by=by)

    async def unhandled(self) -> int:
        """How many effects of the outboxes' events at consumers are still to come."""
        wanted = await self._wanted([row for service in CONSUMERS for row in await self._rows(service)])
        return sum([len(wanted[consumer] - await self._inbox(consumer)) for consumer in CONSUMERS])

    async def read(self) -> Facts:
        """Everything."""
        events = {service: await self._events(service) for service in CONSUMERS}
        records = {
            service: {collection: await self._all(service, collection) for collection in self._collections(service)}
            for service in CONSUMERS
        }
        every = [event for own in events.values() for event in own]
        wanted, seals = await self._wanted(every), await self._seals()
        of_type = _of_handled_types(every)
        interactions, tasks = records["interactions"]["interactions"], records["tasks"]["tasks"]
        return Facts(
            events=events,
            records={
                service: {key: value for found in own.values() for key, value in _only(found, "version").items()}
                for service, own in records.items()
            },
            waiting=await self.waiting(),
            queued=await self.queued(),
            wanted=wanted,
            handled={
                consumer: await self._inbox(consumer) - seals - (of_type[consumer] - wanted[consumer])
                for consumer in CONSUMERS
            },
            copies=[
                *await self._projections(records),
                *_owners(records["customers"]["customers"], {"interactions": interactions, "tasks": tasks}),
            ],
            follow_ups_wanted={
                identifier: record["next_follow_up_at"]
                for identifier, record in interactions.items()
                if record["next_follow_up_at"] is not None
            },
            follow_ups=[(task["interaction_id"], task["due_at"]) for task in tasks.values() if task["interaction_id"]],
        )

    def _collections(self, service: str) -> list[str]:
        """Of aggregates each of whose versions is an event; the beginning of a session is none."""
        work = _WORK[service](self._databases[service].database, cast("Session", None), clock=system_clock)
        repositories = [each for each in vars(work).values() if isinstance(each, AggregateRepository)]
        return [each.collection for each in repositories if each.collection != SESSIONS]

    async def _projections(self, records: Mapping[str, Mapping[str, Records]]) -> list[Copy]:
        copies = []
        for service, collection, rows, (source, of), fields in _PROJECTIONS:
            known = await self._all(service, collection, rows)
            name = f"{of} of {source} in {service}"
            copies.append(Copy(name, _fields(records[source][of], fields), _fields(known, fields)))
        return copies

    async def _all(self, service: str, collection: str, condition: Mapping[str, Any] | None = None) -> Records:
        found = await self._databases[service].database[collection].find(condition or {}).to_list(None)
        return {row.pop("_id"): {_RENAMED.get(name, name): value for name, value in row.items()} for row in found}

    async def _events(self, service: str) -> list[StoredEvent]:
        rows = await self._databases[service].database["outbox"].find({}, {"body": 1}).to_list(None)
        return await asyncio.to_thread(lambda: [_event(bytes(row["body"])) for row in rows])

    async def _rows(self, service: str) -> list[Row]:
        fields = {"routing_key": 1, "subject": 1, "version": 1}
        rows = await self._databases[service].database["outbox"].find({}, fields).to_list(None)
        return [Row(row["_id"], row["routing_key"], row["subject"], row["version"]) for row in rows]

    async def _wanted(self, events: Sequence[Row | StoredEvent]) -> dict[str, set[str]]:
        """Ids of the events whose handling leaves an inbox row at each consumer.

        A change that tells a copy nothing new leaves its version there, and what no webhook listens to
        leaves nothing.
        """
        wanted = _of_handled_types(events)
        for consumer, collection, kinds in COPYING:
            known, keys = await self._all(consumer, collection), {kind.routing_key for kind in kinds}
            wanted[consumer] -= {
                event.id
                for event in events
                if event.routing_key in keys and event.version <= known.get(event.subject, {}).get("version", 0)
            }
        listens = {event.id for event in events if event.routing_key == WebhookCreated.routing_key}
        since = min(listens, default=None)  # ids are in the order of time
        wanted["automation"] -= {
            event.id
            for event in events
            if event.routing_key not in _ACCESS
            and (since is None or event.id < since or not matches(HEARD, event.routing_key))
        }
        return wanted

    async def _seals(self) -> set[str]:
        """Ids of the events that tell of the audit logs' ends: they come from no outbox, and not every end is told."""
        blocks = [
            await mongo.database[BLOCKS].find({}, {"event_id": 1}).to_list(None) for mongo in self._databases.values()
        ]
        return {block["event_id"] for of_service in blocks for block in of_service}

    async def _inbox(self, consumer: str) -> set[str]:
        rows = await self._databases[consumer].database["inbox"].find({}, {"_id": 1}).to_list(None)
        return {row["_id"].removeprefix(f"{consumer}:") for row in rows}


def _event(body: bytes) -> StoredEvent:
    envelope, _ = decode(body)
    return StoredEvent(
        id=envelope.id,
        routing_key=envelope.routing_key,
        subject=envelope.subject,
        version=envelope.version,
        correlation_id=envelope.correlation_id,
        of_request=envelope.causation_id is None,
    )


def _of_handled_types(events: Sequence[Row | StoredEvent]) -> dict[str, set[str]]:
    keys = {consumer: {kind.routing_key for kind in handlers} for consumer, handlers in CONSUMERS.items()}
    return {consumer: {event.id for event in events if event.routing_key in keys[consumer]} for consumer in CONSUMERS}


def _owners(customers: Records, followers: Mapping[str, Records]) -> list[Copy]:
    """Communications and tasks carry the owner of their customer."""
    owner = {identifier: customer["owner_id"] for identifier, customer in customers.items()}
    copies = []
    for service, records in followers.items():
        of_customer = {key: record for key, record in records.items() if record["customer_id"]}
        source = {key: {"owner_id": owner.get(record["customer_id"])} for key, record in of_customer.items()}
        copied = {key: {"owner_id": record["customer_owner_id"]} for key, record in of_customer.items()}
        copies.append(Copy(f"owner of the customer in {service}", source, copied))
    return copies


def _fields(records: Records, names: tuple[str, ...]) -> Records:
    return {identifier: {name: record[name] for name in names} for identifier, record in records.items()}


def _only(records: Records, name: str) -> dict[str, Any]:
    return {identifier: record[name] for identifier, record in records.items()}
