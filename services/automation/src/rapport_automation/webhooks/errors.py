"""What can be wrong with a webhook."""

from rapport_shared.errors import UserFault


class InvalidUrl(UserFault):
    """No absolute HTTPS URL, or one that carries credentials."""

    code = "INVALID_URL"


class TargetNotAllowed(UserFault):
    """The host is an address that webhooks may not go to."""

    code = "TARGET_NOT_ALLOWED"


class InvalidPatterns(UserFault):
    """1 to 50 patterns of routing keys, such as ``customers.#`` or ``*.*.created.v1``."""

    code = "INVALID_EVENTS"


class InvalidDescription(UserFault):
    """1 to 200 printable characters."""

    code = "INVALID_DESCRIPTION"
