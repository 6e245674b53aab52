"""Tags as people name them, and which of them a customer can have together."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from rapport_customers.customers.values import valid_text
from rapport_customers.tags.errors import AmbiguousTag, SingleChoice, TagGroupClosed, TagNotFound
from rapport_customers.tags.model import Tag, TagChoice, TagGroup, name_key
from rapport_shared.actor import SYSTEM, Actor
from rapport_shared.clock import Clock
from rapport_shared.explanation import explained
from rapport_shared.ids import new_id

if TYPE_CHECKING:
    from rapport_customers.tags.repository import TagGroupRepository, TagRepository

TAG_PREFIX: Final = "tag"
LABELS: Final = "tgr_labels"
"""The id of the group that takes what people write without naming a group."""
LABELS_NAME: Final = "Labels · 标签"
PATH: Final = ("input", "tags")


class TagBook:
    """The tags, in a transaction that changes what customers have of them."""

    def __init__(self, tags: "TagRepository", groups: "TagGroupRepository", clock: Clock) -> None:
        self._tags = tags
        self._groups = groups
        self._clock = clock

    async def ids_of(self, names: Sequence[str], group_id: str | None = None, *, by: Actor) -> tuple[str, ...]:
        """The tags of these names, in the order given; one that is not there is made, where the group is open.

        Raises InvalidText, TagNotFound, TagGroupClosed, AmbiguousTag.
        """
        wanted = {name_key(name): name for name in (valid_text(name, "tags") for name in names)}
        if not wanted:
            return ()
        group = None if group_id is None else await self.group(group_id)
        known: dict[str, Tag] = {}
        for tag in await self._tags.named(list(wanted.values()), group_id):
            if known.setdefault(name_key(tag.name), tag) is not tag:
                raise AmbiguousTag(f"There is a tag {tag.name} in more than one group: give its id.", path=PATH)
        if len(known) < len(wanted):
            group = group or await self._labels()
            for key in wanted.keys() - known.keys():
                known[key] = await self._make(group, wanted[key], by)
        return tuple(known[key].id for key in wanted)

    async def forget(self, tag_ids: Iterable[str], *, by: Actor) -> list[str]:
        """Take their words from labels: what was typed for one person only may be about that person; their ids."""
        group = await self._labels()
        forgotten: list[str] = []
        for tag in (await self._tags.of_ids(tag_ids)).values():
            if tag.group_id == group.id:
                for each in (tag, *await self._tags.merged_into(tag.id)):
                    each.update({"name": each.id, "archived": True}, group, now=self._clock())
                    await self._tags.save(each, by=by)
                    forgotten.append(each.id)
        return forgotten

    async def require_together(self, tag_ids: Sequence[str], before: Iterable[str] = ()) -> None:
        """Raise where a customer cannot be given these tags, apart from those it has: TagNotFound, SingleChoice."""
        added = set(tag_ids) - set(before)
        if not added:
            return
        found = await self._tags.of_ids(tag_ids)
        if any(each not in found or found[each].archived for each in added):
            raise TagNotFound("There is no such tag, or it is no longer given.", path=PATH)
        groups = await self._groups.of_ids(tag.group_id for tag in found.values())
        count = Counter(tag.group_id for tag in found.values())
        for group_id, group in groups.items():
            if group.choice is TagChoice.SINGLE and count[group_id] > 1:
                raise SingleChoice(f"A customer has one tag of {group.name} at most.", path=PATH)

    async def group(self, group_id: str) -> TagGroup:
        """The group; raises TagNotFound."""
        found = await self._groups.of_ids([group_id])
        if group_id not in found:
            raise TagNotFound("There is no such group of tags.", path=("input", "groupId"))
        return found[group_id]

    async def _labels(self) -> TagGroup:
        found = await self._groups.of_ids([LABELS])
        if LABELS in found:
            return found[LABELS]
        group = TagGroup.create(LABELS, LABELS_NAME, TagChoice.MULTI, is_open=True, now=self._clock())
        await self._groups.save(group, by=SYSTEM)
        return group

    async def _make(self, group: TagGroup, name: str, by: Actor) -> Tag:
        if not group.open:
            raise TagGroupClosed(f"{group.name} takes no other tags than it has.", path=PATH)
        tag = Tag.create(new_id(TAG_PREFIX), group, name, now=self._clock())
        with explained(None):  # a reason that was given is one for the customer's change, and goes with the customer
            await self._tags.save(tag, by=by)
        return tag
