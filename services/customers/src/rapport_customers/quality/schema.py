"""Data quality in GraphQL: translate, call, translate."""

import strawberry

from rapport_customers.context import Info
from rapport_customers.customers.schema import Customer
from rapport_customers.quality.inputs import ORDERS, FixDataQualityInput, Wanted
from rapport_customers.quality.model import Measure, QualityRule
from rapport_customers.quality.service import Finding
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import After, First
from rapport_shared.mongo import page_request


@strawberry.type(description="A customer with something wrong.")
class QualityFinding:
    """The GraphQL form of a finding."""

    customer: Customer = strawberry.field(description="The customer.")
    fields: list[str] = strawberry.field(description="The fields at fault: of MISSING and INVALID.")
    mendable: bool = strawberry.field(description="Whether `fixDataQuality` brings a value into its normal form.")

    @classmethod
    def from_model(cls, finding: Finding) -> "QualityFinding":
        """The public form."""
        return cls(customer=Customer.from_model(finding.customer), fields=finding.fields, mendable=finding.mendable)


@strawberry.type(description="A rule of data quality, and what is found by it.")
class QualityFindings:
    """The GraphQL form of a rule."""

    rule: QualityRule = strawberry.field(description="The rule.")
    measure: strawberry.Private[Measure]

    @strawberry.field(
        description="How many of the customers that you see are found; null for DUPLICATE where you do not see all "
        "customers, their phone numbers and mail addresses: then `duplicateGroups` tells of those that you see."
    )
    async def count(self, info: Info) -> int | None:
        """One query."""
        return await info.context.quality.count(self.rule, self.measure, by=info.context.actor)

    @strawberry.field(description="The findings: of STALE the longest untouched first, else the oldest customer.")
    async def findings(self, info: Info, first: First = None, after: After = None) -> Connection[QualityFinding]:
        """A page."""
        service, by = info.context.quality, info.context.actor
        order = ORDERS.get(self.rule, ())
        request = page_request(first=first, after=after, last=None, before=None, order=order)
        page = await service.page(self.rule, self.measure, request, by=by)

        async def count() -> int:
            return await service.count(self.rule, self.measure, by=by) or 0

        return connection_of(page, QualityFinding.from_model, count)


@strawberry.type(description="What was mended.")
class FixDataQualityPayload:
    """Payload of fixDataQuality."""

    customers: list[Customer] = strawberry.field(default_factory=list, description="Who was changed, up to 50.")
    has_more: bool = strawberry.field(default=False, description="Whether there is more to mend: call again.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")


@strawberry.type
class QualityQuery:
    """Reading findings."""

    @strawberry.field(
        description="What is wrong with the customers that you see. MISSING: no value in one of the required sets of "
        "`customerHandling` (or, where it has none, in the standard ones); INVALID: a phone number or mail address "
        "that is not in its normal form; STALE: no change, order or word for `staleDays`; DUPLICATE: may be another."
    )
    async def data_quality(self, info: Info, rules: Wanted = None) -> list[QualityFindings]:
        """By rule."""
        measure = await info.context.quality.measure(by=info.context.actor)
        wanted = dict.fromkeys(QualityRule if rules is None else rules)
        return [QualityFindings(rule=rule, measure=measure) for rule in wanted]


@strawberry.type
class QualityMutation:
    """Mending."""

    @mutation("Bring phone numbers and mail addresses of customers that you may change into their normal form.")
    async def fix_data_quality(self, info: Info, input: FixDataQualityInput) -> FixDataQualityPayload:
        """The next 50."""
        changed, has_more = await info.context.quality.mend(by=info.context.actor)
        return FixDataQualityPayload(customers=[Customer.from_model(each) for each in changed], has_more=has_more)
