"""The use cases of tags and their groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rapport_customers.rules.reading import OF_ORDERS, facts_of, with_tag_replaced
from rapport_customers.tags.errors import TagNotFound
from rapport_customers.tags.guards import TAG_PREFIX
from rapport_customers.tags.model import Tag, TagChoice, TagGroup
from rapport_customers.tags.repository import TagGroupRepository, TagRepository
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import ForbiddenField, NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.mongo import Document
from rapport_shared.persistence import Records, Transactions, transactional
from rapport_shared.rights import EVERYTHING, Policy, Reach, Verb

GROUP_TYPE: Final = "TagGroup"
TYPE: Final = "Tag"
GROUP_PREFIX: Final = "tgr"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTag:
    """A tag to make."""

    name: str
    colour: str | None = None
    rule: Mapping[str, Any] | None = None


def require_facts(policy: Policy, rule: Mapping[str, Any] | None, *, by: Actor) -> None:
    """Raise ForbiddenField where a rule goes by what its author may not read of customers."""
    facts = frozenset() if rule is None else frozenset(facts_of(rule))
    orders = policy.reach(by, Verb.READ, "Order") is Reach.NONE or "total" in policy.fields(by, "Order").hidden
    hidden = policy.fields(by, "Customer").hidden | (OF_ORDERS if orders else frozenset())
    if policy.reach(by, Verb.READ, "Need") is Reach.NONE:
        hidden |= {"needs"}
    refused = next(iter(sorted(facts & hidden)), None)
    if refused is not None:
        raise ForbiddenField.named(refused)


class TagGroupService(Records[TagGroup]):
    """Groups of tags; every public method is one use case, decided by the caller's rights (``by``)."""

    def __init__(
        self, transactions: Transactions[CustomersWork], groups: TagGroupRepository, policy: Policy, clock: Clock
    ) -> None:
        super().__init__(groups, policy, GROUP_TYPE)
        self.transactions = transactions
        self._clock = clock

    @transactional
    async def create(
        self,
        work: CustomersWork,
        name: str,
        choice: TagChoice,
        *,
        is_open: bool,
        tags: Sequence[NewTag],
        idempotency_key: str | None,
        by: Actor,
    ) -> TagGroup:
        """A new group with its first tags."""
        if self.scope(by, Verb.CREATE).reach is not Reach.ALL:
            raise NotAllowed("Your role may not create groups of tags.", path=("input",))
        for new in tags:
            require_facts(self._policy, new.rule, by=by)
        now = self._clock()
        group = TagGroup.create(new_id(GROUP_PREFIX), name, choice, is_open=is_open, now=now)
        body = [name, choice, is_open, [str(new) for new in tags]]
        earlier = await work.idempotency.claim(
            idempotency_key, operation="createTagGroup", by=by, body=body, result_id=group.id
        )
        if earlier is not None:
            return await self.load(work.tag_groups, earlier, Verb.READ, by=by)
        await work.tag_groups.save(group, by=by)
        for new in tags:
            tag = Tag.create(new_id(TAG_PREFIX), group, new.name, colour=new.colour, rule=new.rule, now=now)
            await work.tags.save(tag, by=by)
        if any(new.rule is not None for new in tags):
            await work.sweep.start()
        return group

    @transactional
    async def update(
        self,
        work: CustomersWork,
        identifier: str,
        changes: Mapping[str, Any],
        *,
        expected_version: int | None,
        by: Actor,
    ) -> TagGroup:
        """Change what is named; a group stays of more than one choice while a tag of it follows a rule."""
        group = await self.load(work.tag_groups, identifier, Verb.UPDATE, by=by)
        group.expect_version(expected_version)
        group.update(changes, now=self._clock())
        if group.choice is TagChoice.SINGLE:
            await work.tags.require_without_rules(group.id)
        await work.tag_groups.save(group, by=by)
        return group


