"""The schema of this subgraph."""

from functools import cache
from typing import Final

from rapport_shared.graphql.audit import audit_policy, audit_query
from rapport_shared.graphql.doors import Doors
from rapport_shared.graphql.schema import SubgraphSchema, subgraph_schema
from rapport_tasks.subjects import SubjectRequest
from rapport_tasks.tasks.changes import TaskChangesQuery, TaskSubscription
from rapport_tasks.tasks.schema import TaskMutation, TaskQuery

DOORS: Final = Doors(policies=audit_policy("tasks"))


@cache
def build_schema() -> SubgraphSchema:
    """Gather the nouns' GraphQL types, once a process."""
    return subgraph_schema(
        queries=(TaskQuery, TaskChangesQuery, audit_query("tasks")),
        mutations=(TaskMutation,),
        subscriptions=(TaskSubscription,),
        types=(SubjectRequest,),
        doors=DOORS,
    )
