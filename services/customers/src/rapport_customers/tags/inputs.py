"""The inputs of tags and their groups."""

from enum import Enum
from typing import Any, Final

import strawberry
from strawberry import UNSET
from strawberry.types.unset import UnsetType

from rapport_customers.rules.inputs import CustomerRuleInput, stored_rule
from rapport_customers.tags.model import TagChange, TagChoice, TagOrigin
from rapport_customers.tags.service import NewTag
from rapport_shared.graphql.filters import IdFilter, StringFilter, condition_of
from rapport_shared.graphql.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, REASON, given, optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.mongo import Order, every

Choice = strawberry.enum(TagChoice, name="TagChoice", description="How many tags of a group a customer can have.")
Origin = strawberry.enum(TagOrigin, name="TagOrigin", description="Who says that a customer has a tag.")
_COLOUR: Final = "Such as #1E90FF."
_RULE: Final = "What has to be true of the customers who have it: the system gives it to them and takes it away."


@strawberry.input(description="A tag of a new group.")
class TagInput:
    """Fields of a tag."""

    name: str = strawberry.field(description="1 to 100 characters.")
    colour: str | None = optional(_COLOUR)
    rule: CustomerRuleInput | None = optional(_RULE)

    def to_new(self) -> NewTag:
        """As the service takes it."""
        return NewTag(name=self.name, colour=given(self.colour), rule=rule_given(self.rule))


@strawberry.input(description="A new group of tags.")
class CreateTagGroupInput:
    """Fields of createTagGroup."""

    name: str = strawberry.field(description="1 to 100 characters; unique.")
    choice: TagChoice = strawberry.field(default=TagChoice.MULTI, description="MULTI where not given.")
    open: bool = strawberry.field(
        default=False, description="Whether people make new tags of it by writing them; false where not given."
    )
    tags: list[TagInput] = strawberry.field(default_factory=list, description="Its first tags.")
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)


@strawberry.input(description="Changes to a group of tags: what is left out stays.")
class UpdateTagGroupInput:
    """Fields of updateTagGroup."""

    id: strawberry.ID = strawberry.field(description="The group.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    name: str | None = optional("1 to 100 characters; unique.")
    choice: TagChoice | None = optional("How many of its tags a customer can have; what customers have stays.")
    open: bool | None = optional("Whether people make new tags of it by writing them.")
    reason: str | None = optional(REASON)


@strawberry.input(description="A new tag.")
class CreateTagInput:
    """Fields of createTag."""

    group_id: strawberry.ID = strawberry.field(description="Its group.")
    name: str = strawberry.field(description="1 to 100 characters; unique in the group.")
    colour: str | None = optional(_COLOUR)
    rule: CustomerRuleInput | None = optional(_RULE)
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)


@strawberry.input(description="Changes to a tag: what is left out stays, null clears. Who has it stays.")
class UpdateTagInput:
    """Fields of updateTag."""

    id: strawberry.ID = strawberry.field(description="The tag.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    name: str | None = optional("1 to 100 characters; unique in the group.")
    colour: str | None = optional(_COLOUR)
    rule: CustomerRuleInput | None = optional(_RULE)
    archived: bool | None = optional("Whether it is given no more.")
    reason: str | None = optional(REASON)


@strawberry.input(description="Two tags that mean the same.")
class MergeTagsInput:
    """Fields of mergeTags."""

    id: strawberry.ID = strawberry.field(description="The tag that goes; it stands for the other from now on.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    into_id: strawberry.ID = strawberry.field(description="The tag that stays: whoever had the one has the other.")
    reason: str | None = optional(REASON)


@strawberry.input(description="Tags to give to a customer.")
class AddTagsInput:
    """Fields of addTags."""

    id: strawberry.ID = strawberry.field(description="The customer.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    tag_ids: list[strawberry.ID] = strawberry.field(default_factory=list, description="Tags by id.")
    names: list[str] = strawberry.field(
        default_factory=list, description="Tags by name; one that is not there is made, where its group is open."
    )
    group_id: strawberry.ID | None = optional("The group of the names: any, where not given.")
    reason: str | None = optional(REASON)

    def change(self) -> TagChange:
        """As the service takes it."""
        return TagChange(added=[str(each) for each in self.tag_ids], names=self.names, group_id=given(self.group_id))


@strawberry.input(description="Tags to take from a customer.")
class RemoveTagsInput:
    """Fields of removeTags."""

    id: strawberry.ID = strawberry.field(description="The customer.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    tag_ids: list[strawberry.ID] = strawberry.field(description="Tags by id.")
    reason: str | None = optional(REASON)


@strawberry.input(description="Which groups of tags; all given conditions hold.")
class TagGroupFilter:
    """Conditions on groups of tags."""

    id: IdFilter | None = optional("The group's id.")
    name: StringFilter | None = optional("The name.")
    open: bool | None = optional("Whether people make new tags of it by writing them.")


@strawberry.input(description="Which tags; all given conditions hold.")
class TagFilter:
    """Conditions on tags."""

    id: IdFilter | None = optional("The tag's id.")
    group_id: IdFilter | None = optional("Its group.")
    name: StringFilter | None = optional("The name.")
    archived: bool | None = optional("Whether it is given no more; false where not given.")


@strawberry.enum(description="What tags and their groups can be sorted by.")
class TagOrderField(Enum):
    """Values are document fields."""

    NAME = strawberry.enum_value("name", description="The name, by code points.")
    CREATED_AT = strawberry.enum_value("created_at", description="When the record was made.")


@strawberry.input(description="One key to sort tags or groups by.")
class TagOrder:
    """A sort key."""

    field: TagOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


def rule_given(rule: CustomerRuleInput | UnsetType | None) -> dict[str, Any] | None:
    """The rule in its stored form, if one was given."""
    return None if rule is None or isinstance(rule, UnsetType) else stored_rule(rule)


def group_condition(asked: TagGroupFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments; a search is for a name."""
    fields = {"id": "_id", "name": "name", "open": "open"}
    named = {} if search is None else condition_of(TagGroupFilter(name=StringFilter(contains=search)), fields)
    return every(condition_of(asked, fields), named)


def tag_condition(asked: TagFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments; a search is for a name. Merged tags are never listed."""
    fields = {"id": "_id", "group_id": "group_id", "name": "name", "archived": "archived"}
    named = {} if search is None else condition_of(TagFilter(name=StringFilter(contains=search)), fields)
    kept = {"archived": False} if asked is None or asked.archived is UNSET else {}
    return every({"merged_into_id": None}, kept, condition_of(asked, fields), named)


GROUP_LISTING: Final = Listing(
    "groups of tags", TagGroupFilter, TagOrder, group_condition, (Order("created_at"),), "the oldest first"
)
LISTING: Final = Listing("tags", TagFilter, TagOrder, tag_condition, (Order("created_at"),), "the oldest first")
