"""The schema of this subgraph."""

from functools import cache
from typing import Final

from rapport_automation.notifications.schema import NotificationMutation, NotificationQuery
from rapport_automation.replays.schema import ReplayMutation, ReplayQuery
from rapport_automation.webhooks.schema import WebhookMutation, WebhookQuery
from rapport_shared.graphql.audit import audit_policy, audit_query
from rapport_shared.graphql.doors import Doors
from rapport_shared.graphql.schema import SubgraphSchema, subgraph_schema
from rapport_shared.rights import Verb

DOORS: Final = Doors(
    policies={
        **audit_policy("automation"),
        "createWebhook": ("Webhook", Verb.CREATE),
        "startReplay": ("Replay", Verb.CREATE),
    }
)


@cache
def build_schema() -> SubgraphSchema:
    """Gather the nouns' GraphQL types, once a process."""
    return subgraph_schema(
        queries=(WebhookQuery, ReplayQuery, NotificationQuery, audit_query("automation")),
        mutations=(WebhookMutation, ReplayMutation, NotificationMutation),
        doors=DOORS,
    )
