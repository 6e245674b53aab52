"""Lifecycles in GraphQL: what they add to a customer, and the report of all."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import strawberry

from rapport_customers.context import Info
from rapport_customers.customers.facts import CustomerFacts
from rapport_customers.customers.model import CustomerStage
from rapport_customers.lifecycle import model
from rapport_customers.lifecycle.model import MilestoneKind
from rapport_shared.actor import Via
from rapport_shared.graphql.scalars import DateTime

if TYPE_CHECKING:
    from rapport_customers.customers.schema import User

LazyUser = Annotated["User", strawberry.lazy("rapport_customers.customers.schema")]
Kind = strawberry.enum(MilestoneKind, name="MilestoneKind", description="What marks a customer's way.")
REPORT_DAYS = 90


@strawberry.type(description="A customer's time in a stage.")
class StageStay:
    """The GraphQL form of a stay."""

    stage: CustomerStage = strawberry.field(description="The stage.")
    previous: CustomerStage | None = strawberry.field(description="Where it came from; null at the beginning.")
    entered_at: DateTime = strawberry.field(description="When it came there.")
    occurred_at: DateTime | None = strawberry.field(description="When that really was, where somebody said so.")
    left_at: DateTime | None = strawberry.field(description="When it left; null while it is there.")
    seconds: int | None = strawberry.field(description="How long it stayed; null while it is there.")
    by_id: strawberry.ID = strawberry.field(description="Who brought it there: a user's id, `system`, or a rule.")
    via: str = strawberry.field(description="How: USER, KEY, RULE, IMPORT or SYSTEM.")
    reason: str | None = strawberry.field(description="Why.")

    @strawberry.field(description="Who brought it there; null for the system and its rules.")
    def by(self, info: Info) -> LazyUser | None:
        """A reference to the identity service's user."""
        people = self.via not in {Via.SYSTEM.value, Via.RULE.value}
        user: LazyUser | None = info.context.to_user(str(self.by_id)) if people else None
        return user

    @classmethod
    def from_model(cls, stay: model.Stay) -> "StageStay":
        """The public form."""
        return cls(
            stage=stay.stage,
            previous=stay.previous,
            entered_at=DateTime(stay.entered_at),
            occurred_at=None if stay.occurred_at is None else DateTime(stay.occurred_at),
            left_at=None if stay.left_at is None else DateTime(stay.left_at),
            seconds=stay.seconds,
            by_id=strawberry.ID(stay.by),
            via=stay.via,
            reason=stay.reason,
        )


@strawberry.type(description="When something first happened.")
class Milestone:
    """The GraphQL form of a milestone."""

    kind: MilestoneKind = strawberry.field(description="What.")
    at: DateTime = strawberry.field(description="When.")


@strawberry.type(description="A customer's way: its stages, and what marked it.")
class Lifecycle:
    """The GraphQL form of a lifecycle; each field is one query for any number of customers."""

    customer_id: strawberry.Private[str]
    facts: strawberry.Private[CustomerFacts]

    @strawberry.field(description="The stages that it came to, oldest first.")
    async def stays(self, info: Info) -> list[StageStay]:
        """Batched."""
        return [StageStay.from_model(stay) for stay in await info.context.stays_of_customer.load(self.customer_id)]

    @strawberry.field(description="What marked its way, oldest first, as far as you may read what it is known from.")
    async def milestones(self, info: Info) -> list[Milestone]:
        """Derived from deals, orders, communications and moves."""
        deals = await info.context.all_deals_of_customer.load(self.customer_id)
        stays = await info.context.stays_of_customer.load(self.customer_id)
        first = self.facts.first_order_at
        again = None if first is None else await info.context.next_order_of_customer.load((self.customer_id, first))
        contact, later = info.context.spoken_with_customer, None
        spoken = await contact.load((self.customer_id, None))
        if first is not None:
            later = await contact.load((self.customer_id, first))
        referring = (stay.entered_at for stay in stays if stay.stage is CustomerStage.ADVOCATE)
        found = model.milestones(
            [
                (MilestoneKind.FIRST_CONTACT, spoken),
                (MilestoneKind.AFTER_SALES, later),
                (MilestoneKind.QUOTE_FEEDBACK, model.quote_feedback(deals)),
                (MilestoneKind.DEAL_WON, model.deal_won(deals)),
                (MilestoneKind.FIRST_ORDER, first),
                (MilestoneKind.REPURCHASE, again),
                (MilestoneKind.REFERRAL, min(referring, default=None)),
            ]
        )
        return [Milestone(kind=milestone.kind, at=DateTime(milestone.at)) for milestone in found]


@strawberry.type
class CustomerLifecycle:
    """What lifecycles add to a customer."""

    id: strawberry.ID
    facts: strawberry.Private[CustomerFacts]

    @strawberry.field(description="Its way from stage to stage.")
    def lifecycle(self) -> Lifecycle:
        """Resolved by its fields."""
        return Lifecycle(customer_id=str(self.id), facts=self.facts)


@strawberry.type(description="How many customers are in a stage, and how long those stayed who left it.")
class StageDuration:
    """The GraphQL form of a stage's summary."""

    stage: CustomerStage = strawberry.field(description="The stage.")
    customers: int = strawberry.field(description="How many of the customers that you may see are in it now.")
    left: int = strawberry.field(description="How many stays in it ended in the time asked about.")
    shortest_seconds: int | None = strawberry.field(description="The shortest of them; null where there is none.")
    mean_seconds: int | None = strawberry.field(description="Their mean; null where there is none.")
    longest_seconds: int | None = strawberry.field(description="The longest of them; null where there is none.")


@strawberry.type
class LifecycleQuery:
    """Reading lifecycles."""

    @strawberry.field(description="How long customers stay in the stages.")
    async def stage_durations(
        self,
        info: Info,
        since: Annotated[
            DateTime | None, strawberry.argument(description="Stays that ended from then on; 90 days ago by default.")
        ] = None,
        until: Annotated[DateTime | None, strawberry.argument(description="And until then; now by default.")] = None,
    ) -> list[StageDuration]:
        """One entry a stage."""
        end = until or info.context.clock()
        begin = since or end - timedelta(days=REPORT_DAYS)
        summaries = await info.context.lifecycle.summaries(begin, end, by=info.context.actor)
        return [
            StageDuration(
                stage=each.stage,
                customers=each.customers,
                left=each.left,
                shortest_seconds=each.shortest,
                mean_seconds=each.mean,
                longest_seconds=each.longest,
            )
            for each in summaries
        ]
