"""What can be wrong with an API key."""

from rapport_shared.errors import UserFault


class InvalidApiKey(UserFault):
    """The key is unknown, revoked or expired, or its owner may not act as it any more: which, is not told."""

    code = "INVALID_API_KEY"


class InvalidExpiry(UserFault):
    """The key would have expired already."""

    code = "INVALID_EXPIRY"


class InvalidOverlap(UserFault):
    """The time that the old secret goes on is out of range."""

    code = "INVALID_OVERLAP"


class ApiKeyRevoked(UserFault):
    """A revoked key stays revoked."""

    code = "API_KEY_REVOKED"
