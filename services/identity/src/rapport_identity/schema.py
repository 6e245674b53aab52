"""The schema of this subgraph."""

from typing import Final

from rapport_identity.api_keys.schema import ApiKeyMutation, ApiKeyQuery
from rapport_identity.credentials.schema import CredentialMutation
from rapport_identity.providers.schema import ProviderMutation, ProviderQuery
from rapport_identity.roles.schema import RoleMutation, RoleQuery
from rapport_identity.sessions.schema import SessionMutation, SessionQuery
from rapport_identity.teams.schema import TeamMutation, TeamQuery
from rapport_identity.users.schema import UserMutation, UserQuery, UserSubscription
from rapport_shared.graphql.audit import audit_query
from rapport_shared.graphql.schema import SubgraphSchema, subgraph_schema

PUBLIC: Final = frozenset(
    {"signIn", "signInWithProvider", "signInOptions", "refreshSession", "acceptInvitation", "exchangeApiKey"}
)
"""What answers without an access token: where one comes from."""


def build_schema() -> SubgraphSchema:
    """Gather the nouns' GraphQL types."""
    return subgraph_schema(
        queries=(UserQuery, SessionQuery, ProviderQuery, ApiKeyQuery, TeamQuery, RoleQuery, audit_query("identity")),
        mutations=(
            SessionMutation,
            ProviderMutation,
            CredentialMutation,
            ApiKeyMutation,
            UserMutation,
            TeamMutation,
            RoleMutation,
        ),
        subscriptions=(UserSubscription,),
        public=PUBLIC,
    )
