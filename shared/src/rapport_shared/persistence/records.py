"""Reading one type of records, as far as the caller's rights reach."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from rapport_shared.actor import Actor
from rapport_shared.aggregate import Aggregate
from rapport_shared.errors import NotFound
from rapport_shared.mongo import Page, PageRequest, every
from rapport_shared.persistence.repository import AggregateRepository
from rapport_shared.rights import Policy, Scope, Verb

A = TypeVar("A", bound=Aggregate)


class Records(Generic[A]):
    """What every noun can be asked; each read is one query, and deleted records are not found by id."""

    def __init__(self, records: AggregateRepository[A], policy: Policy, type_name: str) -> None:
        self._records = records
        self._policy = policy
        self._type_name = type_name

    def scope(self, by: Actor, verb: Verb = Verb.READ) -> Scope:
        """The records that ``by`` may see, or change."""
        return self._policy.scope(by, verb, self._type_name)

    async def find(self, identifier: str, *, by: Actor) -> A | None:
        """The record, unless it is deleted or out of reach."""
        return (await self.find_many([identifier], by=by)).get(identifier)

    async def find_many(self, identifiers: Sequence[str], *, by: Actor) -> dict[str, A]:
        """The records within reach by id, without deleted ones."""
        found = await self._records.find_many(identifiers, self.scope(by))
        return {key: record for key, record in found.items() if getattr(record, "deleted_at", None) is None}

    async def page(self, condition: dict[str, Any], request: PageRequest, *, by: Actor) -> Page[A]:
        """One page of the records that match."""
        return await self._records.page(self._within_reach(condition, by), request)

    async def count(self, condition: dict[str, Any], *, by: Actor) -> int:
        """How many records match."""
        return await self._records.count(self._within_reach(condition, by))

    async def nested_pages(
        self,
        parents: str,
        parent_field: str,
        parent_ids: Sequence[str],
        condition: dict[str, Any],
        request: PageRequest,
        *,
        by: Actor,
    ) -> dict[str, Page[A]]:
        """A page below each parent of the collection ``parents``, by the record's ``parent_field``."""
        reach = self._within_reach(condition, by)
        return await self._records.nested_pages(parents, parent_field, parent_ids, reach, request)

    async def nested_counts(
        self, parent_field: str, parent_ids: Sequence[str], condition: dict[str, Any], *, by: Actor
    ) -> dict[str, int]:
        """How many records each parent has."""
        return await self._records.nested_counts(parent_field, parent_ids, self._within_reach(condition, by))

    async def load(
        self, records: AggregateRepository[A], identifier: str, verb: Verb, *, by: Actor, deleted: bool = False
    ) -> A:
        """The record, to be changed in the transaction of ``records``; one that was put away only with ``deleted``.

        Raises NotFound, NotAllowed.
        """
        record = await records.get(identifier, readable=self.scope(by), changeable=self.scope(by, verb))
        if getattr(record, "deleted_at", None) is not None and not deleted:
            raise NotFound(f"There is no such {records.noun}.", path=("input", "id"))
        return record

    def _within_reach(self, condition: dict[str, Any], by: Actor) -> dict[str, Any]:
        return every(self.scope(by).filter(), condition)
