"""What the resolvers of this service have at hand."""

from dataclasses import dataclass
from functools import cached_property

import strawberry
from strawberry.dataloader import DataLoader

from rapport_identity.api_keys.model import ApiKey
from rapport_identity.api_keys.service import ApiKeyService
from rapport_identity.credentials.service import CredentialService
from rapport_identity.providers.model import Provider
from rapport_identity.providers.service import ProviderService
from rapport_identity.roles.model import Role
from rapport_identity.roles.service import RoleService
from rapport_identity.sessions.service import SessionService
from rapport_identity.teams.model import Team
from rapport_identity.teams.service import TeamService
from rapport_identity.users.model import User
from rapport_identity.users.service import UserService
from rapport_shared.graphql.context import RequestContext
from rapport_shared.graphql.loaders import NestedLists, by_id, lists_below
from rapport_shared.messaging import ChangeFeed


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """The services of every noun."""

    users: UserService
    teams: TeamService
    roles: RoleService
    sessions: SessionService
    credentials: CredentialService
    api_keys: ApiKeyService
    providers: ProviderService


@dataclass(kw_only=True)
class Context(RequestContext):
    """One request's context."""

    use_cases: UseCases
    feed: ChangeFeed
    provider: Provider | None = None

    @property
    def users(self) -> UserService:
        """The use cases of users."""
        return self.use_cases.users

    @property
    def teams(self) -> TeamService:
        """The use cases of teams."""
        return self.use_cases.teams

    @property
    def roles(self) -> RoleService:
        """The use cases of roles."""
        return self.use_cases.roles

    @property
    def sessions(self) -> SessionService:
        """The use cases of sessions."""
        return self.use_cases.sessions

    @property
    def credentials(self) -> CredentialService:
        """The use cases of passwords."""
        return self.use_cases.credentials

    @property
    def api_keys(self) -> ApiKeyService:
        """The use cases of API keys."""
        return self.use_cases.api_keys

    @property
    def providers(self) -> ProviderService:
        """The use case of signing in by a provider."""
        return self.use_cases.providers

    @cached_property
    def api_key_by_id(self) -> DataLoader[str, ApiKey | None]:
        """API keys within the caller's reach."""
        return by_id(lambda identifiers: self.api_keys.find_many(identifiers, by=self.actor))

    @cached_property
    def user_by_id(self) -> DataLoader[str, User | None]:
        """Users within the caller's reach."""
        return by_id(lambda identifiers: self.users.find_many(identifiers, by=self.actor))

    @cached_property
    def team_by_id(self) -> DataLoader[str, Team | None]:
        """Teams within the caller's reach."""
        return by_id(lambda identifiers: self.teams.find_many(identifiers, by=self.actor))

    @cached_property
    def role_by_name(self) -> DataLoader[str, Role | None]:
        """Roles within the caller's reach."""
        return by_id(lambda names: self.roles.find_many(names, by=self.actor))

    @cached_property
    def members_of_team(self) -> NestedLists[User]:
        """The users of many teams."""
        return lists_below(self.users, self.teams.collection, "team_id", lambda: self.actor)

    @cached_property
    def teams_below(self) -> DataLoader[str, list[Team]]:
        """The teams directly below many."""

        async def load(parents: list[str]) -> list[list[Team]]:
            found = await self.teams.below(parents, by=self.actor)
            return [found.get(parent, []) for parent in parents]

        return DataLoader(load, cache=False)


Info = strawberry.Info[Context, None]
