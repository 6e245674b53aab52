"""The schema of this subgraph."""

from functools import cache
from typing import Final

from rapport_interactions.interactions.changes import InteractionChangesQuery, InteractionSubscription
from rapport_interactions.interactions.schema import InteractionMutation, InteractionQuery
from rapport_interactions.subjects import SubjectRequest
from rapport_shared.graphql.audit import audit_policy, audit_query
from rapport_shared.graphql.doors import Doors
from rapport_shared.graphql.schema import SubgraphSchema, subgraph_schema

DOORS: Final = Doors(policies=audit_policy("interactions"))


@cache
def build_schema() -> SubgraphSchema:
    """Gather the nouns' GraphQL types, once a process."""
    return subgraph_schema(
        queries=(InteractionQuery, InteractionChangesQuery, audit_query("interactions")),
        mutations=(InteractionMutation,),
        subscriptions=(InteractionSubscription,),
        types=(SubjectRequest,),
        doors=DOORS,
    )
