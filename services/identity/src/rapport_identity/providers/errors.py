"""What can be wrong with a sign-in by a provider."""

from rapport_shared.errors import UserFault


class ProviderNotConfigured(UserFault):
    """This installation has no provider: sign in with a password."""

    code = "PROVIDER_NOT_CONFIGURED"


class ProviderUnavailable(UserFault):
    """The provider's keys cannot be had now."""

    code = "PROVIDER_UNAVAILABLE"


class InvalidIdToken(UserFault):
    """The ID token is forged, expired, for somebody else, for another sign-in, or was used before."""

    code = "INVALID_ID_TOKEN"


class NoAccount(UserFault):
    """The provider knows the person, but there is no active user of that subject or verified mail address here."""

    code = "NO_ACCOUNT"
