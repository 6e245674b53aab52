"""What can be wrong with a task."""

from rapport_shared.errors import UserFault


class InvalidTitle(UserFault):
    """The title is empty, too long, or holds control characters."""

    code = "INVALID_TITLE"


class InvalidText(UserFault):
    """A description or result is too long, or holds control characters other than line breaks."""

    code = "INVALID_TEXT"


class MissingValue(UserFault):
    """A value that every task has cannot be cleared."""

    code = "MISSING_VALUE"


class IllegalStatusChange(UserFault):
    """A task cannot go from its status to the wanted one in this way."""

    code = "ILLEGAL_STATUS_CHANGE"


class AssigneeNotFound(UserFault):
    """No active user has this id."""

    code = "ASSIGNEE_NOT_FOUND"


class CustomerIsErased(UserFault):
    """No task may be about a customer that was erased."""

    code = "CUSTOMER_ERASED"


class CustomerNotFound(UserFault):
    """No customer has this id, or none that the caller may see."""

    code = "CUSTOMER_NOT_FOUND"
