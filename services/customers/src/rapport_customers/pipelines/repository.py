"""Pipelines in MongoDB."""

from rapport_customers.pipelines.model import Pipeline, Stage, StageKind
from rapport_shared.mongo import Document, Index
from rapport_shared.persistence import AggregateRepository

COLLECTION = "pipelines"
_OLDEST = [("created_at", 1), ("_id", 1)]
INDEXES = (Index(COLLECTION, (("created_at", 1), ("_id", 1))), Index(COLLECTION, (("name", 1), ("_id", 1))))


class PipelineRepository(AggregateRepository[Pipeline]):
    """One document a pipeline."""

    collection = COLLECTION
    noun = "pipeline"

    async def open_one(self, identifier: str | None) -> Pipeline | None:
        """The pipeline, or the oldest where none is named, unless it is archived."""
        if identifier is None:
            oldest = await self._documents.find({"archived": False}, session=self._session).sort(_OLDEST).to_list(1)
            return self.from_document(oldest[0]) if oldest else None
        found = await self._documents.find_one({"_id": identifier, "archived": False}, session=self._session)
        return None if found is None else self.from_document(found)

    async def of_deal(self, identifier: str) -> Pipeline:
        """The pipeline of a deal, which is never deleted."""
        found = await self._documents.find_one({"_id": identifier}, session=self._session)
        assert found is not None  # noqa: S101
        return self.from_document(found)

    def to_document(self, aggregate: Pipeline) -> Document:
        """The fields as they are, enums by value."""
        return {
            "name": aggregate.name,
            "stages": [
                {"key": stage.key, "name": stage.name, "kind": stage.kind.value, "probability": stage.probability}
                for stage in aggregate.stages
            ],
            "archived": aggregate.archived,
            "created_at": aggregate.created_at,
            "updated_at": aggregate.updated_at,
        }

    def from_document(self, document: Document) -> Pipeline:
        """Read what ``to_document`` wrote."""
        fields = {name: value for name, value in document.items() if name != "_id"}
        fields["stages"] = tuple(Stage(**{**stage, "kind": StageKind(stage["kind"])}) for stage in fields["stages"])
        return Pipeline(id=document["_id"], **fields)
