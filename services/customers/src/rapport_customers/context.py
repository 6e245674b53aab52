"""What the resolvers of this service have at hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Any

import strawberry
from strawberry.dataloader import DataLoader

from rapport_customers.assignment.service import AssignmentService
from rapport_customers.consents.service import ConsentService
from rapport_customers.contacts.model import Contact
from rapport_customers.contacts.service import ContactService
from rapport_customers.custom_fields.service import CustomFieldService
from rapport_customers.customers.model import Customer
from rapport_customers.customers.service import BELOW_CUSTOMER, BELOW_USER, CustomerService
from rapport_customers.deals.model import Deal
from rapport_customers.deals.service import DealService
from rapport_customers.duplicates.service import DuplicateService, Twin
from rapport_customers.exports.service import ExportService
from rapport_customers.handling.service import HandlingService
from rapport_customers.history.model import Entry
from rapport_customers.history.service import HistoryService
from rapport_customers.imports.model import Outcome, RowResult
from rapport_customers.imports.service import ImportService
from rapport_customers.lifecycle.model import Stay
from rapport_customers.lifecycle.service import LifecycleService
from rapport_customers.merges.model import Merge
from rapport_customers.merges.service import MergeService
from rapport_customers.needs.model import Need
from rapport_customers.needs.service import NeedService
from rapport_customers.orders.model import Order
from rapport_customers.orders.service import OrderService
from rapport_customers.packs.service import PackService
from rapport_customers.pipelines.model import Pipeline
from rapport_customers.pipelines.service import PipelineService
from rapport_customers.pool.service import PoolService
from rapport_customers.products.model import Product
from rapport_customers.products.service import ProductService
from rapport_customers.quality.service import QualityService
from rapport_customers.reverts.service import RevertService
from rapport_customers.segments.model import Segment
from rapport_customers.segments.service import SegmentService
from rapport_customers.subjects.model import SubjectRequest
from rapport_customers.subjects.service import SubjectService
from rapport_customers.tags.model import Tag, TagGroup
from rapport_customers.tags.service import TagGroupService, TagService
from rapport_customers.tiers.service import TiersService
from rapport_customers.transfers.model import Transfer
from rapport_customers.transfers.service import TransferService
from rapport_customers.views.service import SavedViewService
from rapport_customers.work_queue.service import WorkQueueService
from rapport_shared.clock import Clock
from rapport_shared.graphql.context import RequestContext
from rapport_shared.graphql.loaders import NestedLists, by_id, lists_below
from rapport_shared.messaging import ChangeFeed
from rapport_shared.subject_data import SubjectReader


@dataclass(kw_only=True)
class Context(RequestContext):
    """One request's context; ``to_customer`` and ``to_user`` make GraphQL forms, for what hangs on them."""

    customers: CustomerService
    custom_fields: CustomFieldService
    assignment: AssignmentService
    quality: QualityService
    views: SavedViewService
    work_queue: WorkQueueService
    pipelines: PipelineService
    products: ProductService
    contacts: ContactService
    deals: DealService
    orders: OrderService
    consents: ConsentService
    duplicates: DuplicateService
    exports: ExportService
    imports: ImportService
    merges: MergeService
    reverts: RevertService
    handling: HandlingService
    lifecycle: LifecycleService
    needs: NeedService
    pool: PoolService
    transfers: TransferService
    clock: Clock
    packs: PackService
    segments: SegmentService
    tiers: TiersService
    tags: TagService
    tag_groups: TagGroupService
    subjects: SubjectService
    subject_reader: SubjectReader
    feed: ChangeFeed
    to_customer: Callable[[Customer], Any]
    to_user: Callable[[str], Any]

    @cached_property
    def customer_by_id(self) -> DataLoader[str, Customer | None]:
        """Customers within the caller's reach."""
        return by_id(lambda identifiers: self.customers.find_many(identifiers, by=self.actor))

    async def customer_node(self, identifier: str) -> Any:
        """The GraphQL form of a customer within the caller's reach, or None."""
        found = await self.customer_by_id.load(identifier)
        return None if found is None else self.to_customer(found)

    @cached_property
    def customers_of_owner(self) -> NestedLists[Customer]:
        """The customers of many users."""
        return lists_below(self.customers, *BELOW_USER, lambda: self.actor)

    @cached_property
    def tag_by_id(self) -> DataLoader[str, Tag | None]:
        """Tags within the caller's reach."""
        return by_id(lambda identifiers: self.tags.find_many(identifiers, by=self.actor))

    @cached_property
    def segment_by_id(self) -> DataLoader[str, Segment | None]:
        """Segments within the caller's reach."""
        return by_id(lambda identifiers: self.segments.find_many(identifiers, by=self.actor))

    @cached_property
    def segments_of_customer(self) -> DataLoader[str, list[Segment]]:
        """The segments of many customers that the caller reads."""

        async def load(identifiers: list[str]) -> list[list[Segment]]:
            found = await self.segments.of_customers(identifiers, by=self.actor)
            return [found.get(identifier, []) for identifier in identifiers]

        return DataLoader(load, cache=False)

    @cached_property
    def members_of_segment(self) -> NestedLists[Customer]:
        """The customers of many segments."""
        return NestedLists(
            partial(self.segments.member_pages, by=self.actor), partial(self.segments.member_counts, by=self.actor)
        )

    @cached_property
    def tag_names(self) -> DataLoader[str, str | None]:
        """Names of the tags of customers that the caller reads."""
        return by_id(self.tags.names)

    @cached_property
    def tag_group_by_id(self) -> DataLoader[str, TagGroup | None]:
        """Groups of tags within the caller's reach."""
        return by_id(lambda identifiers: self.tag_groups.find_many(identifiers, by=self.actor))

    @cached_property
    def tags_of_group(self) -> NestedLists[Tag]:
        """The tags of many groups."""
        return lists_below(self.tags, "tag_groups", "group_id", lambda: self.actor)

    @cached_property
    def pipeline_by_id(self) -> DataLoader[str, Pipeline | None]:
        """Pipelines within the caller's reach."""
        return by_id(lambda identifiers: self.pipelines.find_many(identifiers, by=self.actor))

    @cached_property
    def product_by_id(self) -> DataLoader[str, Product | None]:
        """Products within the caller's reach."""
        return by_id(lambda identifiers: self.products.find_many(identifiers, by=self.actor))

    @cached_property
    def deal_by_id(self) -> DataLoader[str, Deal | None]:
        """Deals within the caller's reach."""
        return by_id(lambda identifiers: self.deals.find_many(identifiers, by=self.actor))

    @cached_property
    def deals_of_customer(self) -> NestedLists[Deal]:
        """The deals of many customers."""
        return lists_below(self.deals, *BELOW_CUSTOMER, lambda: self.actor)

    @cached_property
    def order_by_id(self) -> DataLoader[str, Order | None]:
        """Orders within the caller's reach."""
        return by_id(lambda identifiers: self.orders.find_many(identifiers, by=self.actor))

    @cached_property
    def orders_of_customer(self) -> NestedLists[Order]:
        """The orders of many customers."""
        return lists_below(self.orders, *BELOW_CUSTOMER, lambda: self.actor)

    @property
    def history(self) -> HistoryService:
        """The use cases of histories."""
        return self.customers.history

    @cached_property
    def history_of_customer(self) -> NestedLists[Entry]:
        """The histories of many customers."""
        return NestedLists(self.history.pages, self.history.counts)

    @cached_property
    def duplicates_of_customer(self) -> DataLoader[str, list[Twin] | None]:
        """Who else customers within the caller's reach may be."""

        async def load(identifiers: Sequence[str]) -> dict[str, list[Twin]]:
            found = await self.customers.find_many(identifiers, by=self.actor)
            return await self.duplicates.of_customers(list(found.values()), by=self.actor)

        return by_id(load)

    @cached_property
    def rows_of_import(self) -> DataLoader[tuple[str, Outcome, int, int], list[RowResult]]:
        """Rows of imports that were found within the caller's reach: of an outcome, behind a row, so many."""

        async def load(asked: list[tuple[str, Outcome, int, int]]) -> list[list[RowResult]]:
            found: dict[tuple[str, Outcome, int, int], list[RowResult]] = {}
            for outcome, after, limit in {each[1:] for each in asked}:
                of = [each[0] for each in asked if each[1:] == (outcome, after, limit)]
                rows = await self.imports.results(of, outcome, after=after, limit=limit)
                found |= {(identifier, outcome, after, limit): each for identifier, each in rows.items()}
            return [found.get(each, []) for each in asked]

        return DataLoader(load, cache=False)

    @cached_property
    def subject_request_by_id(self) -> DataLoader[str, SubjectRequest | None]:
        """Subject requests that the caller may see."""
        return by_id(lambda identifiers: self.subjects.find_many(identifiers, by=self.actor))

    @cached_property
    def merges_of_customer(self) -> DataLoader[str, list[Merge] | None]:
        """The merges into customers that were found within the caller's reach."""
        return by_id(self.merges.of_survivors)

    @cached_property
    def contact_by_id(self) -> DataLoader[str, Contact | None]:
        """Contacts within the caller's reach."""
        return by_id(lambda identifiers: self.contacts.find_many(identifiers, by=self.actor))

    @cached_property
    def contacts_of_customer(self) -> NestedLists[Contact]:
        """The contacts of many customers."""
        return lists_below(self.contacts, *BELOW_CUSTOMER, lambda: self.actor)

    @cached_property
    def chain_of_customer(self) -> DataLoader[str, list[Contact]]:
        """The decision chains of many customers."""

        async def load(identifiers: list[str]) -> list[list[Contact]]:
            if "role" in self.fields("Contact").hidden:  # who has one is part of it
                return [[] for _ in identifiers]
            chains = await self.contacts.chains(identifiers, by=self.actor)
            return [chains[identifier] for identifier in identifiers]

        return DataLoader(load, cache=False)

    @cached_property
    def transfer_by_id(self) -> DataLoader[str, Transfer | None]:
        """The transfers of customers that were found within the caller's reach."""
        return by_id(self.transfers.find_many)

    @cached_property
    def need_by_id(self) -> DataLoader[str, Need | None]:
        """Needs within the caller's reach."""
        return by_id(lambda identifiers: self.needs.find_many(identifiers, by=self.actor))

    @cached_property
    def needs_of_customer(self) -> NestedLists[Need]:
        """The needs of many customers."""
        return lists_below(self.needs, *BELOW_CUSTOMER, lambda: self.actor)

    @cached_property
    def stays_of_customer(self) -> DataLoader[str, list[Stay]]:
        """The stays of many customers in their stages."""

        async def load(identifiers: list[str]) -> list[list[Stay]]:
            stays = await self.lifecycle.stays(identifiers)
            return [stays[identifier] for identifier in identifiers]

        return DataLoader(load, cache=False)

    @cached_property
    def all_deals_of_customer(self) -> DataLoader[str, list[Deal]]:
        """All deals of many customers, as far as the caller reaches."""

        async def load(identifiers: list[str]) -> list[list[Deal]]:
            deals = await self.lifecycle.deals(identifiers, by=self.actor)
            return [deals[identifier] for identifier in identifiers]

        return DataLoader(load, cache=False)

    @cached_property
    def spoken_with_customer(self) -> DataLoader[tuple[str, datetime | None], datetime | None]:
        """When customers were first spoken with, or first after a time, as far as the caller reads communications."""

        async def load(asked: list[tuple[str, datetime | None]]) -> list[datetime | None]:
            first = await self.lifecycle.spoken({key: at for key, at in asked if at is None}, by=self.actor)
            later = await self.lifecycle.spoken({key: at for key, at in asked if at is not None}, by=self.actor)
            return [(first if at is None else later).get(key) for key, at in asked]

        return DataLoader(load, cache=False)

    @cached_property
    def next_order_of_customer(self) -> DataLoader[tuple[str, datetime], datetime | None]:
        """When customers ordered after their first orders, as far as the caller reaches orders."""

        async def load(asked: list[tuple[str, datetime]]) -> list[datetime | None]:
            found = await self.lifecycle.bought_again(dict(asked), by=self.actor)
            return [found.get(identifier) for identifier, _ in asked]

        return DataLoader(load, cache=False)


Info = strawberry.Info[Context, None]
