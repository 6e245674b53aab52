"""What can be wrong with a replay."""

from rapport_shared.errors import UserFault


class InvalidPeriod(UserFault):
    """It begins after it ends."""

    code = "INVALID_PERIOD"


class InvalidQueue(UserFault):
    """1 to 255 printable characters, and no queue of Rapport's own."""

    code = "INVALID_QUEUE"
