"""The inputs of passwords and invitations."""

import strawberry

from rapport_shared.graphql.inputs import EXPECTED_VERSION, REASON, optional


@strawberry.input(description="A new staff user, who sets a password with the token that comes back.")
class InviteUserInput:
    """Fields of inviteUser."""

    email: str = strawberry.field(description="The mail address to sign in with; unique in upper or lower case.")
    name: str = strawberry.field(description="The full name, 1 to 200 characters.")
    role: str = strawberry.field(description="The name of a role, such as SALES; it decides what the user may do.")
    title: str | None = optional("The job title, 1 to 100 characters.")
    team_id: strawberry.ID | None = optional("The team that the user works in.")
    external_id: str | None = optional("The user's id in another system; unique.")
    manager_id: strawberry.ID | None = optional("The user whom this one reports to.")
    reason: str | None = optional(REASON)


@strawberry.input(description="A user without a password, who gets another token.")
class RenewInvitationInput:
    """Fields of renewInvitation."""

    id: strawberry.ID = strawberry.field(description="The user.")
    reason: str | None = optional(REASON)


@strawberry.input(description="A user whose password is lost, or known to others.")
class ResetPasswordInput:
    """Fields of resetPassword."""

    id: strawberry.ID = strawberry.field(description="The user.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="A password to set.")
class AcceptInvitationInput:
    """Fields of acceptInvitation."""

    token: str = strawberry.field(description="What inviteUser, renewInvitation or resetPassword answered.")
    password: str = strawberry.field(description="10 to 200 characters.")
    device: str | None = optional("What the client calls itself, for the list of sessions; at most 200 characters.")


@strawberry.input(description="A new password of one's own.")
class ChangePasswordInput:
    """Fields of changePassword."""

    old_password: str = strawberry.field(description="The present one; wrong ones count like failed sign-ins.")
    new_password: str = strawberry.field(description="10 to 200 characters.")
