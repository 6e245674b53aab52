"""Tag groups and tags. Customers hold tags by id, so that a new name changes nothing about who has the tag."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from rapport_customers.customers.values import valid_text
from rapport_customers.rules.reading import require_facts_only, rule_of, told
from rapport_customers.tags.errors import InvalidColour, InvalidMerge, TagFollowsRule
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.tags import (
    TagCreated,
    TagGroupCreated,
    TagGroupState,
    TagGroupUpdated,
    TagMerged,
    TagState,
    TagUpdated,
)

_COLOUR: Final = re.compile(r"#[0-9A-F]{6}")


class TagChoice(StrEnum):
    """How many tags of a group a customer can have."""

    SINGLE = "SINGLE"
    MULTI = "MULTI"


class TagOrigin(StrEnum):
    """Who says that a customer has a tag."""

    RULE = "RULE"
    MANUAL = "MANUAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagChange:
    """What is done to a customer's tags by hand: ids, and ``names`` (of a group, or of any) to add."""

    added: Sequence[str] = ()
    removed: Sequence[str] = ()
    names: Sequence[str] = ()
    group_id: str | None = None


@dataclass(kw_only=True)
class TagGroup(Aggregate):
    """Tags that belong together; an open group takes new ones as people write them, a closed one does not."""

    name: str
    choice: TagChoice = TagChoice.MULTI
    open: bool = False
    created_at: datetime
    updated_at: datetime

    @classmethod
    def create(cls, identifier: str, name: str, choice: TagChoice, *, is_open: bool, now: datetime) -> "TagGroup":
        """A new group; raises InvalidText."""
        group = cls(
            id=identifier, name=valid_text(name, "name"), choice=choice, open=is_open, created_at=now, updated_at=now
        )
        group.record(TagGroupCreated(tag_group_id=identifier, after=group.state()))
        return group

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set what is named of ``name``, ``choice`` and ``open``; null stays as it is."""
        checked = {name: _GROUP_RULES[name](value) for name, value in changes.items() if value is not None}
        changed = self.differing(checked)
        if not changed:
            return
        before = self.state()
        self.assign(checked)
        self.updated_at = now
        self.record(TagGroupUpdated(tag_group_id=self.id, changed=changed, before=before, after=self.state()))

    def state(self) -> TagGroupState:
        """What others may know."""
        return TagGroupState(choice=self.choice.value, open=self.open)


@dataclass(kw_only=True)
class Tag(Aggregate):
    """A tag; ``rule`` in its stored form makes it come and go, ``rule_version`` counts the rules it has had."""

    group_id: str
    name: str
    colour: str | None = None
    rule: Mapping[str, Any] | None = None
    rule_version: int = 0
    archived: bool = False
    merged_into_id: str | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def create(
        cls,
        identifier: str,
        group: TagGroup,
        name: str,
        *,
        colour: str | None = None,
        rule: Mapping[str, Any] | None = None,
        now: datetime,
    ) -> "Tag":
        """A new tag of the group; raises the fault of a bad value."""
        checked = valid_rule(rule, group)
        tag = cls(
            id=identifier,
            group_id=group.id,
            name=valid_text(name, "name"),
            colour=None if colour is None else valid_colour(colour),
            rule=checked,
            rule_version=0 if checked is None else 1,
            created_at=now,
            updated_at=now,
        )
        tag.record(TagCreated(tag_id=identifier, after=tag.state()))
        return tag

    def update(self, changes: Mapping[str, Any], group: TagGroup, *, now: datetime) -> None:
        """Set what is named of ``name``, ``colour``, ``rule`` and ``archived``; null clears a colour or a rule."""
        checked = dict(changes)
        if checked.get("name") is not None:
            checked["name"] = valid_text(checked["name"], "name")
        if checked.get("colour") is not None:
            checked["colour"] = valid_colour(checked["colour"])
        if "rule" in checked:
            checked["rule"] = valid_rule(checked["rule"], group)
        checked = {name: value for name, value in checked.items() if value is not None or name in {"colour", "rule"}}
        changed = self.differing(checked)
        if not changed:
            return
        before = self.state()
        self.assign(checked)
        self.rule_version += "rule" in changed
        self.updated_at = now
        self.record(TagUpdated(tag_id=self.id, changed=told(changed), before=before, after=self.state()))

    def merge_into(self, other: "Tag", *, now: datetime) -> None:
        """Be the other tag from now on. Raises InvalidMerge."""
        ruled = self.rule is not None or other.rule is not None
        if self.id == other.id or ruled or self.merged_into_id is not None or other.merged_into_id is not None:
            raise InvalidMerge("Merge two different tags that follow no rule.", path=("input", "intoId"))
        self.come_to(other.id, now=now)

    def come_to(self, tag_id: str, *, now: datetime) -> None:
        """Stand for that tag."""
        before = self.state()
        self.merged_into_id, self.archived, self.updated_at = tag_id, True, now
        self.record(TagMerged(tag_id=self.id, into_tag_id=tag_id, before=before, after=self.state()))

    def state(self) -> TagState:
        """What others may know."""
        return TagState(
            group_id=self.group_id,
            ruled=self.rule is not None,
            rule_version=self.rule_version,
            archived=self.archived,
            merged_into_id=self.merged_into_id,
        )


def name_key(name: str) -> str:
    """What is the same for names that differ in case, width or accents of typing only."""
    return unicodedata.normalize("NFKC", name).casefold()


def valid_colour(colour: str) -> str:
    """In capitals. Raises InvalidColour."""
    if not _COLOUR.fullmatch(colour.upper()):
        raise InvalidColour("A colour is written like #1E90FF.", path=("input", "colour"))
    return colour.upper()


def valid_rule(rule: Mapping[str, Any] | None, group: TagGroup) -> Mapping[str, Any] | None:
    """A rule that a tag of this group can have. Raises InvalidRule, TagFollowsRule."""
    if rule is None:
        return None
    rule_of(rule)
    require_facts_only(rule)
    if group.choice is TagChoice.SINGLE:
        raise TagFollowsRule("A tag of a group with a single choice follows no rule.", path=("input", "rule"))
    return rule


_GROUP_RULES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "name": lambda value: valid_text(value, "name"),
    "choice": TagChoice,
    "open": bool,
}
