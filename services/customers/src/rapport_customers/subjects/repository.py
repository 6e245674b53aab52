"""Subject requests in MongoDB."""

from dataclasses import asdict
from typing import Final

from rapport_customers.subjects.model import ServicePart, SubjectRequest, SubjectRequestKind
from rapport_shared.mongo import Document, Index
from rapport_shared.persistence import AggregateRepository

COLLECTION: Final = "subject_requests"
INDEXES: Final = (
    Index(COLLECTION, (("customer_id", 1), ("requested_at", -1), ("_id", -1))),
    Index(COLLECTION, (("requested_at", -1), ("_id", -1))),
)


class SubjectRequestRepository(AggregateRepository[SubjectRequest]):
    """One document a request; it names the customer by id only, and outlives what it erased."""

    collection = COLLECTION
    noun = "subject request"

    async def erasure_of(self, customer_id: str) -> SubjectRequest | None:
        """The request that the customer was erased by."""
        condition = {"customer_id": customer_id, "kind": SubjectRequestKind.ERASURE.value}
        found = await self._documents.find_one(condition, session=self._session)
        return None if found is None else self.from_document(found)

    async def load(self, identifier: str) -> SubjectRequest | None:
        """The request, for whoever answers it."""
        found = await self._documents.find_one({"_id": identifier}, session=self._session)
        return None if found is None else self.from_document(found)

    def to_document(self, aggregate: SubjectRequest) -> Document:
        """The fields as they are, enums by value."""
        return {
            "kind": aggregate.kind.value,
            "customer_id": aggregate.customer_id,
            "requested_by": aggregate.requested_by,
            "requested_at": aggregate.requested_at,
            "parts": [asdict(part) for part in aggregate.parts],
            "updated_at": aggregate.updated_at,
        }

    def from_document(self, document: Document) -> SubjectRequest:
        """Read what ``to_document`` wrote."""
        fields = {name: value for name, value in document.items() if name != "_id"}
        fields["kind"] = SubjectRequestKind(fields["kind"])
        fields["parts"] = tuple(ServicePart(**part) for part in fields["parts"])
        return SubjectRequest(id=document["_id"], **fields)
