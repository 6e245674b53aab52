"""Profiles in GraphQL: what they add to a customer.

A profile is made of what the customer's record holds already: a page of customers with profiles costs no more database
calls than one without, tags aside, which are loaded together.
"""

import strawberry

from rapport_customers.context import Info
from rapport_customers.customers.facts import CustomerFacts
from rapport_customers.customers.model import Customer, CustomerStage
from rapport_customers.needs.model import NeedKind
from rapport_customers.profile.model import (
    Disclosure,
    ProfileIntent,
    ProfileSource,
    disclosure,
    known_intent,
    open_kinds,
)
from rapport_customers.tags.types import TagLink, tag_links
from rapport_shared.graphql.lists import at_most
from rapport_shared.graphql.money import Money
from rapport_shared.graphql.scalars import DateTime, date_time

Source = strawberry.enum(
    ProfileSource,
    description="Which records a part of a profile is drawn from: CUSTOMER, ORDER and NEED of the service `customers`, "
    "INTERACTION of `interactions`, TASK of `tasks`.",
)
Intent = strawberry.enum(ProfileIntent, description="How much the customer wanted to buy, as an author judged.")


@strawberry.type
class ProfilePart:
    """What every part has."""

    source: ProfileSource = strawberry.field(description="Which records it is drawn from.")
    as_of: DateTime | None = strawberry.field(
        description="When they last changed, as their own service says; null where nothing was ever told, or not since "
        "an earlier release."
    )


@strawberry.type(description="Where the customer stands.")
class ProfileLifecycle(ProfilePart):
    """Freshness is when it came there."""

    stage: CustomerStage = strawberry.field(description="Its stage; see `lifecycle` for its way there.")


@strawberry.type(description="How much the customer is worth, as a rule says.")
class ProfileTier(ProfilePart):
    """Freshness is when it came to its tier, or left the last."""

    key: str | None = strawberry.field(description="The key of its tier; null where it is of none.")


@strawberry.type(description="What the customer is sorted by.")
class ProfileTags(ProfilePart):
    """Freshness is when a tag last came or went."""

    links: list[TagLink] = strawberry.field(description="Those given by hand first.")


@strawberry.type(description="What the customer bought: orders that were neither cancelled nor paid back.")
class ProfileOrders(ProfilePart):
    """Freshness is when any order last changed."""

    count: int = strawberry.field(description="How many there are.")
    spend: list[Money] | None = strawberry.field(
        description="What they came to, one sum a currency, by its code; null where totals are hidden from you."
    )
    average: list[Money] | None = strawberry.field(
        description="What one came to on average, one sum a currency, by its code; null where totals are hidden."
    )
    first_at: DateTime | None = strawberry.field(description="When the first was.")
    last_at: DateTime | None = strawberry.field(description="When the last was.")
    days_between: int | None = strawberry.field(description="How many whole days lie between two on average.")


@strawberry.type(description="How the customer was spoken with.")
class ProfileCommunications(ProfilePart):
    """Freshness is when any communication record last changed."""

    last_at: DateTime | None = strawberry.field(description="When somebody last spoke with the customer.")
    intent: ProfileIntent | None = strawberry.field(
        description="How much it wanted to buy then; null where nobody said so, or where that is hidden from you."
    )


@strawberry.type(description="What is to be done about the customer.")
class ProfileTasks(ProfilePart):
    """Freshness is when any task about it last changed."""

    open: int = strawberry.field(description="How many tasks are neither done nor cancelled.")
    next_follow_up_at: DateTime | None = strawberry.field(
        description="When the first of them is due; null where none has a date, or where dates are hidden from you."
    )


@strawberry.type(description="What the customer needs.")
class ProfileNeeds(ProfilePart):
    """Freshness is when any need last changed."""

    open_kinds: list[NeedKind] = strawberry.field(
        description="The kinds of its open needs.", directives=[at_most(len(NeedKind))]
    )


@strawberry.type(description="What is known of a customer, each part with where it comes from and how fresh it is.")
class CustomerProfile:
    """The GraphQL form of a profile."""

    lifecycle: ProfileLifecycle = strawberry.field(description="Where it stands.")
    tier: ProfileTier = strawberry.field(description="How much it is worth: the only rating that there is.")
    tags: ProfileTags = strawberry.field(description="What it is sorted by.")
    orders: ProfileOrders | None = strawberry.field(
        description="What it bought; null where you may not read all of its orders."
    )
    communications: ProfileCommunications | None = strawberry.field(
        description="How it was spoken with; null where you may not read all communications with it."
    )
    tasks: ProfileTasks | None = strawberry.field(
        description="What is to be done; null where you may not read all tasks about it."
    )
    needs: ProfileNeeds | None = strawberry.field(
        description="What it needs; null where you may not read all of its needs."
    )


@strawberry.type
class CustomerProfiles:
    """What profiles add to a customer."""

    known: strawberry.Private[Customer]

    @strawberry.field(description="What is known of it, as far as you may read what that is drawn from.")
    def profile(self, info: Info) -> CustomerProfile:
        """Drawn up of what the record holds."""
        context = info.context
        told = disclosure(context.directory.policy, context.actor, self.known.owner_id)
        return _profile(self.known, told)


def _profile(customer: Customer, told: Disclosure) -> CustomerProfile:
    facts, own = customer.facts, ProfileSource.CUSTOMER
    return CustomerProfile(
        lifecycle=ProfileLifecycle(source=own, as_of=DateTime(customer.stage_since), stage=customer.stage),
        tier=ProfileTier(source=own, as_of=date_time(customer.tier_since), key=customer.tier),
        tags=ProfileTags(
            source=own,
            as_of=date_time(customer.tag_times.changed_at),
            links=tag_links(customer.tags, customer.rule_tags, customer.tag_times),
        ),
        orders=_orders(facts, told) if told.orders else None,
        communications=_communications(facts, told) if told.communications else None,
        tasks=_tasks(facts, told) if told.tasks else None,
        needs=_needs(facts) if told.needs else None,
    )


def _orders(facts: CustomerFacts, told: Disclosure) -> ProfileOrders:
    return ProfileOrders(
        source=ProfileSource.ORDER,
        as_of=date_time(facts.orders_as_of),
        count=facts.order_count,
        spend=[Money.from_model(each) for each in facts.spent] if told.totals else None,
        average=[Money.from_model(each) for each in facts.averages] if told.totals else None,
        first_at=date_time(facts.first_order_at),
        last_at=date_time(facts.last_order_at),
        days_between=facts.days_between_orders,
    )


def _communications(facts: CustomerFacts, told: Disclosure) -> ProfileCommunications:
    return ProfileCommunications(
        source=ProfileSource.INTERACTION,
        as_of=date_time(facts.interactions_as_of),
        last_at=date_time(facts.last_interaction_at),
        intent=known_intent(facts.last_intent) if told.intent else None,
    )


def _tasks(facts: CustomerFacts, told: Disclosure) -> ProfileTasks:
    return ProfileTasks(
        source=ProfileSource.TASK,
        as_of=date_time(facts.tasks_as_of),
        open=facts.open_tasks,
        next_follow_up_at=date_time(facts.next_due_at) if told.due else None,
    )


def _needs(facts: CustomerFacts) -> ProfileNeeds:
    return ProfileNeeds(source=ProfileSource.NEED, as_of=date_time(facts.needs_as_of), open_kinds=open_kinds(facts))
