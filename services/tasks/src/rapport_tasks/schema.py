"""The schema of this subgraph."""

from rapport_shared.graphql.audit import audit_query
from rapport_shared.graphql.schema import SubgraphSchema, subgraph_schema
from rapport_tasks.subjects import SubjectRequest
from rapport_tasks.tasks.schema import TaskMutation, TaskQuery, TaskSubscription


def build_schema() -> SubgraphSchema:
    """Gather the nouns' GraphQL types."""
    return subgraph_schema(
        queries=(TaskQuery, audit_query("tasks")),
        mutations=(TaskMutation,),
        subscriptions=(TaskSubscription,),
        types=(SubjectRequest,),
    )
