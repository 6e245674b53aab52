"""What can be wrong with a consent."""

from rapport_shared.errors import UserFault


class ConsentSuperseded(UserFault):
    """A later word of the customer on this purpose is on record."""

    code = "CONSENT_SUPERSEDED"


class InvalidEvidence(UserFault):
    """Where a consent came from, or what proves it, is empty, too long, or holds control characters."""

    code = "INVALID_EVIDENCE"
