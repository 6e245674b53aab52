"""Tag groups and tags in MongoDB."""

from collections.abc import Iterable, Sequence

from rapport_customers.tags.errors import TagFollowsRule, TagNameTaken
from rapport_customers.tags.model import Tag, TagChoice, TagGroup, name_key
from rapport_shared.actor import Actor
from rapport_shared.mongo import Document, DuplicateKey, Index
from rapport_shared.persistence import AggregateRepository

GROUPS = "tag_groups"
TAGS = "tags"
INDEXES = (
    Index(GROUPS, (("created_at", 1), ("_id", 1))),
    Index(GROUPS, (("name", 1), ("_id", 1))),
    Index(GROUPS, (("key", 1),), unique=True),
    *(Index(TAGS, (("merged_into_id", 1), ("archived", 1), (by, 1), ("_id", 1))) for by in ("created_at", "name")),
    Index(TAGS, (("group_id", 1), ("key", 1)), unique=True),
    Index(TAGS, (("group_id", 1), ("created_at", 1), ("_id", 1))),
    Index(TAGS, (("key", 1),)),
    Index(TAGS, (("ruled", 1), ("_id", 1))),
    Index(TAGS, (("merged_into_id", 1), ("_id", 1))),
)


class TagGroupRepository(AggregateRepository[TagGroup]):
    """One document a group."""

    collection = GROUPS
    noun = "tag group"

    async def save(self, aggregate: TagGroup, *, by: Actor) -> None:
        """Store; raises TagNameTaken where another group has the name."""
        try:
            await super().save(aggregate, by=by)
        except DuplicateKey as taken:
            _refuse_name(taken)

    async def of_ids(self, identifiers: Iterable[str]) -> dict[str, TagGroup]:
        """The groups of these ids."""
        found = await self._documents.find({"_id": {"$in": sorted(set(identifiers))}}, session=self._session).to_list(
            None
        )
        return {document["_id"]: self.from_document(document) for document in found}

    async def named(self, name: str) -> TagGroup | None:
        """The group of this name."""
        found = await self._documents.find_one({"key": name_key(name)}, session=self._session)
        return None if found is None else self.from_document(found)

    def to_document(self, aggregate: TagGroup) -> Document:
        """The fields as they are, enums by value."""
        return {
            "name": aggregate.name,
            "key": name_key(aggregate.name),
            "choice": aggregate.choice.value,
            "open": aggregate.open,
            "created_at": aggregate.created_at,
            "updated_at": aggregate.updated_at,
        }

    def from_document(self, document: Document) -> TagGroup:
        """Read what ``to_document`` wrote."""
        fields = {name: value for name, value in document.items() if name not in {"_id", "key"}}
        fields["choice"] = TagChoice(fields["choice"])
        return TagGroup(id=document["_id"], **fields)


class TagRepository(AggregateRepository[Tag]):
    """One document a tag; one that was merged leaves its name to others."""

    collection = TAGS
    noun = "tag"

    async def save(self, aggregate: Tag, *, by: Actor) -> None:
        """Store; raises TagNameTaken where another tag of the group has the name."""
        try:
            await super().save(aggregate, by=by)
        except DuplicateKey as taken:
            _refuse_name(taken)

    async def of_ids(self, identifiers: Iterable[str]) -> dict[str, Tag]:
        """The tags of these ids, merged ones included."""
        return await self._all({"_id": {"$in": sorted(set(identifiers))}})

    async def named(self, names: Sequence[str], group_id: str | None) -> list[Tag]:
        """The tags of these names, in the group or in any."""
        condition: Document = {"key": {"$in": sorted({name_key(name) for name in names})}}
        return list((await self._all(condition if group_id is None else {"group_id": group_id, **condition})).values())

    async def ids_where(self, condition: Document) -> list[str]:
        """The ids of the tags that match, without those that were merged."""
        matching = {**condition, "merged_into_id": None}
        return [each["_id"] async for each in self._documents.find(matching, {"_id": 1}, session=self._session)]

    async def ruled(self) -> list[Tag]:
        """The tags that follow a rule."""
        return list((await self._all({"ruled": True})).values())

    async def require_without_rules(self, group_id: str) -> None:
        """Raise TagFollowsRule where a tag of the group follows a rule."""
        if await self._documents.count_documents({"group_id": group_id, "ruled": True}, session=self._session):
            raise TagFollowsRule("A tag of this group follows a rule.", path=("input", "choice"))

    async def merged(self) -> dict[str, str]:
        """The tags that stand for another one, and for which."""
        found = self._documents.find({"merged_into_id": {"$gt": ""}}, {"merged_into_id": 1}, session=self._session)
        return {each["_id"]: each["merged_into_id"] async for each in found}

    async def merged_into(self, tag_id: str) -> list[Tag]:
        """The tags that stand for this one."""
        return list((await self._all({"merged_into_id": tag_id})).values())

    async def _all(self, condition: Document) -> dict[str, Tag]:
        found = await self._documents.find(condition, session=self._session).to_list(None)
        self._loaded.update({document["_id"]: document for document in found if self._session is not None})
        return {document["_id"]: self.from_document(document) for document in found}

    def to_document(self, aggregate: Tag) -> Document:
        """The fields as they are; ``ruled`` says whether it follows a rule that counts."""
        key = name_key(aggregate.name)
        return {
            "group_id": aggregate.group_id,
            "name": aggregate.name,
            "key": key if aggregate.merged_into_id is None else f"{key} {aggregate.id}",
            "colour": aggregate.colour,
            "rule": aggregate.rule,
            "rule_version": aggregate.rule_version,
            "ruled": aggregate.rule is not None and not aggregate.archived,
            "archived": aggregate.archived,
            "merged_into_id": aggregate.merged_into_id,
            "created_at": aggregate.created_at,
            "updated_at": aggregate.updated_at,
        }

    def from_document(self, document: Document) -> Tag:
        """Read what ``to_document`` wrote."""
        fields = {name: value for name, value in document.items() if name not in {"_id", "key", "ruled"}}
        return Tag(id=document["_id"], **fields)


def _refuse_name(taken: DuplicateKey) -> None:
    """Raise TagNameTaken, unless it is an id that was made twice."""
    if "key" not in (taken.details or {}).get("keyPattern", {}):
        raise taken
    raise TagNameTaken("This name is taken.", path=("input", "name")) from None