class TagService(Records[Tag]):
    """Tags; every public method is one use case, decided by the caller's rights (``by``)."""

    def __init__(
        self, transactions: Transactions[CustomersWork], tags: TagRepository, policy: Policy, clock: Clock
    ) -> None:
        super().__init__(tags, policy, TYPE)
        self.transactions = transactions
        self._tags = tags
        self._clock = clock

    async def find_many(self, identifiers: Sequence[str], *, by: Actor) -> dict[str, Tag]:
        """The tags within reach by id; the id of one that was merged gives what it stands for."""
        return await self._standing(await super().find_many(identifiers, by=by))

    async def names(self, identifiers: Sequence[str]) -> dict[str, str]:
        """The names of tags by id, for who may read what has them."""
        found = await self._standing(await self._tags.find_many(identifiers, EVERYTHING))
        return {tag_id: tag.name for tag_id, tag in found.items()}

    async def by_names(self, condition: Document) -> Document:
        """A condition on customers, with the ids of tags where it has a condition on their names (``tag_names``)."""
        resolved: Document = {}
        for key, value in condition.items():
            if key == "tag_names":
                resolved |= await self._having(value)
            elif key in {"$and", "$or", "$nor"}:
                resolved[key] = [await self.by_names(part) for part in value]
            else:
                resolved[key] = value
        return resolved

    @transactional
    async def create(
        self, work: CustomersWork, group_id: str, new: NewTag, *, idempotency_key: str | None, by: Actor
    ) -> Tag:
        """A new tag of a group, whether the group is open or not. Raises TagNameTaken."""
        if self.scope(by, Verb.CREATE).reach is not Reach.ALL:
            raise NotAllowed("Your role may not create tags.", path=("input",))
        require_facts(self._policy, new.rule, by=by)
        group = await work.tag_book.group(group_id)
        tag = Tag.create(new_id(TAG_PREFIX), group, new.name, colour=new.colour, rule=new.rule, now=self._clock())
        earlier = await work.idempotency.claim(
            idempotency_key, operation="createTag", by=by, body=[group_id, str(new)], result_id=tag.id
        )
        if earlier is not None:
            return await self.load(work.tags, earlier, Verb.READ, by=by)
        await work.tags.save(tag, by=by)
        if tag.rule is not None:
            await work.sweep.start()
        return tag

    @transactional
    async def update(
        self,
        work: CustomersWork,
        identifier: str,
        changes: Mapping[str, Any],
        *,
        expected_version: int | None,
        by: Actor,
    ) -> Tag:
        """Change what is named; who has the tag stays, unless its rule has changed."""
        require_facts(self._policy, changes.get("rule"), by=by)
        tag = await self._counting(work, identifier, by=by)
        tag.expect_version(expected_version)
        ruled = tag.rule is not None
        tag.update(changes, await work.tag_book.group(tag.group_id), now=self._clock())
        if not tag.recorded:
            return tag
        await work.tags.save(tag, by=by)
        if (ruled or tag.rule is not None) and {"rule", "archived"} & changes.keys():
            await work.sweep.start()
        return tag

    @transactional
    async def merge(
        self, work: CustomersWork, identifier: str, into_id: str, *, expected_version: int | None, by: Actor
    ) -> Tag:
        """One tag stands for another from now on; the other one. Who has it is told apart from then on."""
        gone = await self._counting(work, identifier, by=by)
        gone.expect_version(expected_version)
        kept = (await work.tags.of_ids([into_id])).get(into_id)
        if kept is None:
            raise TagNotFound("There is no tag of this id.", path=("input", "intoId"))
        now = self._clock()
        earlier = await work.tags.merged_into(gone.id)
        gone.merge_into(kept, now=now)
        for tag in earlier:
            tag.come_to(kept.id, now=now)
        for tag in (gone, *earlier):
            await work.tags.save(tag, by=by)
        await work.segments.replace(lambda rule: with_tag_replaced(rule, gone.id, kept.id), now=now, by=by)
        await work.sweep.start()
        return kept

    async def _counting(self, work: CustomersWork, identifier: str, *, by: Actor) -> Tag:
        tag = await self.load(work.tags, identifier, Verb.UPDATE, by=by)
        if tag.merged_into_id is not None:
            raise TagNotFound("The tag was merged into another one.", path=("input", "id"))
        return tag

    async def _standing(self, found: dict[str, Tag]) -> dict[str, Tag]:
        others = {tag.merged_into_id for tag in found.values() if tag.merged_into_id is not None}
        targets = await self._tags.find_many(others, EVERYTHING) if others else {}
        return {tag_id: targets.get(tag.merged_into_id or "", tag) for tag_id, tag in found.items()}

    async def _having(self, name: Any) -> Document:
        if name is None or name == {"$ne": None}:
            return {"tag_ids.0": {"$exists": name is not None}}
        return {"tag_ids": {"$in": await self._tags.ids_where({"name": name})}}
