"""What can be wrong with undoing a change."""

from rapport_shared.errors import UserFault


class ChangeNotFound(UserFault):
    """The customer's history has no change that led to this version."""

    code = "CHANGE_NOT_FOUND"


class NothingToRevert(UserFault):
    """The change set no value that can be given back, or none of the fields that are named."""

    code = "NOTHING_TO_REVERT"


class RevertConflicts(UserFault):
    """What the change had set was changed again; ``current`` is the customer with its conflicts."""

    code = "REVERT_CONFLICT"
