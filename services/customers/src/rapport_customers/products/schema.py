"""Products in GraphQL: translate, call, translate."""

import strawberry

from rapport_customers.context import Info
from rapport_customers.products import model
from rapport_customers.products.inputs import LISTING, CreateProductInput, UpdateProductInput, priced
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import details, given
from rapport_shared.graphql.lists import ListQuery, list_field
from rapport_shared.graphql.money import Money
from rapport_shared.graphql.scalars import DateTime


@strawberry.federation.type(keys=["id"], description="Something that can be sold.")
class Product:
    """The GraphQL form of a product."""

    id: strawberry.ID = strawberry.field(description="Its id, `prd_…`.")
    code: str = strawberry.field(description="Its number or code; unique.")
    name: str = strawberry.field(description="Its name.")
    category: str | None = strawberry.field(description="What kind of product it is.")
    unit_price: Money | None = strawberry.field(description="What one of it usually costs.")
    active: bool = strawberry.field(description="Whether it is sold.")
    created_at: DateTime = strawberry.field(description="When the record was made.")
    updated_at: DateTime = strawberry.field(description="When the record last changed.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")

    @classmethod
    def from_model(cls, product: model.Product) -> "Product":
        """The public form."""
        return cls(
            id=strawberry.ID(product.id),
            code=product.code,
            name=product.name,
            category=product.category,
            unit_price=None if product.unit_price is None else Money.from_model(product.unit_price),
            active=product.active,
            created_at=DateTime(product.created_at),
            updated_at=DateTime(product.updated_at),
            version=product.version,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str) -> "Product | None":
        """The product of a representation, unless it is out of reach."""
        found = await info.context.product_by_id.load(id)
        return None if found is None else cls.from_model(found)


@strawberry.type(description="The product after a change, or what is wrong.")
class ProductPayload:
    """Payload of every product mutation."""

    product: Product | None = strawberry.field(default=None, description="The product as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, product: model.Product) -> "ProductPayload":
        """The payload of success."""
        return cls(product=Product.from_model(product))


@strawberry.type
class ProductQuery:
    """Reading products."""

    @list_field("The products that you may see.", LISTING)
    async def products(self, info: Info, query: ListQuery) -> Connection[Product]:
        """A page."""
        service, by = info.context.products, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, Product.from_model, lambda: service.count(query.condition, by=by))


@strawberry.type
class ProductMutation:
    """Changing products."""

    @mutation("Make a new product; for managers.")
    async def create_product(self, info: Info, input: CreateProductInput) -> ProductPayload:
        """Create."""
        made = await info.context.products.create(
            priced(details(input)), idempotency_key=given(input.idempotency_key), by=info.context.actor
        )
        return ProductPayload.of(made)

    @mutation("Change a product; for managers.")
    async def update_product(self, info: Info, input: UpdateProductInput) -> ProductPayload:
        """Update."""
        changed = await info.context.products.update(
            input.id, priced(details(input)), expected_version=given(input.expected_version), by=info.context.actor
        )
        return ProductPayload.of(changed)
