"""Sessions in GraphQL: translate, call, translate."""

from typing import Annotated

import strawberry

from rapport_identity.context import Info
from rapport_identity.sessions import model
from rapport_identity.users.types import User
from rapport_shared.actor import Actor
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import REASON, given, optional
from rapport_shared.graphql.scalars import DateTime


@strawberry.input(description="Who signs in.")
class SignInInput:
    """Fields of signIn."""

    email: str = strawberry.field(description="The user's mail address, in upper or lower case.")
    password: str = strawberry.field(description="The user's password.")
    device: str | None = optional("What the client calls itself, for the list of sessions; at most 200 characters.")


@strawberry.input(description="A session to renew.")
class RefreshSessionInput:
    """Fields of refreshSession."""

    refresh_token: str = strawberry.field(
        description="The newest refresh token of the session. It works once: an older one ends the session."
    )


@strawberry.input(description="A session to end.")
class SignOutInput:
    """Fields of signOut."""

    refresh_token: str | None = optional("A refresh token of the session; this request's session where not given.")
    reason: str | None = optional(REASON)


@strawberry.input(description="A session to end, one's own or of a user whom one may change.")
class RevokeSessionInput:
    """Fields of revokeSession."""

    id: strawberry.ID = strawberry.field(description="The session.")
    reason: str | None = optional(REASON)


@strawberry.input(description="Whose sessions to end.")
class RevokeAllSessionsInput:
    """Fields of revokeAllSessions."""

    user_id: strawberry.ID | None = optional("The user: you, where not given.")
    keep_current: bool = strawberry.field(default=False, description="Whether the session that asks goes on.")
    reason: str | None = optional(REASON)


@strawberry.type(description="What one sign-in began, as long as it goes on.")
class Session:
    """The GraphQL form of a session."""

    id: strawberry.ID = strawberry.field(description="Its id, `ses_…`.")
    device: str | None = strawberry.field(description="What the client called itself.")
    current: bool = strawberry.field(description="Whether this request is of it.")
    created_at: DateTime = strawberry.field(description="When the user signed in.")
    last_used_at: DateTime = strawberry.field(description="When it was last renewed.")
    expires_at: DateTime = strawberry.field(description="When it ends, unless it is renewed before.")

    @classmethod
    def from_model(cls, session: model.Session, by: Actor) -> "Session":
        """The public form."""
        return cls(
            id=strawberry.ID(session.id),
            device=session.device,
            current=session.id == by.session_id,
            created_at=DateTime(session.created_at),
            last_used_at=DateTime(session.last_used_at),
            expires_at=DateTime(session.expires_at),
        )


@strawberry.type(description="How many sessions were ended, or what is wrong.")
class RevocationPayload:
    """Payload of revokeSession and revokeAllSessions."""

    ended: int | None = strawberry.field(default=None, description="How many sessions were ended.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")


@strawberry.type
class SessionQuery:
    """Reading sessions."""

    @strawberry.field(description="Your sessions that go on, the newest first.")
    async def my_sessions(self, info: Info) -> list[Session]:
        """The caller's."""
        by = info.context.actor
        return [Session.from_model(session, by) for session in await info.context.sessions.mine(by=by)]

    @strawberry.field(description="The sessions that go on of a user whom you may change, the newest first.")
    async def sessions(self, info: Info, user_id: strawberry.ID) -> list[Session]:
        """A user's."""
        by = info.context.actor
        return [Session.from_model(session, by) for session in await info.context.sessions.of_user(user_id, by=by)]


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
        device, address = given(input.device), info.context.client_address
        sessions = info.context.sessions
        return SessionPayload.of(await sessions.sign_in(input.email, input.password, device=device, address=address))

    @mutation("Get new tokens for a session.")
    async def refresh_session(
        self, info: Info, input: Annotated[RefreshSessionInput, strawberry.argument(description="The session.")]
    ) -> SessionPayload:
        """Renew."""
        return SessionPayload.of(await info.context.sessions.refresh(input.refresh_token))

    @mutation("End a session: its tokens work no longer, at identity at once, elsewhere within seconds.")
    async def sign_out(
        self,
        info: Info,
        input: Annotated[SignOutInput | None, strawberry.argument(description="The session; yours by default.")] = None,
    ) -> SessionPayload:
        """End."""
        token = None if input is None else given(input.refresh_token)
        await info.context.sessions.sign_out(token, by=info.context.actor)
        return SessionPayload()

    @mutation("End one session: on another device, or of another user.")
    async def revoke_session(self, info: Info, input: RevokeSessionInput) -> RevocationPayload:
        """End."""
        await info.context.sessions.revoke(input.id, by=info.context.actor)
        return RevocationPayload(ended=1)

    @mutation("End all sessions of a user.")
    async def revoke_all_sessions(self, info: Info, input: RevokeAllSessionsInput) -> RevocationPayload:
        """End."""
        ended = await info.context.sessions.revoke_all(
            given(input.user_id), keep_current=input.keep_current, by=info.context.actor
        )
        return RevocationPayload(ended=ended)
