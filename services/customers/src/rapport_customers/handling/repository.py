"""How customers are handled, in MongoDB: one document."""

from rapport_customers.customers.model import CustomerStage
from rapport_customers.handling.model import DAYS, HANDLING_ID, Handling
from rapport_shared.mongo import Document
from rapport_shared.persistence import AggregateRepository

COLLECTION = "handling"


class HandlingRepository(AggregateRepository[Handling]):
    """The one record; as usual where nobody has said anything yet."""

    collection = COLLECTION
    noun = "handling"
    _known: Handling | None = None

    async def current(self) -> Handling:
        """How customers are handled now; one query for a whole transaction."""
        if self._session is None or self._known is None:
            found = await self._documents.find_one({"_id": HANDLING_ID}, session=self._session)
            self._known = Handling(id=HANDLING_ID) if found is None else self.from_document(found)
        return self._known

    def to_document(self, aggregate: Handling) -> Document:
        """The fields as they are, enums by value."""
        return {
            "moves": [[stage.value, after.value] for stage, after in aggregate.moves],
            "follows_facts": aggregate.follows_facts,
            "required_of_persons": [list(fields) for fields in aggregate.required_of_persons],
            "required_of_companies": [list(fields) for fields in aggregate.required_of_companies],
            "reason_required": list(aggregate.reason_required),
            **{name: getattr(aggregate, name) for name in DAYS},
            "updated_at": aggregate.updated_at,
        }

    def from_document(self, document: Document) -> Handling:
        """Read what ``to_document`` wrote."""
        since_then = {name: document[name] for name in DAYS if name in document}
        return Handling(
            **since_then,
            id=document["_id"],
            version=document["version"],
            moves=tuple((CustomerStage(stage), CustomerStage(after)) for stage, after in document["moves"]),
            follows_facts=document["follows_facts"],
            required_of_persons=tuple(map(tuple, document.get("required_of_persons", ()))),
            required_of_companies=tuple(map(tuple, document.get("required_of_companies", ()))),
            reason_required=tuple(document.get("reason_required", ())),
            updated_at=document["updated_at"],
        )
