"""What can be wrong with a saved view."""

from rapport_shared.errors import UserFault


class InvalidView(UserFault):
    """A view without a name, or that names a column which is none."""

    code = "INVALID_VIEW"


class TooManyViews(UserFault):
    """A user has a limited number of views."""

    code = "TOO_MANY_VIEWS"


class InvalidSharing(UserFault):
    """A view is shared with a role or team that the caller may not share with."""

    code = "INVALID_SHARING"
