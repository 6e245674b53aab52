"""What can be wrong with a deal."""

from rapport_shared.errors import UserFault


class PipelineNotFound(UserFault):
    """No pipeline has this id, or it takes no new deals."""

    code = "PIPELINE_NOT_FOUND"


class StageNotFound(UserFault):
    """The deal's pipeline has no stage of this key."""

    code = "STAGE_NOT_FOUND"


class ReasonRequired(UserFault):
    """This change needs a reason."""

    code = "REASON_REQUIRED"


class InvalidLines(UserFault):
    """At most 100 lines, each of a quantity above 0, all in one currency."""

    code = "INVALID_LINES"


class InvalidDecisionChain(UserFault):
    """At most 50 contacts, each once."""

    code = "INVALID_DECISION_CHAIN"


class ContactNotFound(UserFault):
    """The deal's customer has no contact of this id, or none that the caller may see."""

    code = "CONTACT_NOT_FOUND"


class ProductNotFound(UserFault):
    """No product has this id, or it is not sold any more."""

    code = "PRODUCT_NOT_FOUND"
