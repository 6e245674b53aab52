"""The schema of this subgraph."""

from functools import cache
from typing import Final

from rapport_identity.api_keys.schema import ApiKeyMutation, ApiKeyQuery
from rapport_identity.credentials.schema import CredentialMutation
from rapport_identity.providers.schema import ProviderMutation, ProviderQuery
from rapport_identity.roles.schema import RoleMutation, RoleQuery
from rapport_identity.sessions.schema import SessionMutation, SessionQuery
from rapport_identity.teams.schema import TeamMutation, TeamQuery
from rapport_identity.users.changes import UserChangesQuery, UserSubscription
from rapport_identity.users.schema import UserMutation, UserQuery
from rapport_shared.graphql.audit import audit_policy, audit_query
from rapport_shared.graphql.doors import Doors
from rapport_shared.graphql.schema import SubgraphSchema, subgraph_schema
from rapport_shared.rights import Verb

DOORS: Final = Doors(
    # Where an access token comes from.
    public=frozenset(
        {"signIn", "signInWithProvider", "signInOptions", "refreshSession", "acceptInvitation", "exchangeApiKey"}
    ),
    # An API key has no say in its owner's sessions and password.
    persons=frozenset({"signOut", "changePassword", "revokeSession", "revokeAllSessions"}),
    policies={
        **audit_policy("identity"),
        "createUser": ("User", Verb.CREATE),
        "inviteUser": ("User", Verb.CREATE),
        "createTeam": ("Team", Verb.CREATE),
        "createRole": ("Role", Verb.CREATE),
        "updateRole": ("Role", Verb.UPDATE),
        "deleteRole": ("Role", Verb.DELETE),
        "createApiKey": ("ApiKey", Verb.CREATE),
    },
)


@cache
def build_schema() -> SubgraphSchema:
    """Gather the nouns' GraphQL types, once a process."""
    return subgraph_schema(
        queries=(
            UserQuery,
            UserChangesQuery,
            SessionQuery,
            ProviderQuery,
            ApiKeyQuery,
            TeamQuery,
            RoleQuery,
            audit_query("identity"),
        ),
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
        doors=DOORS,
    )
