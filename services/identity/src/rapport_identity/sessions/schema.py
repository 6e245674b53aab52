"""Sessions in GraphQL: translate, call, translate."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from rapport_identity.context import Info
from rapport_identity.sessions import model
from rapport_identity.users.types import User
from rapport_shared.actor import Actor
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.scalars import DateTime


@strawberry.input(description="Who signs in.")
class SignInInput:
    """Fields of signIn."""

    email: str = strawberry.field(description="The user's mail address, in upper or lower case.")
    password: str = strawberry.field(description="The user's password.")


@strawberry.input(description="A session to renew.")
class RefreshSessionInput:
    """Fields of refreshSession."""

    refresh_token: str = strawberry.field(
        description="The newest refresh token of the session. It works once: an older one ends the session."
    )


@strawberry.input(description="A session to end.")
class SignOutInput:
    """Fields of signOut."""

    refresh_token: str | None = strawberry.field(
        default=UNSET, description="A refresh token of the session; the access token's own session where not given."
    )


@strawberry.type(description="The session's new tokens, or what is wrong; after a signOut, neither.")
class SessionPayload:
    """Payload of every session mutation."""

    access_token: str | None = strawberry.field(
        default=None, description="Goes as `Authorization: Bearer …` with every request; valid for ten minutes."
    )
    refresh_token: str | None = strawberry.field(
        default=None, description="Good for one refreshSession within 30 days. Keep it secret."
    )
    expires_at: DateTime | None = strawberry.field(default=None, description="When the access token ends.")
    user: User | None = strawberry.field(default=None, description="Who has signed in.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, signed_in: model.SignedIn) -> "SessionPayload":
        """The payload of success."""
        user = signed_in.user
        return cls(
            access_token=signed_in.access_token,
            refresh_token=signed_in.refresh_token,
            expires_at=DateTime(signed_in.expires_at),
            user=User.from_model(user, reader=Actor(user.id, user.role, signed_in.session_id)),
        )


@strawberry.type
class SessionMutation:
    """Beginning, renewing and ending sessions."""

    @mutation("Sign in with a mail address and a password.")
    async def sign_in(
        self, info: Info, input: Annotated[SignInInput, strawberry.argument(description="Who signs in.")]
    ) -> SessionPayload:
        """Begin."""
        return SessionPayload.of(await info.context.sessions.sign_in(input.email, input.password))

    @mutation("Get new tokens for a session.")
    async def refresh_session(
        self, info: Info, input: Annotated[RefreshSessionInput, strawberry.argument(description="The session.")]
    ) -> SessionPayload:
        """Renew."""
        return SessionPayload.of(await info.context.sessions.refresh(input.refresh_token))

    @mutation("End a session: its refresh tokens work no longer, its access token lasts until it expires.")
    async def sign_out(
        self,
        info: Info,
        input: Annotated[SignOutInput | None, strawberry.argument(description="The session; yours by default.")] = None,
    ) -> SessionPayload:
        """End."""
        token = None if input is None or input.refresh_token is UNSET else input.refresh_token
        await info.context.sessions.sign_out(token, by=info.context.actor)
        return SessionPayload()
