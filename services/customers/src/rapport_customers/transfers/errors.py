"""What can be wrong with a transfer."""

from rapport_shared.errors import UserFault


class InvalidTransfer(UserFault):
    """The transfer would move nothing to somewhere else, or says nothing about why."""

    code = "INVALID_TRANSFER"
