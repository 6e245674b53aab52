"""API keys in GraphQL: translate, call, translate."""

from datetime import timedelta

import strawberry

from rapport_identity.api_keys import inputs, model
from rapport_identity.api_keys.inputs import (
    LISTING,
    CreateApiKeyInput,
    ExchangeApiKeyInput,
    RevokeApiKeyInput,
    RotateApiKeyInput,
)
from rapport_identity.context import Info
from rapport_identity.users.types import User
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import given
from rapport_shared.graphql.lists import ListQuery, list_field
from rapport_shared.graphql.scalars import DateTime


@strawberry.federation.type(keys=["id"], description="How a program acts for a user.")
class ApiKey:
    """The GraphQL form of an API key; its secret is nowhere in it."""

    id: strawberry.ID = strawberry.field(description="Its id, `key_…`.")
    name: str = strawberry.field(description="What it is for.")
    role: str = strawberry.field(description="The name of its role: what the program may do.")
    expires_at: DateTime | None = strawberry.field(description="When it ends; null for never.")
    revoked_at: DateTime | None = strawberry.field(description="When it was made good for nothing.")
    last_used_at: DateTime | None = strawberry.field(description="When a token was last got for it, to the minute.")
    created_at: DateTime = strawberry.field(description="When it was made.")
    updated_at: DateTime = strawberry.field(description="When it last changed.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")
    owner_id: strawberry.Private[str]

    @strawberry.field(description="The user that the key acts for.")
    async def owner(self, info: Info) -> User | None:
        """One query for any number of keys."""
        found = await info.context.user_by_id.load(self.owner_id)
        return None if found is None else User.from_model(found)

    @classmethod
    def from_model(cls, key: model.ApiKey) -> "ApiKey":
        """The public form."""
        return cls(
            id=strawberry.ID(key.id),
            name=key.name,
            role=key.role,
            expires_at=None if key.expires_at is None else DateTime(key.expires_at),
            revoked_at=None if key.revoked_at is None else DateTime(key.revoked_at),
            last_used_at=None if key.last_used_at is None else DateTime(key.last_used_at),
            created_at=DateTime(key.created_at),
            updated_at=DateTime(key.updated_at),
            version=key.version,
            owner_id=key.owner_id,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str) -> "ApiKey | None":
        """The key of a representation, unless it is out of reach."""
        found = await info.context.api_key_by_id.load(id)
        return None if found is None else cls.from_model(found)


@strawberry.type(description="The API key after a change, or what is wrong.")
class ApiKeyPayload:
    """Payload of every API key mutation."""

    api_key: ApiKey | None = strawberry.field(default=None, description="The key as it stands now.")
    key: str | None = strawberry.field(
        default=None, description="The whole key, `rk_….…`, where there is a new secret; told this once."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, key: model.ApiKey) -> "ApiKeyPayload":
        """The payload of success."""
        return cls(api_key=ApiKey.from_model(key))

    @classmethod
    def with_text(cls, made: tuple[model.ApiKey, str]) -> "ApiKeyPayload":
        """The payload of a new secret."""
        return cls(api_key=ApiKey.from_model(made[0]), key=made[1])


@strawberry.type(description="An access token, or what is wrong.")
class AccessPayload:
    """Payload of exchangeApiKey."""

    access_token: str | None = strawberry.field(
        default=None, description="Goes as `Authorization: Bearer …` with every request; valid for ten minutes."
    )
    expires_at: DateTime | None = strawberry.field(default=None, description="When the access token ends.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")


@strawberry.type
class ApiKeyQuery:
    """Reading API keys."""

    @strawberry.field(description="One API key; null where there is none, or none that you may see.")
    async def api_key(self, info: Info, id: strawberry.ID) -> ApiKey | None:
        """By id."""
        found = await info.context.api_key_by_id.load(id)
        return None if found is None else ApiKey.from_model(found)

    @list_field("The API keys that you may see.", LISTING)
    async def api_keys(self, info: Info, query: ListQuery) -> Connection[ApiKey]:
        """A page."""
        service, by = info.context.api_keys, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, ApiKey.from_model, lambda: service.count(query.condition, by=by))


@strawberry.type
class ApiKeyMutation:
    """Making, changing and using API keys."""

    @mutation("Make an API key, with which a program acts for you.")
    async def create_api_key(self, info: Info, input: CreateApiKeyInput) -> ApiKeyPayload:
        """Create."""
        made = await info.context.api_keys.create(
            input.name, input.role, expires_at=inputs.expiry(input), by=info.context.actor
        )
        return ApiKeyPayload.with_text(made)

    @mutation("Give an API key a new secret; the present one goes on for a while.")
    async def rotate_api_key(self, info: Info, input: RotateApiKeyInput) -> ApiKeyPayload:
        """Rotate."""
        made = await info.context.api_keys.rotate(
            input.id,
            overlap=timedelta(hours=input.overlap_hours),
            expected_version=given(input.expected_version),
            by=info.context.actor,
        )
        return ApiKeyPayload.with_text(made)

    @mutation("Make an API key good for nothing, everywhere within seconds.")
    async def revoke_api_key(self, info: Info, input: RevokeApiKeyInput) -> ApiKeyPayload:
        """Revoke."""
        expected = given(input.expected_version)
        revoked = await info.context.api_keys.revoke(input.id, expected_version=expected, by=info.context.actor)
        return ApiKeyPayload.of(revoked)

    @mutation("Get an access token for an API key.")
    async def exchange_api_key(self, info: Info, input: ExchangeApiKeyInput) -> AccessPayload:
        """Exchange."""
        access = await info.context.api_keys.exchange(input.key)
        return AccessPayload(access_token=access.access_token, expires_at=DateTime(access.expires_at))
