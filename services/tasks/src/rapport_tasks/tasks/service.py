"""The use cases of tasks."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rapport_shared.access import COLLECTION as USERS
from rapport_shared.access import AccessRecords
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.mongo import Document, Page, PageRequest, eventually, every
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import Policy, Scope, Verb
from rapport_tasks.projections.customers import COLLECTION as CUSTOMERS
from rapport_tasks.projections.customers import Customers, KnownCustomer
from rapport_tasks.tasks.errors import AssigneeNotFound, CustomerIsErased, CustomerNotFound
from rapport_tasks.tasks.model import Task
from rapport_tasks.tasks.repository import TaskRepository
from rapport_tasks.work import TasksWork

TYPE = "Task"
ID_PREFIX = "tsk"


class TaskService:
    """Every public method is one use case, decided by the caller's rights (``by``)."""

    def __init__(
        self,
        transactions: Transactions[TasksWork],
        tasks: TaskRepository,
        users: AccessRecords,
        customers: Customers,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self.transactions = transactions
        self._tasks = tasks
        self._users = users
        self._customers = customers
        self._policy = policy
        self._clock = clock

    def scope(self, by: Actor, verb: Verb = Verb.READ) -> Scope:
        """The tasks that ``by`` may see, or change."""
        return self._policy.scope(by, verb, TYPE)

    async def find(self, identifier: str, *, by: Actor) -> Task | None:
        """The task, unless it is out of reach."""
        return await self._tasks.find(identifier, self.scope(by))

    async def find_many(self, identifiers: Sequence[str], *, by: Actor) -> dict[str, Task]:
        """The tasks within reach by id; one query."""
        return await self._tasks.find_many(identifiers, self.scope(by))

    async def page(self, condition: dict[str, Any], request: PageRequest, *, by: Actor) -> Page[Task]:
        """One page of the tasks that match; one query."""
        return await self._tasks.page(self._within_reach(condition, by), request)

    async def count(self, condition: dict[str, Any], *, by: Actor) -> int:
        """How many tasks match; one query."""
        return await self._tasks.count(self._within_reach(condition, by))

    async def assigned_pages(
        self, users: Sequence[str], condition: dict[str, Any], request: PageRequest, *, by: Actor
    ) -> dict[str, Page[Task]]:
        """A page of each user's tasks; one query."""
        reach = self._within_reach(condition, by)
        return await self._tasks.nested_pages(USERS, "assignee_id", users, reach, request)

    async def assigned_counts(self, users: Sequence[str], condition: dict[str, Any], *, by: Actor) -> dict[str, int]:
        """How many tasks each user has; one query."""
        return await self._tasks.nested_counts("assignee_id", users, self._within_reach(condition, by))

    async def customer_pages(
        self, customers: Sequence[str], condition: dict[str, Any], request: PageRequest, *, by: Actor
    ) -> dict[str, Page[Task]]:
        """A page of each customer's tasks; one query."""
        reach = self._within_reach(condition, by)
        return await self._tasks.nested_pages(CUSTOMERS, "customer_id", customers, reach, request)

    async def customer_counts(
        self, customers: Sequence[str], condition: dict[str, Any], *, by: Actor
    ) -> dict[str, int]:
        """How many tasks each customer has; one query."""
        return await self._tasks.nested_counts("customer_id", customers, self._within_reach(condition, by))

    async def ever_on(self, customer_ids: Sequence[str]) -> dict[str, list[Task]] | None:
        """What hangs, or once hung, on some customers, whoever's it is: for a decision about each of it."""
        return await self._tasks.ever_on(customer_ids)

    async def create(self, details: Mapping[str, Any], *, idempotency_key: str | None = None, by: Actor) -> Task:
        """A new task; the caller's own where ``details`` names no assignee."""
        self._policy.check_fields(by, TYPE, details)
        assigned = {"assignee_id": by.id, **details}
        await self._require_others(assigned, by)
        return await self._create(assigned, idempotency_key, by=by)

    @transactional
    async def _create(self, work: TasksWork, details: dict[str, Any], key: str | None, *, by: Actor) -> Task:
        owned = await self._with_customer_owner(work, details)
        task = Task.create(new_id(ID_PREFIX), owned, created_by_id=by.id, now=self._clock())
        self._require_reach(task, Verb.CREATE, by)
        earlier = await work.idempotency.claim(key, operation="createTask", by=by, body=details, result_id=task.id)
        if earlier is not None:
            return await work.tasks.get(earlier, readable=self.scope(by), changeable=self.scope(by))
        await work.tasks.save(task, by=by)
        return task

    async def update(
        self, identifier: str, changes: Mapping[str, Any], *, expected_version: int | None, by: Actor
    ) -> Task:
        """Change what is named: texts, times, priority, customer, assignee, or OPEN to IN_PROGRESS and back."""
        self._policy.check_fields(by, TYPE, changes)
        await self._require_others(changes, by)
        return await self._update(identifier, changes, expected_version, by=by)

    @transactional
    async def _update(
        self, work: TasksWork, identifier: str, changes: Mapping[str, Any], expected: int | None, *, by: Actor
    ) -> Task:
        task = await self._load(work, identifier, expected, by)
        task.update(await self._with_customer_owner(work, changes), now=self._clock())
        self._require_reach(task, Verb.UPDATE, by)
        await work.tasks.save(task, by=by)
        return task

    @transactional
    async def complete(
        self, work: TasksWork, identifier: str, *, result: str | None, expected_version: int | None, by: Actor
    ) -> Task:
        """The work is done."""
        self._policy.check_fields(by, TYPE, ["status"] if result is None else ["status", "result"])
        task = await self._load(work, identifier, expected_version, by)
        task.complete(result, now=self._clock())
        await work.tasks.save(task, by=by)
        return task

    @transactional
    async def reopen(self, work: TasksWork, identifier: str, *, expected_version: int | None, by: Actor) -> Task:
        """There is work to do again; the earlier result stays."""
        self._policy.check_fields(by, TYPE, ["status"])
        task = await self._load(work, identifier, expected_version, by)
        task.reopen(now=self._clock())
        await work.tasks.save(task, by=by)
        return task

    @transactional
    async def cancel(self, work: TasksWork, identifier: str, *, expected_version: int | None, by: Actor) -> Task:
        """The work will not be done."""
        self._policy.check_fields(by, TYPE, ["status"])
        task = await self._load(work, identifier, expected_version, by)
        task.cancel(now=self._clock())
        await work.tasks.save(task, by=by)
        return task

    async def _load(self, work: TasksWork, identifier: str, expected: int | None, by: Actor) -> Task:
        task = await work.tasks.get(identifier, readable=self.scope(by), changeable=self.scope(by, Verb.UPDATE))
        task.expect_version(expected)
        return task

    def _require_reach(self, task: Task, verb: Verb, by: Actor) -> None:
        """What a change leads to must be within reach too: a seller cannot hand on what is not theirs to give."""
        if not self.scope(by, verb).admits(task):
            raise NotAllowed("Your role does not reach tasks of this assignee and customer.", path=("input",))

    async def _require_others(self, details: Mapping[str, Any], by: Actor) -> None:
        """The user and the customer that a task is to refer to must be there, or come to be known in time."""
        if details.get("assignee_id") is not None:
            await self._require_assignee(details["assignee_id"], by)
        if details.get("customer_id") is not None:
            await self._require_customer(details["customer_id"], by)

    async def _require_assignee(self, user_id: str, by: Actor) -> None:
        async def active_user() -> Document | None:
            user = await self._users.find(user_id)
            return user if user is not None and user["active"] else None

        if user_id != by.id and await eventually(active_user) is None:
            raise AssigneeNotFound("No active user has this id.", path=("input", "assigneeId"))

    async def _require_customer(self, customer_id: str, by: Actor) -> None:
        """A customer that is out of reach, deleted or unknown is waited for equally long: the three look the same."""
        reach = self._policy.scope(by, Verb.READ, "Customer")

        async def customer_within_reach() -> KnownCustomer | None:
            known = await self._customers.known(customer_id)
            return known if known is not None and not known.deleted and reach.admits(known) else None

        if await eventually(customer_within_reach) is None:
            raise CustomerNotFound("There is no such customer.", path=("input", "customerId"))

    async def _with_customer_owner(self, work: TasksWork, details: Mapping[str, Any]) -> dict[str, Any]:
        if "customer_id" not in details:
            return dict(details)
        customer_id = details["customer_id"]
        if customer_id is None:
            return {**details, "customer_owner_id": None}
        customer = await work.customers.hold(customer_id)
        if customer.erased:
            raise CustomerIsErased("This customer was erased.", path=("input", "customerId"))
        return {**details, "customer_owner_id": customer.owner_id}

    def _within_reach(self, condition: dict[str, Any], by: Actor) -> dict[str, Any]:
        return every(self.scope(by).filter(), condition)


def search_condition(text: str) -> dict[str, Any]:
    """Tasks in whose title, description or result the text is found."""
    anywhere = {"$regex": re.escape(text.strip()), "$options": "i"}
    return {"$or": [{"title": anywhere}, {"description": anywhere}, {"result": anywhere}]}
