"""Loading a plan through the API: staff, customers, conversations and tasks, each recorded as its own author.

Nothing is doubled by a repeat: staff and customers are found by external id, conversations and tasks carry an
idempotency key, and a task is only moved on from the version it was created with.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rapport_cli.batch import Call, Executor, chunks
from rapport_cli.client import Json
from rapport_cli.sample.records import Customer, Interaction, Plan, Staff, Task
from rapport_cli.sample.steps import Step, StepRunner
from rapport_cli.settings import Credentials

PAGE = 100
FIRST_VERSION = 1

USER_IDS = f"""query UserIds($keys: [String!]!) {{
  found: users(first: {PAGE}, filter: {{ externalId: {{ in: $keys }} }}) {{ nodes {{ id externalId }} }}
}}"""
CUSTOMER_IDS = f"""query CustomerIds($keys: [String!]!) {{
  found: customers(first: {PAGE}, filter: {{ externalId: {{ in: $keys }} }}) {{ nodes {{ id externalId }} }}
  gone: customers(first: {PAGE}, filter: {{ externalId: {{ in: $keys }}, deleted: true }}) {{ nodes {{ externalId }} }}
}}"""

RULE_TAGS = {
    "name": "Activity · 活跃度",
    "tags": [
        {"name": "活跃客户", "colour": "#2E8B57", "rule": {"lastOrderAt": {"withinDays": 30}}},
        {"name": "待唤醒客户", "colour": "#CD853F", "rule": {"lastInteractionAt": {"notForDays": 90}}},
    ],
}
"""Tags that the system gives: bought within 30 days, and not spoken with for 90."""

ADMIN = ""
Advance = Callable[[str, int, int], None]
Settled = Callable[[int], None]


class Loader:
    """Brings one plan into one system. `advance(stage, more, total)` hears of progress."""

    def __init__(
        self,
        plan: Plan,
        admin: Executor,
        open_session: Callable[[Credentials], Executor],
        accounts: Mapping[str, Credentials],
        advance: Advance,
    ) -> None:
        self._plan = plan
        self._sessions = {ADMIN: admin, **{key: open_session(account) for key, account in accounts.items()}}
        self._accounts = accounts
        self._advance = advance
        self._runner = StepRunner(self._sessions.__getitem__)
        self._ids: dict[str, str] = {}
        self._gone: set[str] = set()

    async def load(self) -> str:
        """Create what is missing; a line with what is there in the end."""
        plan = self._plan
        await self._load_staff()
        await self._load_customers()
        await self._load_rule_tags()
        interactions = [record for record in plan.interactions if record.customer_key not in self._gone]
        tasks = [record for record in plan.tasks if record.customer_key not in self._gone]
        await self._create("communications", interactions, self._interaction)
        created = await self._create("tasks", tasks, self._task)
        await self._move(tasks, created)
        customers = len(plan.customers) - len(self._gone)
        left_out = f" ({len(self._gone)} deleted customers left out)" if self._gone else ""
        return (
            f"{len(plan.staff)} staff, {customers} customers{left_out}, "
            f"{len(interactions)} communications, {len(tasks)} tasks"
        )

    async def _load_staff(self) -> None:
        """Managers before those who answer to them."""
        staff, total = self._plan.staff, len(self._plan.staff)
        await self._find(USER_IDS, staff)
        self._advance("staff", len(self._ids), total)
        for missing in (
            [member for member in staff if member.key not in self._ids and member.manager_key is None],
            [member for member in staff if member.key not in self._ids and member.manager_key is not None],
        ):
            steps = [Step(member.key, ADMIN, self._user(member)) for member in missing]
            self._learn(await self._runner.run(steps, self._settled("staff", total)))

    async def _load_customers(self) -> None:
        customers, total = self._plan.customers, len(self._plan.customers)
        await self._find(CUSTOMER_IDS, customers)
        missing = [record for record in customers if record.key not in self._ids and record.key not in self._gone]
        self._advance("customers", total - len(missing), total)
        steps = [Step(record.key, ADMIN, self._customer(record)) for record in missing]
        self._learn(await self._runner.run(steps, self._settled("customers", total)))

    async def _load_rule_tags(self) -> None:
        """One group; where there is one of that name, it is left as it is."""
        made = Step("rule tags", ADMIN, self._call("createTagGroup", "tagGroup { id }", "rule-tags", RULE_TAGS))
        self._advance("rule tags", 0, 1)
        await self._runner.run([made], self._settled("rule tags", 1), accepted=frozenset({"TAG_NAME_TAKEN"}))

    async def _create(
        self,
        stage: str,
        records: Sequence[Any],
        as_step: Callable[[Any], Step],
    ) -> dict[str, Json]:
        """The last one goes first: once it is accepted, the service has heard of nearly every customer."""
        steps = [as_step(record) for record in records]
        self._advance(stage, 0, len(steps))
        settled = self._settled(stage, len(steps))
        newest = await self._runner.run(steps[-1:], settled)
        return newest | await self._runner.run(steps[:-1], settled)

    async def _move(self, tasks: Iterable[Task], created: Mapping[str, Json]) -> None:
        """Bring tasks to their final status, as their assignee; a task that was touched since stays as it is."""
        steps = [
            Step(task.key, task.assignee_key, _transition(task, created[task.key]["id"]))
            for task in tasks
            if task.status != "OPEN" and created[task.key]["version"] == FIRST_VERSION
        ]
        self._advance("task progress", 0, len(steps))
        settled = self._settled("task progress", len(steps))
        await self._runner.run(steps, settled, accepted=frozenset({"VERSION_CONFLICT"}))

    async def _find(self, query: str, records: Sequence[Staff] | Sequence[Customer]) -> None:
        """Learn the ids of what exists already, and what was deleted."""
        keys = {self._external_id(record.key): record.key for record in records}
        pages = [{"keys": piece} for piece in chunks(list(keys), PAGE)]
        admin = self._sessions[ADMIN]
        for data in await asyncio.gather(*(admin.execute(query, page, repeatable=True) for page in pages)):
            self._ids.update({keys[node["externalId"]]: node["id"] for node in data["found"]["nodes"]})
            self._gone.update(keys[node["externalId"]] for node in data.get("gone", {"nodes": []})["nodes"])
        self._gone -= self._ids.keys()

    def _learn(self, records: Mapping[str, Json]) -> None:
        self._ids.update({key: record["id"] for key, record in records.items()})

    def _settled(self, stage: str, total: int) -> Settled:
        return lambda more: self._advance(stage, more, total)

    def _external_id(self, key: str) -> str:
        return f"sample-{self._plan.seed}:{key}"

    def _user(self, member: Staff) -> Call:
        fields = {
            "email": member.email,
            "name": member.name,
            "role": member.role,
            "title": member.title,
            "password": self._accounts[member.key].password,
            "managerId": self._ids.get(member.manager_key or ""),
            "externalId": self._external_id(member.key),
        }
        return self._call("createUser", "user { id }", member.key, fields)

    def _customer(self, record: Customer) -> Call:
        fields = {
            "kind": record.kind,
            "name": record.name,
            "phone": record.phone,
            "email": record.email,
            "source": record.source,
            "stage": record.stage,
            "ownerId": self._ids[record.owner_key],
            "tags": list(record.tags),
            "externalId": self._external_id(record.key),
        }
        return self._call("createCustomer", "customer { id }", record.key, fields)

    def _interaction(self, record: Interaction) -> Step:
        fields = {
            "customerId": self._ids[record.customer_key],
            "channel": record.channel,
            "occurredAt": _utc(record.occurred_at),
            "participants": list(record.participants),
            "content": record.content,
            "outcome": record.outcome,
            "intent": record.intent,
            "nextFollowUpAt": _utc(record.next_follow_up_at) if record.next_follow_up_at else None,
        }
        call = self._call("recordInteraction", "interaction { id }", record.key, fields)
        return Step(record.key, record.author_key, call)

    def _task(self, record: Task) -> Step:
        fields = {
            "title": record.title,
            "description": record.description,
            "assigneeId": self._ids[record.assignee_key],
            "dueAt": _utc(record.due_at),
            "priority": record.priority,
            "customerId": self._ids[record.customer_key] if record.customer_key else None,
        }
        return Step(record.key, record.creator_key, self._call("createTask", "task { id version }", record.key, fields))

    def _call(self, mutation: str, selection: str, key: str, fields: Mapping[str, Any]) -> Call:
        filled = {name: value for name, value in fields.items() if value is not None}
        return Call(mutation, filled | {"idempotencyKey": f"sample:{self._plan.seed}:{key}"}, selection)


def _transition(task: Task, task_id: str) -> Call:
    change: dict[str, Any] = {"id": task_id, "expectedVersion": FIRST_VERSION}
    if task.status == "DONE":
        return Call("completeTask", change | {"result": task.result}, "task { id }")
    if task.status == "CANCELLED":
        return Call("cancelTask", change | {"reason": task.reason}, "task { id }")
    return Call("updateTask", change | {"status": task.status}, "task { id }")


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
