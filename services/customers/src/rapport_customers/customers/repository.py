"""Customers in MongoDB."""

from rapport_customers.customers.errors import ExternalIdTaken
from rapport_customers.customers.model import Customer, CustomerKind, CustomerStage
from rapport_shared.actor import Actor
from rapport_shared.mongo import Document, DuplicateKey, Index
from rapport_shared.persistence import AggregateRepository

COLLECTION = "customers"
INDEXES = (
    Index(COLLECTION, (("deleted", 1), ("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("owner_id", 1), ("deleted", 1), ("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("deleted", 1), ("name", 1), ("_id", 1))),
    Index(COLLECTION, (("deleted", 1), ("updated_at", -1), ("_id", -1))),
    Index(COLLECTION, (("deleted", 1), ("stage", 1), ("_id", 1))),
    # A deleted customer does not hold its external id.
    Index(COLLECTION, (("external_id", 1),), unique=True, only={"external_id": {"$type": "string"}, "deleted": False}),
)


class CustomerRepository(AggregateRepository[Customer]):
    """One document a customer; ``deleted`` mirrors ``deleted_at`` for indexes."""

    collection = COLLECTION
    noun = "customer"

    async def save(self, aggregate: Customer, *, by: Actor) -> None:
        """Store; raises ExternalIdTaken where another customer has the same."""
        try:
            await super().save(aggregate, by=by)
        except DuplicateKey:
            message = "Another customer has this external id."
            raise ExternalIdTaken(message, path=("input", "externalId")) from None

    def to_document(self, aggregate: Customer) -> Document:
        """The fields as they are, enums by value."""
        return {
            "kind": aggregate.kind.value,
            "name": aggregate.name,
            "phone": aggregate.phone,
            "email": aggregate.email,
            "source": aggregate.source,
            "stage": aggregate.stage.value,
            "owner_id": aggregate.owner_id,
            "tags": list(aggregate.tags),
            "external_id": aggregate.external_id,
            "created_at": aggregate.created_at,
            "updated_at": aggregate.updated_at,
            "deleted_at": aggregate.deleted_at,
            "deleted": aggregate.deleted_at is not None,
        }

    def from_document(self, document: Document) -> Customer:
        """Read what ``to_document`` wrote."""
        fields = {name: value for name, value in document.items() if name not in {"_id", "deleted"}}
        fields["kind"] = CustomerKind(fields["kind"])
        fields["stage"] = CustomerStage(fields["stage"])
        fields["tags"] = tuple(fields["tags"])
        return Customer(id=document["_id"], **fields)
