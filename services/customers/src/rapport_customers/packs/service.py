"""The use cases of packs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rapport_customers.custom_fields.model import CustomField
from rapport_customers.packs.model import ACTIVITY, PACKS, IndustryPack, Pack, PackTag
from rapport_customers.tags.guards import TAG_PREFIX
from rapport_customers.tags.model import Tag, TagChoice, TagGroup, name_key
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import Policy, Reach, Verb

GROUP_PREFIX: Final = "tgr"
NEEDED: Final = (
    ("CustomField", Verb.CREATE),
    ("TagGroup", Verb.CREATE),
    ("Tag", Verb.CREATE),
    ("Tiers", Verb.UPDATE),
)


@dataclass(frozen=True, slots=True)
class Installed:
    """What was added: keys of fields, names of tags, keys of tiers; empty for what was there before."""

    fields: Sequence[str]
    tags: Sequence[str]
    tiers: Sequence[str]


class PackService:
    """Installs packs; whatever has the same key or name already is left as it is."""

    def __init__(self, transactions: Transactions[CustomersWork], policy: Policy, clock: Clock) -> None:
        self.transactions = transactions
        self._policy = policy
        self._clock = clock

    async def install(self, pack: IndustryPack, *, by: Actor) -> Installed:
        """Add what the pack has and the company does not; a repetition adds nothing. Raises NotAllowed."""
        if any(self._policy.reach(by, verb, type_name) is not Reach.ALL for type_name, verb in NEEDED):
            raise NotAllowed("Your role may not define fields, tags and tiers.", path=("input",))
        return await self._install(PACKS[pack], by=by)

    @transactional
    async def _install(self, work: CustomersWork, pack: Pack, *, by: Actor) -> Installed:
        made = Installed(
            await self._fields(work, pack, by), await self._tags(work, pack.tags, by), await self._tiers(work, pack, by)
        )
        if made.tags or made.tiers:
            await work.sweep.start()
        return made

    async def _fields(self, work: CustomersWork, pack: Pack, by: Actor) -> list[str]:
        known = {field.key for field in (await work.custom_fields.all_of("Customer", deleted=True)).fields}
        missing = [details for details in pack.fields if details["key"] not in known]
        for details in missing:
            field = CustomField.define(new_id("cfd"), details, now=self._clock())
            await work.custom_fields.save(field, by=by)
        return [details["key"] for details in missing]

    async def _tags(self, work: CustomersWork, tags: Sequence[PackTag], by: Actor) -> list[str]:
        """In the group of activity, which is made where there is none."""
        group = await work.tag_groups.named(ACTIVITY)
        if group is None:
            group = TagGroup.create(new_id(GROUP_PREFIX), ACTIVITY, TagChoice.MULTI, is_open=False, now=self._clock())
            await work.tag_groups.save(group, by=by)
        known = {name_key(tag.name) for tag in await work.tags.named([tag.name for tag in tags], group.id)}
        missing = [tag for tag in tags if name_key(tag.name) not in known]
        for tag in missing:
            made = Tag.create(new_id(TAG_PREFIX), group, tag.name, colour=tag.colour, rule=tag.rule, now=self._clock())
            await work.tags.save(made, by=by)
        return [tag.name for tag in missing]

    async def _tiers(self, work: CustomersWork, pack: Pack, by: Actor) -> list[str]:
        """Only where there are none: tiers are one scale, which two packs cannot share."""
        tiers = await work.tiers.current()
        if tiers.tiers:
            return []
        tiers.replace(pack.tiers, now=self._clock())
        await work.tiers.save(tiers, by=by)
        return [tier.key for tier in pack.tiers]
