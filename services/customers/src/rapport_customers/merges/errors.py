"""What can be wrong with a merge."""

from rapport_shared.errors import UserFault


class NothingToMerge(UserFault):
    """A merge names one survivor and 1 to 20 others, each once."""

    code = "NOTHING_TO_MERGE"


class UnknownChoice(UserFault):
    """A choice is about no field that can be chosen, or of no customer that takes part."""

    code = "UNKNOWN_CHOICE"


class MergeNotFound(UserFault):
    """No merge has this id, or none of customers within reach."""

    code = "MERGE_NOT_FOUND"


class MergeUndone(UserFault):
    """The merge was undone before, or its survivor was merged into somebody else since."""

    code = "MERGE_UNDONE"
