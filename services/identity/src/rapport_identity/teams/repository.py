"""Teams in MongoDB."""

from collections.abc import Sequence

from rapport_identity.teams.model import Team
from rapport_shared.mongo import Document, Index, every
from rapport_shared.persistence import AggregateRepository
from rapport_shared.rights import EVERYTHING, Scope

COLLECTION = "teams"
INDEXES = (
    Index(COLLECTION, (("parent_id", 1),)),
    Index(COLLECTION, (("deleted", 1), ("name", 1), ("_id", 1))),
    Index(COLLECTION, (("deleted", 1), ("created_at", -1), ("_id", -1))),
)


class TeamRepository(AggregateRepository[Team]):
    """One document a team; ``deleted`` mirrors ``deleted_at`` for indexes."""

    collection = COLLECTION
    noun = "team"

    async def there_is(self, identifier: str) -> bool:
        """Whether there is such a team."""
        found = await self.find(identifier, EVERYTHING)
        return found is not None and found.deleted_at is None

    async def to_the_top(self, identifier: str | None) -> list[str]:
        """A team and those above it, the nearest first."""
        found: list[str] = []
        while identifier is not None and identifier not in found:
            team = await self.find(identifier, EVERYTHING)
            if team is None:
                break
            found.append(identifier)
            identifier = team.parent_id
        return found

    async def below(self, parents: Sequence[str], scope: Scope) -> list[Team]:
        """The teams directly below some, by name."""
        condition = every({"parent_id": {"$in": list(parents)}, "deleted": False}, scope.filter())
        found = self._documents.find(condition, session=self._session).sort([("name", 1), ("_id", 1)])
        return [self.from_document(document) for document in await found.to_list(None)]

    async def levels_below(self, identifier: str) -> int:
        """How many levels of teams are below a team."""
        levels, waiting = 0, [identifier]
        while waiting:
            below = {"parent_id": {"$in": waiting}, "deleted": False}
            found = self._documents.find(below, {"_id": 1}, session=self._session)
            waiting = [document["_id"] for document in await found.to_list(None)]
            levels += bool(waiting)
        return levels

    def to_document(self, aggregate: Team) -> Document:
        """The fields as they are."""
        return {
            "name": aggregate.name,
            "parent_id": aggregate.parent_id,
            "created_at": aggregate.created_at,
            "updated_at": aggregate.updated_at,
            "deleted_at": aggregate.deleted_at,
            "deleted": aggregate.deleted_at is not None,
        }

    def from_document(self, document: Document) -> Team:
        """Read what ``to_document`` wrote."""
        fields = {name: value for name, value in document.items() if name not in {"_id", "deleted"}}
        return Team(id=document["_id"], **fields)
