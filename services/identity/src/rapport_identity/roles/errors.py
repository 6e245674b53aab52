"""What can be wrong with a role."""

from rapport_shared.errors import UserFault


class InvalidRoleName(UserFault):
    """The name is not in capital letters, or is reserved."""

    code = "INVALID_ROLE_NAME"


class InvalidLabel(UserFault):
    """The label is empty, too long, or holds control characters."""

    code = "INVALID_LABEL"


class InvalidGrant(UserFault):
    """A grant names a type that there is not, or says two things about one verb."""

    code = "INVALID_GRANT"


class InvalidFieldRight(UserFault):
    """A field right names a type or field that no role can be kept from, or says two things about one field."""

    code = "INVALID_FIELD_RIGHT"


class RoleNameTaken(UserFault):
    """There is a role of this name."""

    code = "ROLE_NAME_TAKEN"


class RoleNotFound(UserFault):
    """There is no role of this name."""

    code = "ROLE_NOT_FOUND"


class RoleInUse(UserFault):
    """Users or API keys have the role."""

    code = "ROLE_IN_USE"


class RoleIsBuiltIn(UserFault):
    """The role comes with Rapport: it can be edited, but not deleted."""

    code = "ROLE_IS_BUILT_IN"


class AdministratorsMustAdminister(UserFault):
    """Without these grants of ADMIN, nobody could ever mend the roles again."""

    code = "ADMINISTRATORS_MUST_ADMINISTER"
