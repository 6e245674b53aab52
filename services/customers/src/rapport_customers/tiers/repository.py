"""The tiers in MongoDB: one document."""

from rapport_customers.tiers.model import IDENTIFIER, Tier, Tiers
from rapport_shared.mongo import Document
from rapport_shared.persistence import AggregateRepository
from rapport_shared.rights import EVERYTHING

COLLECTION = "tiers"


class TiersRepository(AggregateRepository[Tiers]):
    """One document."""

    collection = COLLECTION
    noun = "tiers"

    async def current(self) -> Tiers:
        """The tiers; none where none were ever set."""
        return await self.find(IDENTIFIER, EVERYTHING) or Tiers(id=IDENTIFIER)

    def to_document(self, aggregate: Tiers) -> Document:
        """The fields as they are."""
        return {
            "tiers": [{"key": tier.key, "name": tier.name, "rule": tier.rule} for tier in aggregate.tiers],
            "updated_at": aggregate.updated_at,
        }

    def from_document(self, document: Document) -> Tiers:
        """Read what ``to_document`` wrote."""
        return Tiers(
            id=document["_id"],
            version=document["version"],
            tiers=tuple(Tier(**tier) for tier in document["tiers"]),
            updated_at=document["updated_at"],
        )
