"""The schema of this subgraph."""

from functools import cache
from typing import Final

from rapport_customers.assignment.schema import AssignmentMutation, AssignmentQuery
from rapport_customers.consents.schema import ConsentMutation
from rapport_customers.contacts.schema import ContactMutation, ContactQuery
from rapport_customers.custom_fields.schema import CustomFieldMutation, CustomFieldQuery
from rapport_customers.customers.changes import CustomerChangesQuery, CustomerSubscription
from rapport_customers.customers.schema import (
    CustomerMutation,
    CustomerQuery,
)
from rapport_customers.deals.changes import DealChangesQuery, DealSubscription
from rapport_customers.deals.schema import DealMutation, DealQuery
from rapport_customers.duplicates.schema import DuplicateQuery
from rapport_customers.exports.schema import ExportMutation
from rapport_customers.handling.schema import HandlingMutation, HandlingQuery
from rapport_customers.history.queries import HistoryQuery
from rapport_customers.imports.schema import ImportMutation, ImportQuery
from rapport_customers.lifecycle.schema import LifecycleQuery
from rapport_customers.merges.schema import MergeMutation
from rapport_customers.needs.schema import NeedMutation, NeedQuery
from rapport_customers.orders.schema import OrderMutation, OrderQuery
from rapport_customers.packs.schema import PackMutation
from rapport_customers.pipelines.schema import PipelineMutation, PipelineQuery
from rapport_customers.pool.schema import PoolMutation, PoolQuery
from rapport_customers.products.schema import ProductMutation, ProductQuery
from rapport_customers.quality.schema import QualityMutation, QualityQuery
from rapport_customers.reverts.schema import RevertMutation
from rapport_customers.segments.schema import SegmentMutation, SegmentQuery
from rapport_customers.subjects.schema import SubjectMutation, SubjectQuery
from rapport_customers.tags.schema import TagMutation, TagQuery
from rapport_customers.tiers.schema import TiersMutation, TiersQuery
from rapport_customers.transfers.schema import TransferMutation, TransferQuery
from rapport_customers.views.schema import SavedViewMutation, SavedViewQuery
from rapport_customers.work_queue.schema import WorkQueueQuery
from rapport_shared.graphql.audit import audit_policy, audit_query
from rapport_shared.graphql.doors import Doors
from rapport_shared.graphql.schema import SubgraphSchema, subgraph_schema
from rapport_shared.rights import Verb

DOORS: Final = Doors(
    policies={
        **audit_policy("customers"),
        "exportCustomers": ("Customer", Verb.EXPORT),
        "exportSubject": ("SubjectRequest", Verb.EXPORT),
        "eraseSubject": ("SubjectRequest", Verb.ERASE),
        "createPipeline": ("Pipeline", Verb.CREATE),
        "createProduct": ("Product", Verb.CREATE),
        "defineCustomField": ("CustomField", Verb.CREATE),
        "createSavedView": ("SavedView", Verb.CREATE),
        "createTagGroup": ("TagGroup", Verb.CREATE),
        "createTag": ("Tag", Verb.CREATE),
        "createSegment": ("Segment", Verb.CREATE),
        "setAssignmentRules": ("CustomerHandling", Verb.UPDATE),
        "setTiers": ("Tiers", Verb.UPDATE),
        "installIndustryPack": ("Tiers", Verb.UPDATE),
    }
)


@cache
def build_schema() -> SubgraphSchema:
    """Gather the nouns' GraphQL types, once a process."""
    return subgraph_schema(
        queries=(
            CustomerQuery,
            CustomerChangesQuery,
            HistoryQuery,
            DuplicateQuery,
            ImportQuery,
            HandlingQuery,
            AssignmentQuery,
            LifecycleQuery,
            NeedQuery,
            PoolQuery,
            QualityQuery,
            WorkQueueQuery,
            TransferQuery,
            SubjectQuery,
            audit_query("customers"),
            ContactQuery,
            CustomFieldQuery,
            SavedViewQuery,
            DealQuery,
            DealChangesQuery,
            OrderQuery,
            PipelineQuery,
            ProductQuery,
            TagQuery,
            SegmentQuery,
            TiersQuery,
        ),
        mutations=(
            CustomerMutation,
            ConsentMutation,
            MergeMutation,
            RevertMutation,
            ImportMutation,
            ExportMutation,
            HandlingMutation,
            AssignmentMutation,
            NeedMutation,
            PoolMutation,
            QualityMutation,
            TransferMutation,
            SubjectMutation,
            ContactMutation,
            CustomFieldMutation,
            SavedViewMutation,
            DealMutation,
            OrderMutation,
            PipelineMutation,
            ProductMutation,
            TagMutation,
            SegmentMutation,
            TiersMutation,
            PackMutation,
        ),
        subscriptions=(CustomerSubscription, DealSubscription),
        doors=DOORS,
    )
