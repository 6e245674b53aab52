"""Passwords and invitations in GraphQL: translate, call, translate."""

import strawberry

from rapport_identity.context import Info
from rapport_identity.credentials.inputs import (
    AcceptInvitationInput,
    ChangePasswordInput,
    InviteUserInput,
    RenewInvitationInput,
    ResetPasswordInput,
)
from rapport_identity.credentials.model import Invited
from rapport_identity.sessions.schema import SessionPayload
from rapport_identity.users import model
from rapport_identity.users.schema import UserPayload
from rapport_identity.users.types import User
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import details, given
from rapport_shared.graphql.scalars import DateTime


@strawberry.type(description="The user and the token that sets a password, or what is wrong.")
class InvitationPayload:
    """Payload of inviteUser, renewInvitation and resetPassword."""

    user: User | None = strawberry.field(default=None, description="The user as it stands now.")
    token: str | None = strawberry.field(
        default=None, description="For acceptInvitation; told this once. Send it to the user, and keep it nowhere."
    )
    expires_at: DateTime | None = strawberry.field(default=None, description="Until when the token works.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, user: model.User) -> "InvitationPayload":
        """The payload of a conflict: the user as it stands."""
        return cls(user=User.from_model(user))

    @classmethod
    def of_invited(cls, invited: Invited) -> "InvitationPayload":
        """The payload of success."""
        user, ends = User.from_model(invited.user), DateTime(invited.expires_at)
        return cls(user=user, token=invited.token, expires_at=ends)


@strawberry.type
class CredentialMutation:
    """Setting passwords."""

    @mutation("Make a new staff user and a token, good for 7 days, with which the user sets a password.")
    async def invite_user(self, info: Info, input: InviteUserInput) -> InvitationPayload:
        """Invite."""
        invited = await info.context.credentials.invite(details(input), by=info.context.actor)
        return InvitationPayload.of_invited(invited)

    @mutation("Make another token for a user without a password; the one before works no longer.")
    async def renew_invitation(self, info: Info, input: RenewInvitationInput) -> InvitationPayload:
        """Invite again."""
        invited = await info.context.credentials.renew_invitation(input.id, by=info.context.actor)
        return InvitationPayload.of_invited(invited)

    @mutation("Take a user's password away, end all sessions, and make a token, good for a day, that sets a new one.")
    async def reset_password(self, info: Info, input: ResetPasswordInput) -> InvitationPayload:
        """Reset."""
        expected = given(input.expected_version)
        invited = await info.context.credentials.reset(input.id, expected_version=expected, by=info.context.actor)
        return InvitationPayload.of_invited(invited)

    @mutation("Set a password with a token, and sign in.")
    async def accept_invitation(self, info: Info, input: AcceptInvitationInput) -> SessionPayload:
        """Accept."""
        signed_in = await info.context.credentials.accept(input.token, input.password, device=given(input.device))
        return SessionPayload.of(signed_in)

    @mutation("Change your own password; your other sessions end.")
    async def change_password(self, info: Info, input: ChangePasswordInput) -> UserPayload:
        """Change."""
        changed = await info.context.credentials.change(input.old_password, input.new_password, by=info.context.actor)
        return UserPayload.of(changed)
