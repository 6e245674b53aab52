"""What can be wrong with an order."""

from rapport_shared.errors import UserFault


class OrderNumberTaken(UserFault):
    """Another order has this number."""

    code = "ORDER_NUMBER_TAKEN"


class OrderEnded(UserFault):
    """An order that was cancelled or paid back does not change any more."""

    code = "ORDER_ENDED"
