"""The use cases of duplicates: nobody gets to see more by them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rapport_customers.customers.model import Customer
from rapport_customers.customers.service import TYPE, CustomerService
from rapport_customers.duplicates.model import Identity, Match, compare
from rapport_customers.duplicates.repository import MARK, TwinRepository
from rapport_shared.actor import Actor
from rapport_shared.errors import Forbidden
from rapport_shared.mongo import Page, PageRequest
from rapport_shared.rights import Policy, Reach, Verb

MARKED: Final = {MARK: True, "deleted": False}


@dataclass(frozen=True, slots=True)
class Twin:
    """A customer that another one may be."""

    customer: Customer
    match: Match


@dataclass(frozen=True, slots=True)
class Group:
    """A customer, and all that may be one with it."""

    customer: Customer
    twins: Sequence[Twin]


class DuplicateService:
    """Who may be one with whom, among the customers and by the fields that the caller sees."""

    def __init__(self, customers: CustomerService, twins: TwinRepository, policy: Policy) -> None:
        self._customers = customers
        self._twins = twins
        self._policy = policy

    async def of_customers(self, customers: Sequence[Customer], *, by: Actor) -> dict[str, list[Twin]]:
        """The possible duplicates of each of these customers, the likeliest first; two queries."""
        hidden = self._policy.fields(by, TYPE).hidden
        wanted = [_identity(customer, hidden) for customer in customers if customer.erased_at is None]
        scope = self._policy.scope(by, Verb.READ, TYPE)
        candidates = await self._twins.candidates(wanted, scope, hidden)
        matches = {one.id: _matches(one, candidates) for one in wanted}
        found = await self._customers.find_many(sorted({key for each in matches.values() for key in each}), by=by)
        return {
            one: [Twin(found[other], match) for other, match in each.items() if other in found]
            for one, each in matches.items()
        }

    async def groups(self, request: PageRequest, *, by: Actor) -> Page[Group | None]:
        """One page of customers that somebody may be one with; None for those whose group another one leads.

        A group stands where its oldest customer does. Raises Forbidden for who may read no customers.
        """
        if self._customers.scope(by).reach is Reach.NONE:
            raise Forbidden("Your role may not read customers.")
        page = await self._customers.page(MARKED, request, by=by)
        twins = await self.of_customers(page.items, by=by)
        return page.of([_led_by(customer, twins.get(customer.id, [])) for customer in page.items])


def _led_by(customer: Customer, twins: Sequence[Twin]) -> Group | None:
    leads = twins and all(customer.id < twin.customer.id for twin in twins)
    return Group(customer, twins) if leads else None


def _matches(one: Identity, candidates: Sequence[Identity]) -> Mapping[str, Match]:
    compared = {other.id: compare(one, other) for other in candidates if other.id != one.id}
    found = {identifier: match for identifier, match in compared.items() if match is not None}
    return dict(sorted(found.items(), key=lambda item: (-item[1].score, item[0])))


def _identity(customer: Customer, hidden: frozenset[str]) -> Identity:
    return Identity(
        id=customer.id,
        kind=customer.kind.value,
        name=customer.name,
        phone=None if "phone" in hidden else customer.phone,
        email=None if "email" in hidden else customer.email,
    )
