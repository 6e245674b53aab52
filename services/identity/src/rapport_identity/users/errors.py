"""What can be wrong with a user."""

from rapport_shared.errors import UserFault


class InvalidEmail(UserFault):
    """The mail address is not one."""

    code = "INVALID_EMAIL"


class InvalidName(UserFault):
    """The name is empty, too long, or holds control characters."""

    code = "INVALID_NAME"


class InvalidText(UserFault):
    """A short text, such as a title, is empty, too long, or holds control characters."""

    code = "INVALID_TEXT"


class WeakPassword(UserFault):
    """The password is shorter than can be safe, or absurdly long."""

    code = "WEAK_PASSWORD"


class EmailTaken(UserFault):
    """Another user has this mail address, in upper or lower case."""

    code = "EMAIL_TAKEN"


class ExternalIdTaken(UserFault):
    """Another user has this external id."""

    code = "EXTERNAL_ID_TAKEN"


class ManagerNotFound(UserFault):
    """No user has the id that was given as the manager's."""

    code = "MANAGER_NOT_FOUND"


class ManagerCycle(UserFault):
    """The user would report to themselves, directly or through others."""

    code = "MANAGER_CYCLE"


class MissingValue(UserFault):
    """A value that every such record has was to be cleared."""

    code = "MISSING_VALUE"


class LastAdministrator(UserFault):
    """Nobody could administer any more: the last active administrator stays one."""

    code = "LAST_ADMINISTRATOR"
