"""What can be wrong with setting a password."""

from rapport_shared.errors import UserFault


class InvalidInvitation(UserFault):
    """The token is unknown, used or expired, or its user is locked out."""

    code = "INVALID_INVITATION"


class WrongPassword(UserFault):
    """The present password was given wrongly."""

    code = "WRONG_PASSWORD"
