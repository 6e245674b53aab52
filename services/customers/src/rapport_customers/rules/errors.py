"""What can be wrong with a rule."""

from rapport_shared.errors import UserFault


class InvalidRule(UserFault):
    """A rule says nothing, is too large, or compares with what cannot be compared."""

    code = "INVALID_RULE"
