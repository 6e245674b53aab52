"""Products in MongoDB."""

from collections.abc import Set

from rapport_customers.products.errors import ProductCodeTaken
from rapport_customers.products.model import Product
from rapport_shared.actor import Actor
from rapport_shared.money import Money
from rapport_shared.mongo import Document, DuplicateKey, Index
from rapport_shared.persistence import AggregateRepository

COLLECTION = "products"
INDEXES = (
    Index(COLLECTION, (("code", 1),), unique=True),
    Index(COLLECTION, (("name", 1), ("_id", 1))),
    Index(COLLECTION, (("created_at", -1), ("_id", -1))),
)


class ProductRepository(AggregateRepository[Product]):
    """One document a product."""

    collection = COLLECTION
    noun = "product"

    async def save(self, aggregate: Product, *, by: Actor) -> None:
        """Store; raises ProductCodeTaken where another product has the same code."""
        try:
            await super().save(aggregate, by=by)
        except DuplicateKey:
            raise ProductCodeTaken("Another product has this code.", path=("input", "code")) from None

    async def active(self, identifiers: Set[str]) -> set[str]:
        """Those of the products that are sold."""
        condition = {"_id": {"$in": sorted(identifiers)}, "active": True}
        found = await self._documents.find(condition, {"_id": 1}, session=self._session).to_list(None)
        return {document["_id"] for document in found}

    def to_document(self, aggregate: Product) -> Document:
        """The fields as they are."""
        return {
            "code": aggregate.code,
            "name": aggregate.name,
            "category": aggregate.category,
            "unit_price": None if aggregate.unit_price is None else aggregate.unit_price.document(),
            "active": aggregate.active,
            "created_at": aggregate.created_at,
            "updated_at": aggregate.updated_at,
        }

    def from_document(self, document: Document) -> Product:
        """Read what ``to_document`` wrote."""
        fields = {name: value for name, value in document.items() if name != "_id"}
        fields["unit_price"] = Money.stored(fields["unit_price"])
        return Product(id=document["_id"], **fields)
