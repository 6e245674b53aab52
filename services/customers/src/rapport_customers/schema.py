"""The schema of this subgraph."""

from rapport_customers.customers.schema import CustomerMutation, CustomerQuery, CustomerSubscription
from rapport_shared.graphql.schema import SubgraphSchema, subgraph_schema


def build_schema() -> SubgraphSchema:
    """Gather the nouns' GraphQL types."""
    return subgraph_schema(
        queries=(CustomerQuery,), mutations=(CustomerMutation,), subscriptions=(CustomerSubscription,)
    )
