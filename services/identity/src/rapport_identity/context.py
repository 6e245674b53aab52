"""What the resolvers of this service have at hand."""

from dataclasses import dataclass
from functools import cached_property

import strawberry
from strawberry.dataloader import DataLoader

from rapport_identity.sessions.service import SessionService
from rapport_identity.users.model import User
from rapport_identity.users.service import UserService
from rapport_shared.graphql.context import RequestContext
from rapport_shared.graphql.loaders import by_id


@dataclass(kw_only=True)
class Context(RequestContext):
    """One request's context."""

    users: UserService
    sessions: SessionService

    @cached_property
    def user_by_id(self) -> DataLoader[str, User | None]:
        """Users within the caller's reach."""
        return by_id(lambda identifiers: self.users.find_many(identifiers, by=self.actor))


Info = strawberry.Info[Context, None]
