"""What can be wrong with tags."""

from rapport_shared.errors import UserFault


class TagGroupClosed(UserFault):
    """The group takes no tags but those it has."""

    code = "TAG_GROUP_CLOSED"


class TagNameTaken(UserFault):
    """Another tag of the group, or another group, has this name."""

    code = "TAG_NAME_TAKEN"


class TagNotFound(UserFault):
    """No tag, or no group, has this id or name, or it is no longer given."""

    code = "TAG_NOT_FOUND"


class AmbiguousTag(UserFault):
    """Tags of several groups have this name: say which by its id."""

    code = "AMBIGUOUS_TAG"


class SingleChoice(UserFault):
    """A customer has at most one tag of this group."""

    code = "TAG_GROUP_SINGLE"


class TagFollowsRule(UserFault):
    """A tag comes and goes by its rule: it is not taken away by hand, and its group is of more than one choice."""

    code = "TAG_FOLLOWS_RULE"


class InvalidColour(UserFault):
    """A colour is a hash and six hexadecimal digits."""

    code = "INVALID_COLOUR"


class InvalidMerge(UserFault):
    """A tag is merged into another one that still counts, and neither follows a rule."""

    code = "INVALID_TAG_MERGE"
