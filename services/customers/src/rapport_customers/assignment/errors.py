"""What can be wrong with assignment rules."""

from rapport_shared.errors import UserFault


class InvalidAssignment(UserFault):
    """A rule is not one that can assign customers."""

    code = "INVALID_ASSIGNMENT"


class AssigneeNotFound(UserFault):
    """A rule names a user who is not active, or a team that is not there."""

    code = "ASSIGNEE_NOT_FOUND"
