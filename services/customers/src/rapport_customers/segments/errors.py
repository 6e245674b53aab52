"""What can be wrong with a segment."""

from rapport_shared.errors import UserFault


class SegmentNameTaken(UserFault):
    """Another segment has this name."""

    code = "SEGMENT_NAME_TAKEN"
