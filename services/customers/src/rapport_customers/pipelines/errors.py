"""What can be wrong with a pipeline."""

from rapport_shared.errors import UserFault


class InvalidStages(UserFault):
    """A pipeline has 2 to 20 stages of different keys, at least one open, one won and one lost."""

    code = "INVALID_STAGES"


class StageInUse(UserFault):
    """A stage in which deals stand cannot be taken out of its pipeline."""

    code = "STAGE_IN_USE"
