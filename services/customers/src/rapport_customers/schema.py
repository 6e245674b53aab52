"""The schema of this subgraph."""

from rapport_customers.customers.schema import CustomerMutation, CustomerQuery, CustomerSubscription
from rapport_shared.graphql.audit import audit_query
from rapport_shared.graphql.schema import SubgraphSchema, subgraph_schema


def build_schema() -> SubgraphSchema:
    """Gather the nouns' GraphQL types."""
    return subgraph_schema(
        queries=(CustomerQuery, audit_query("customers")),
        mutations=(CustomerMutation,),
        subscriptions=(CustomerSubscription,),
    )
