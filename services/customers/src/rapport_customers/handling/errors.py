"""What can be wrong with how customers are to be handled."""

from rapport_shared.errors import UserFault


class StageMoveNotAllowed(UserFault):
    """A customer does not go from its stage to the wanted one."""

    code = "STAGE_MOVE_NOT_ALLOWED"


class InvalidFieldNames(UserFault):
    """No field of customers of this name can be required, or ask for a reason."""

    code = "INVALID_FIELD_NAMES"


class InvalidDays(UserFault):
    """A number of days is out of range."""

    code = "INVALID_DAYS"


class InvalidMoves(UserFault):
    """A move leads from a stage to itself."""

    code = "INVALID_STAGE_MOVES"
