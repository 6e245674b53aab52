"""What can be wrong with the pool."""

from rapport_shared.errors import UserFault


class CustomerNotInPool(UserFault):
    """No customer of this id is in the pool, or not any more: somebody was faster."""

    code = "CUSTOMER_NOT_IN_POOL"


class ClaimLimitReached(UserFault):
    """The user looks after as many customers, or has claimed as many today, as the rules allow."""

    code = "CLAIM_LIMIT_REACHED"


class ReclaimTooSoon(UserFault):
    """Who looked after a customer last does not get it back so soon."""

    code = "RECLAIM_TOO_SOON"


class InvalidPoolRules(UserFault):
    """A limit of the pool is out of range."""

    code = "INVALID_POOL_RULES"
