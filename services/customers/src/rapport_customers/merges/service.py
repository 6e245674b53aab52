"""The use cases of merges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from rapport_customers.customers.errors import CustomerIsErased, CustomerNotFound
from rapport_customers.customers.model import Customer
from rapport_customers.customers.service import TYPE, CustomerService
from rapport_customers.history.repository import HistoryRepository
from rapport_customers.merges.errors import MergeNotFound, MergeUndone
from rapport_customers.merges.model import Merge, check_parts, merged_values, remaining, without_merge
from rapport_customers.merges.repository import MergeRepository
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed, NotFound
from rapport_shared.ids import new_id
from rapport_shared.persistence import transactional
from rapport_shared.rights import EVERYTHING, Policy, Reach, Verb

ID_PREFIX: Final = "mrg"


@dataclass(frozen=True, slots=True)
class Merged:
    """The survivor, the merge, and how many records of each noun moved."""

    customer: Customer
    merge: Merge
    moved: Mapping[str, int]


class _Rehearsed(Exception):
    def __init__(self, merged: Merged) -> None:
        super().__init__()
        self.merged = merged


class MergeService:
    """Who may merge all of the customers named may do this; nobody gets to see more by it."""

    def __init__(self, customers: CustomerService, merges: MergeRepository, policy: Policy, clock: Clock) -> None:
        self.transactions = customers.transactions
        self._customers = customers
        self._merges = merges
        self._policy = policy
        self._clock = clock

    async def of_survivors(self, survivor_ids: Sequence[str]) -> dict[str, list[Merge]]:
        """The merges of customers that the caller has found within reach."""
        return await self._merges.of_survivors(survivor_ids)

    async def merge(
        self,
        survivor_id: str,
        other_ids: Sequence[str],
        choices: Mapping[str, str],
        *,
        expected_version: int | None,
        dry_run: bool,
        by: Actor,
    ) -> Merged:
        """Make the others one with the survivor: values as chosen, and all that hangs on them. Atomic.

        Raises NothingToMerge, UnknownChoice, NotFound, NotAllowed, VersionConflict, CustomerIsErased.
        """
        self._require_right(by)
        check_parts(survivor_id, other_ids)
        self._policy.check_fields(by, TYPE, choices)
        try:
            return await self._merge(survivor_id, other_ids, choices, expected_version, dry_run, by=by)
        except _Rehearsed as rehearsed:
            return rehearsed.merged

    @transactional
    async def _merge(
        self,
        work: CustomersWork,
        survivor_id: str,
        other_ids: Sequence[str],
        choices: Mapping[str, str],
        expected: int | None,
        dry_run: bool,
        *,
        by: Actor,
    ) -> Merged:
        survivor, *others = [await self._part(work, each, by=by) for each in (survivor_id, *other_ids)]
        survivor.expect_version(expected)
        values, owner, now = merged_values(survivor, others, choices), survivor.owner_id, self._clock()
        merge_id = new_id(ID_PREFIX)
        for other in others:  # first, so that what only one may have is free
            other.merge_into(survivor, merge_id, now=now)
            await work.customers.save(other, by=by)
        survivor.take_over(values, now=now)
        self._customers.require_reach(survivor, Verb.MERGE, by)
        await work.customers.save(survivor, by=by)
        if survivor.owner_id != owner:
            await work.hand_over(survivor.id, survivor.owner_id)
        family = [each for other in others for each in (other.id, *other.merged_ids)]
        moved = await work.follow(family, survivor.id, survivor.owner_id)
        merge = Merge(
            id=merge_id,
            survivor_id=survivor.id,
            other_ids=tuple(other_ids),
            version=survivor.version,
            at=now,
            by_id=by.id,
        )
        await MergeRepository(work.database, work.session).add(merge)
        merged = Merged(await self._recounted(work, survivor.id), merge, moved)
        if dry_run:
            raise _Rehearsed(merged)
        return merged

    async def unmerge(self, merge_id: str, *, by: Actor) -> Merged:
        """Undo a merge: all of its customers are back with what they had; what came later stays with the survivor.

        Raises NotAllowed, MergeNotFound, MergeUndone, ExternalIdTaken.
        """
        self._require_right(by)
        return await self._unmerge(merge_id, by=by)

    @transactional
    async def _unmerge(self, work: CustomersWork, merge_id: str, *, by: Actor) -> Merged:
        merges = MergeRepository(work.database, work.session)
        merge = await merges.find(merge_id)
        if merge is None:
            raise _unknown()
        try:
            survivor = await self._part(work, merge.survivor_id, by=by, lasting=merge.undone_at is None)
            others = [await self._other(work, each, by=by) for each in merge.other_ids]
        except (NotFound, CustomerNotFound):
            raise _unknown() from None
        now, owner = self._clock(), survivor.owner_id
        if any(other.merged_into_id != survivor.id for other in others):
            raise MergeUndone("These customers are not merged any more.", path=("input", "mergeId"))
        survivor.take_over(await self._before(work, survivor, merge, others), now=now)
        self._customers.require_reach(survivor, Verb.MERGE, by)
        await work.customers.save(survivor, by=by)
        if survivor.owner_id != owner:
            await work.hand_over(survivor.id, survivor.owner_id)
        moved: dict[str, int] = {}
        for other in others:
            other.unmerge(survivor, merge_id, now=now)
            await work.customers.save(other, by=by)
            back = await work.follow([other.id, *other.merged_ids], other.id, other.owner_id)
            moved = {noun: moved.get(noun, 0) + count for noun, count in back.items()}
            await self._recounted(work, other.id)
        await merges.undo(merge_id, at=now, by_id=by.id)
        undone = replace(merge, undone_at=now, undone_by_id=by.id)
        return Merged(await self._recounted(work, survivor.id), undone, moved)

    def _require_right(self, by: Actor) -> None:
        if self._policy.reach(by, Verb.MERGE, TYPE) is Reach.NONE:
            raise NotAllowed("Your role may not merge customers.", path=("input",))

    async def _part(self, work: CustomersWork, identifier: str, *, by: Actor, lasting: bool = True) -> Customer:
        customer = await self._customers.load(work.customers, identifier, Verb.MERGE, by=by)
        if not lasting:
            raise MergeUndone("This merge was undone before.", path=("input", "mergeId"))
        if customer.erased_at is not None:
            raise CustomerIsErased("One of these customers was erased.", path=("input",))
        return customer

    async def _other(self, work: CustomersWork, identifier: str, *, by: Actor) -> Customer:
        """One that was merged: out of sight, but as much the caller's as it was."""
        return await self._customers.load(work.customers, identifier, Verb.MERGE, by=by, deleted=True)

    async def _before(
        self, work: CustomersWork, survivor: Customer, merge: Merge, others: Sequence[Customer]
    ) -> dict[str, Any]:
        """The survivor's values without what the merge brought; what was changed since stays as it is."""
        entry = await HistoryRepository(work.database, work.session).of_version(survivor.id, merge.version)
        values: dict[str, Any] = {"merged_ids": remaining(survivor, others)}
        if entry is None:
            return values
        stored = {"_id": survivor.id, "version": survivor.version, **work.customers.to_document(survivor)}
        without = without_merge(stored, survivor.flat(stored), entry.changes)
        restored = work.customers.from_document({**stored, **without})
        return {**{name: getattr(restored, name) for name in without}, **values}

    async def _recounted(self, work: CustomersWork, identifier: str) -> Customer:
        """The customer with what its orders and needs say now, and what others have told of it."""
        await work.learn_orders(identifier)
        await work.learn_touches(identifier)
        await work.learn_needs(identifier)
        found = await work.customers.find(identifier, EVERYTHING)
        assert found is not None  # noqa: S101 - it was saved in this transaction
        return found


def _unknown() -> MergeNotFound:
    return MergeNotFound("No merge has this id.", path=("input", "mergeId"))
