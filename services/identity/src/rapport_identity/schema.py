"""The schema of this subgraph."""

from typing import Final

from rapport_identity.sessions.schema import SessionMutation
from rapport_identity.users.schema import UserMutation, UserQuery
from rapport_shared.graphql.audit import audit_query
from rapport_shared.graphql.schema import SubgraphSchema, subgraph_schema

PUBLIC: Final = frozenset({"signIn", "refreshSession"})
"""What answers without an access token: where one comes from."""


def build_schema() -> SubgraphSchema:
    """Gather the nouns' GraphQL types."""
    return subgraph_schema(
        queries=(UserQuery, audit_query("identity")), mutations=(SessionMutation, UserMutation), public=PUBLIC
    )
