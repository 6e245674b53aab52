"""Subject requests in GraphQL: translate, call, translate."""

from enum import Enum

import strawberry

from rapport_customers.context import Info
from rapport_customers.customers.schema import Customer, User
from rapport_customers.subjects import model
from rapport_customers.subjects.inputs import LISTING, EraseSubjectInput, ExportSubjectInput
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import given
from rapport_shared.graphql.lists import ListQuery, list_field
from rapport_shared.graphql.scalars import DateTime
from rapport_shared.graphql.subjects import DEFAULT_PAGE, After, First, SubjectRecords, subject_records


@strawberry.enum(description="How far a subject request, or a service's part of it, is.")
class SubjectRequestStatus(Enum):
    """Pending until the answer is there."""

    PENDING = strawberry.enum_value("PENDING", description="Not done yet.")
    COMPLETED = strawberry.enum_value("COMPLETED", description="Done.")


@strawberry.type(description="One service's part of a subject request.")
class SubjectService:
    """The GraphQL form of a part."""

    service: str = strawberry.field(description="The service's name.")
    status: SubjectRequestStatus = strawberry.field(description="How far it is.")
    records: int | None = strawberry.field(description="How many records it covers; null while it is pending.")
    completed_at: DateTime | None = strawberry.field(description="When it was done.")

    @classmethod
    def from_model(cls, part: model.ServicePart) -> "SubjectService":
        """The public form."""
        at = part.completed_at
        return cls(
            service=part.service,
            status=SubjectRequestStatus.PENDING if at is None else SubjectRequestStatus.COMPLETED,
            records=part.records,
            completed_at=None if at is None else DateTime(at),
        )


@strawberry.federation.type(
    keys=["id"], description="A request for a copy of all that is kept of a customer, or for its erasure."
)
class SubjectRequest:
    """The GraphQL form of a request."""

    id: strawberry.ID = strawberry.field(description="Its id, `sbr_…`.")
    kind: model.SubjectRequestKind = strawberry.field(description="What is asked for.")
    status: SubjectRequestStatus = strawberry.field(description="Completed once every service is.")
    customer_id: strawberry.ID = strawberry.field(description="The id of the customer.")
    requested_by_id: strawberry.ID = strawberry.field(description="The id of who asked.")
    requested_at: DateTime = strawberry.field(description="When it was asked.")
    completed_at: DateTime | None = strawberry.field(description="When the last service was done.")
    services: list[SubjectService] = strawberry.field(description="What each service has done.")
    version: int = strawberry.field(description="Counts the changes.")

    @strawberry.field(description="The customer; null where it is deleted or not yours to see.")
    async def customer(self, info: Info) -> Customer | None:
        """By id, batched."""
        found = await info.context.customer_by_id.load(str(self.customer_id))
        return None if found is None else Customer.from_model(found)

    @strawberry.field(description="Who asked.")
    def requested_by(self) -> User:
        """A reference to the identity service's user."""
        return User(id=self.requested_by_id)

    @strawberry.field(
        description="What this service keeps of the customer, customer, history, contacts, deals, orders."
    )
    async def customers_records(
        self, info: Info, first: First = DEFAULT_PAGE, after: After = None
    ) -> SubjectRecords | None:
        """A page; every reading is audited."""
        return await subject_records(info, str(self.id), first, after)

    @classmethod
    def from_model(cls, request: model.SubjectRequest) -> "SubjectRequest":
        """The public form."""
        done = request.completed_at
        return cls(
            id=strawberry.ID(request.id),
            kind=request.kind,
            status=SubjectRequestStatus.PENDING if done is None else SubjectRequestStatus.COMPLETED,
            customer_id=strawberry.ID(request.customer_id),
            requested_by_id=strawberry.ID(request.requested_by),
            requested_at=DateTime(request.requested_at),
            completed_at=None if done is None else DateTime(done),
            services=[SubjectService.from_model(part) for part in request.parts],
            version=request.version,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str) -> "SubjectRequest | None":
        """The request of a representation."""
        found = await info.context.subject_request_by_id.load(id)
        return None if found is None else cls.from_model(found)


@strawberry.type(description="The subject request, or what is wrong.")
class SubjectRequestPayload:
    """Payload of every subject mutation."""

    request: SubjectRequest | None = strawberry.field(default=None, description="The request as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, request: model.SubjectRequest) -> "SubjectRequestPayload":
        """The payload of success."""
        return cls(request=SubjectRequest.from_model(request))


@strawberry.type
class SubjectQuery:
    """Reading subject requests."""

    @strawberry.field(description="One subject request; null where there is none, or none that you may see.")
    async def subject_request(self, info: Info, id: strawberry.ID) -> SubjectRequest | None:
        """By id."""
        found = await info.context.subjects.find(id, by=info.context.actor)
        return None if found is None else SubjectRequest.from_model(found)

    @list_field("The subject requests that you may see.", LISTING)
    async def subject_requests(self, info: Info, query: ListQuery) -> Connection[SubjectRequest]:
        """A page."""
        service, by = info.context.subjects, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, SubjectRequest.from_model, lambda: service.count(query.condition, by=by))


@strawberry.type
class SubjectMutation:
    """Asking about a customer's data."""

    @mutation("Have every service hold a copy of all that it keeps of a customer ready for reading.")
    async def export_subject(self, info: Info, input: ExportSubjectInput) -> SubjectRequestPayload:
        """Export."""
        key = given(input.idempotency_key)
        made = await info.context.subjects.export(input.customer_id, idempotency_key=key, by=info.context.actor)
        return SubjectRequestPayload.of(made)

    @mutation("Erase everything personal about a customer in every service. This cannot be undone.")
    async def erase_subject(self, info: Info, input: EraseSubjectInput) -> SubjectRequestPayload:
        """Erase."""
        key = given(input.idempotency_key)
        made = await info.context.subjects.erase(input.customer_id, idempotency_key=key, by=info.context.actor)
        return SubjectRequestPayload.of(made)
