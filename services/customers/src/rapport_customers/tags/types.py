"""Tags and their groups in GraphQL, and what they add to a customer."""

from collections.abc import Iterable, Sequence
from typing import Any

import strawberry
from strawberry.scalars import JSON

from rapport_customers.context import Info
from rapport_customers.customers.model import RuleTag
from rapport_customers.customers.tag_times import TagTimes
from rapport_customers.tags import model
from rapport_customers.tags.inputs import LISTING
from rapport_shared.graphql.connections import Connection
from rapport_shared.graphql.lists import ListQuery, list_field, nested_connection
from rapport_shared.graphql.scalars import DateTime, date_time


@strawberry.federation.type(keys=["id"], description="A label of customers.")
class Tag:
    """The GraphQL form of a tag."""

    id: strawberry.ID = strawberry.field(description="Its id, `tag_…`.")
    group_id: strawberry.ID = strawberry.field(description="The id of its group.")
    name: str = strawberry.field(description="Its name; unique in the group.")
    colour: str | None = strawberry.field(description="Such as #1E90FF.")
    rule: JSON | None = strawberry.field(description="What has to be true of who has it, as it was given.")
    rule_version: int = strawberry.field(description="Counts the rules that it has had.")
    archived: bool = strawberry.field(description="Whether it is given no more.")
    created_at: DateTime = strawberry.field(description="When the record was made.")
    updated_at: DateTime = strawberry.field(description="When the record last changed.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")

    @strawberry.field(description="Its group.")
    async def group(self, info: Info) -> "TagGroup | None":
        """By id, batched."""
        found = await info.context.tag_group_by_id.load(str(self.group_id))
        return None if found is None else TagGroup.from_model(found)

    @classmethod
    def from_model(cls, tag: model.Tag) -> "Tag":
        """The public form."""
        rule: Any = tag.rule
        return cls(
            id=strawberry.ID(tag.id),
            group_id=strawberry.ID(tag.group_id),
            name=tag.name,
            colour=tag.colour,
            rule=rule,
            rule_version=tag.rule_version,
            archived=tag.archived,
            created_at=DateTime(tag.created_at),
            updated_at=DateTime(tag.updated_at),
            version=tag.version,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str) -> "Tag | None":
        """The tag of a representation, unless it is out of reach."""
        found = await info.context.tag_by_id.load(id)
        return None if found is None else cls.from_model(found)


@strawberry.federation.type(keys=["id"], description="Tags that belong together.")
class TagGroup:
    """The GraphQL form of a group."""

    id: strawberry.ID = strawberry.field(description="Its id, `tgr_…`.")
    name: str = strawberry.field(description="Its name; unique.")
    choice: model.TagChoice = strawberry.field(description="How many of its tags a customer can have.")
    open: bool = strawberry.field(description="Whether people make new tags of it by writing them.")
    created_at: DateTime = strawberry.field(description="When the record was made.")
    updated_at: DateTime = strawberry.field(description="When the record last changed.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")

    @list_field("Its tags.", LISTING)
    async def tags(self, info: Info, query: ListQuery) -> Connection[Tag]:
        """One query for any number of groups."""
        return await nested_connection(info.context.tags_of_group, str(self.id), query, Tag.from_model)

    @classmethod
    def from_model(cls, group: model.TagGroup) -> "TagGroup":
        """The public form."""
        return cls(
            id=strawberry.ID(group.id),
            name=group.name,
            choice=group.choice,
            open=group.open,
            created_at=DateTime(group.created_at),
            updated_at=DateTime(group.updated_at),
            version=group.version,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str) -> "TagGroup | None":
        """The group of a representation, unless it is out of reach."""
        found = await info.context.tag_group_by_id.load(id)
        return None if found is None else cls.from_model(found)


@strawberry.type(description="That a customer has a tag.")
class TagLink:
    """The GraphQL form of a link."""

    tag_id: strawberry.ID = strawberry.field(description="The tag's id.")
    origin: model.TagOrigin = strawberry.field(description="MANUAL also where a rule would have given it.")
    rule_version: int | None = strawberry.field(description="The version of the rule that gave it.")
    since: DateTime | None = strawberry.field(
        description="When it was given; null where an earlier release gave it by hand: see the history."
    )

    @strawberry.field(description="The tag; null where you may not see it.")
    async def tag(self, info: Info) -> Tag | None:
        """By id, batched."""
        found = await info.context.tag_by_id.load(str(self.tag_id))
        return None if found is None else Tag.from_model(found)


def tag_links(by_hand: Sequence[str], by_rule: Iterable[RuleTag], tag_times: TagTimes) -> list[TagLink]:
    """The public form of who has given which tags, those given by hand first."""
    manual = [
        TagLink(
            tag_id=strawberry.ID(each),
            origin=model.TagOrigin.MANUAL,
            rule_version=None,
            since=date_time(tag_times.given.get(each)),
        )
        for each in by_hand
    ]
    ruled = [
        TagLink(
            tag_id=strawberry.ID(each.tag_id),
            origin=model.TagOrigin.RULE,
            rule_version=each.rule_version,
            since=DateTime(each.since),
        )
        for each in by_rule
        if each.tag_id not in by_hand
    ]
    return [*manual, *ruled]


@strawberry.type
class CustomerTags:
    """What tags add to a customer."""

    by_hand: strawberry.Private[tuple[str, ...]]
    by_rule: strawberry.Private[tuple[RuleTag, ...]]
    tag_times: strawberry.Private[TagTimes]

    @strawberry.field(description="The names of the customer's tags.")
    async def tags(self, info: Info) -> list[str]:
        """By id, batched; what a past release wrote was a name already."""
        ids = list(dict.fromkeys((*self.by_hand, *(each.tag_id for each in self.by_rule))))
        names = await info.context.tag_names.load_many(ids)
        return list(dict.fromkeys(name or tag_id for tag_id, name in zip(ids, names, strict=True)))

    @strawberry.field(description="The customer's tags, and who says so.")
    def tag_links(self) -> list[TagLink]:
        """Those given by hand first."""
        return tag_links(self.by_hand, self.by_rule, self.tag_times)
