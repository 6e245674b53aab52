"""What can be wrong with a sign-in or its renewal."""

from rapport_shared.errors import UserFault


class InvalidCredentials(UserFault):
    """No active user has this mail address and password: which of them is wrong is not told."""

    code = "INVALID_CREDENTIALS"


class TooManyAttempts(UserFault):
    """The account has had too many failed sign-ins of late, or its address too many of any kind.

    The password was not looked at.
    """

    code = "TOO_MANY_ATTEMPTS"


class InvalidRefreshToken(UserFault):
    """The token is unknown, used, expired or revoked, or its user may not sign in any more."""

    code = "INVALID_REFRESH_TOKEN"


class SessionNotFound(UserFault):
    """There is no such session, or none that the caller may end."""

    code = "SESSION_NOT_FOUND"


class PasswordSignInOff(UserFault):
    """Nobody signs in with a password here: the provider says who somebody is."""

    code = "PASSWORD_SIGN_IN_OFF"
