"""What can be wrong with an order."""

from rapport_shared.errors import UserFault


class OrderNumberTaken(UserFault):
    """Another order has this number."""

    code = "ORDER_NUMBER_TAKEN"


class InvalidBatch(UserFault):
    """A batch has 1 to 100 orders."""

    code = "INVALID_BATCH"


class NumberRepeated(UserFault):
    """An earlier order of the same batch has this number."""

    code = "NUMBER_REPEATED"


class AmbiguousCustomer(UserFault):
    """A customer is named by its id or by its external id, not by both."""

    code = "AMBIGUOUS_CUSTOMER"


class OrderEnded(UserFault):
    """An order that was cancelled or paid back does not change any more."""

    code = "ORDER_ENDED"
