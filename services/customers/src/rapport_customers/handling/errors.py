"""What can be wrong with how customers are to be handled."""

from rapport_shared.errors import UserFault


class StageMoveNotAllowed(UserFault):
    """A customer does not go from its stage to the wanted one."""

    code = "STAGE_MOVE_NOT_ALLOWED"


class InvalidMoves(UserFault):
    """A move leads from a stage to itself."""

    code = "INVALID_STAGE_MOVES"
