"""The schema of this subgraph."""

from rapport_automation.replays.schema import ReplayMutation, ReplayQuery
from rapport_automation.webhooks.schema import WebhookMutation, WebhookQuery
from rapport_shared.graphql.audit import audit_query
from rapport_shared.graphql.schema import SubgraphSchema, subgraph_schema


def build_schema() -> SubgraphSchema:
    """Gather the nouns' GraphQL types."""
    return subgraph_schema(
        queries=(WebhookQuery, ReplayQuery, audit_query("automation")), mutations=(WebhookMutation, ReplayMutation)
    )
