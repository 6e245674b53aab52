"""Reading and changing tags in GraphQL: translate, call, translate."""

import strawberry

from rapport_customers.context import Info
from rapport_customers.tags import model
from rapport_customers.tags.inputs import (
    GROUP_LISTING,
    LISTING,
    CreateTagGroupInput,
    CreateTagInput,
    MergeTagsInput,
    UpdateTagGroupInput,
    UpdateTagInput,
    rule_given,
)
from rapport_customers.tags.service import NewTag
from rapport_customers.tags.types import Tag, TagGroup
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import details, given
from rapport_shared.graphql.lists import ListQuery, list_field


@strawberry.type(description="The group after a change, or what is wrong.")
class TagGroupPayload:
    """Payload of every mutation of a group."""

    tag_group: TagGroup | None = strawberry.field(default=None, description="The group as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, group: model.TagGroup) -> "TagGroupPayload":
        """The payload of success."""
        return cls(tag_group=TagGroup.from_model(group))


@strawberry.type(description="The tag after a change, or what is wrong.")
class TagPayload:
    """Payload of every mutation of a tag."""

    tag: Tag | None = strawberry.field(default=None, description="The tag as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, tag: model.Tag) -> "TagPayload":
        """The payload of success."""
        return cls(tag=Tag.from_model(tag))


@strawberry.type
class TagQuery:
    """Reading tags."""

    @list_field("The groups of tags.", GROUP_LISTING)
    async def tag_groups(self, info: Info, query: ListQuery) -> Connection[TagGroup]:
        """A page."""
        service, by = info.context.tag_groups, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, TagGroup.from_model, lambda: service.count(query.condition, by=by))

    @list_field("The tags of all groups.", LISTING)
    async def tags(self, info: Info, query: ListQuery) -> Connection[Tag]:
        """A page."""
        service, by = info.context.tags, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, Tag.from_model, lambda: service.count(query.condition, by=by))


@strawberry.type
class TagMutation:
    """Changing tags."""

    @mutation("Make a new group of tags; for managers and marketing.")
    async def create_tag_group(self, info: Info, input: CreateTagGroupInput) -> TagGroupPayload:
        """Create."""
        made = await info.context.tag_groups.create(
            input.name,
            input.choice,
            is_open=input.open,
            tags=[tag.to_new() for tag in input.tags],
            idempotency_key=given(input.idempotency_key),
            by=info.context.actor,
        )
        return TagGroupPayload.of(made)

    @mutation("Change a group of tags; for managers and marketing.")
    async def update_tag_group(self, info: Info, input: UpdateTagGroupInput) -> TagGroupPayload:
        """Update."""
        changed = await info.context.tag_groups.update(
            input.id, details(input), expected_version=given(input.expected_version), by=info.context.actor
        )
        return TagGroupPayload.of(changed)

    @mutation("Make a new tag; for managers and marketing.")
    async def create_tag(self, info: Info, input: CreateTagInput) -> TagPayload:
        """Create."""
        made = await info.context.tags.create(
            input.group_id,
            NewTag(name=input.name, colour=given(input.colour), rule=rule_given(input.rule)),
            idempotency_key=given(input.idempotency_key),
            by=info.context.actor,
        )
        return TagPayload.of(made)

    @mutation("Change a tag; for managers and marketing.")
    async def update_tag(self, info: Info, input: UpdateTagInput) -> TagPayload:
        """Update."""
        changes = details(input)
        if "rule" in changes:
            changes["rule"] = rule_given(changes["rule"])
        changed = await info.context.tags.update(
            input.id, changes, expected_version=given(input.expected_version), by=info.context.actor
        )
        return TagPayload.of(changed)

    @mutation("Let one tag stand for another: whoever had it has the other; for managers and marketing.")
    async def merge_tags(self, info: Info, input: MergeTagsInput) -> TagPayload:
        """Merge."""
        kept = await info.context.tags.merge(
            input.id, input.into_id, expected_version=given(input.expected_version), by=info.context.actor
        )
        return TagPayload.of(kept)
