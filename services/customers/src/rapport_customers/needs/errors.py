"""What can be wrong with a need."""

from rapport_shared.errors import UserFault


class InvalidNeed(UserFault):
    """The text of a need is empty, too long, or holds control characters."""

    code = "INVALID_NEED"
