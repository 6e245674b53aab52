"""What can be wrong with tiers."""

from rapport_shared.errors import UserFault


class InvalidTiers(UserFault):
    """There are at most 20 tiers, each of its own key."""

    code = "INVALID_TIERS"
