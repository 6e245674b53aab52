"""What can be wrong with a team."""

from rapport_shared.errors import UserFault


class TeamNotFound(UserFault):
    """There is no such team."""

    code = "TEAM_NOT_FOUND"


class TeamCycle(UserFault):
    """The team would be below itself."""

    code = "TEAM_CYCLE"


class TeamTooDeep(UserFault):
    """The tree would have more levels than it may have."""

    code = "TEAM_TOO_DEEP"


class TeamInUse(UserFault):
    """The team has members, or teams below it."""

    code = "TEAM_IN_USE"
