"""Events of the customers service about tags, tiers and segments."""

from dataclasses import dataclass

from rapport_shared.events import Event, event


@dataclass(frozen=True, kw_only=True)
class TagGroupState:
    """How many of a group's tags a customer can have, and whether the group takes new ones."""

    choice: str
    open: bool


@event("customers.tag_group.created", version=1, subject="tag_group_id")
class TagGroupCreated(Event):
    """A group of tags exists."""

    tag_group_id: str
    after: TagGroupState


@event("customers.tag_group.updated", version=1, subject="tag_group_id")
class TagGroupUpdated(Event):
    """A group of tags changed; ``changed`` names the fields."""

    tag_group_id: str
    changed: tuple[str, ...]
    before: TagGroupState
    after: TagGroupState


@dataclass(frozen=True, kw_only=True)
class TagState:
    """Where a tag belongs, and whether it comes and goes by a rule; its name is fetched by id."""

    group_id: str
    ruled: bool
    rule_version: int
    archived: bool
    merged_into_id: str | None = None


@event("customers.tag.created", version=1, subject="tag_id")
class TagCreated(Event):
    """A tag exists."""

    tag_id: str
    after: TagState


@event("customers.tag.updated", version=1, subject="tag_id")
class TagUpdated(Event):
    """A tag changed; ``changed`` names the fields."""

    tag_id: str
    changed: tuple[str, ...]
    before: TagState
    after: TagState


@event("customers.tag.merged", version=1, subject="tag_id")
class TagMerged(Event):
    """A tag stands for another one from now on: whoever had it has the other."""

    tag_id: str
    into_tag_id: str
    before: TagState
    after: TagState
