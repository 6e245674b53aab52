"""What can be wrong with an interaction."""

from rapport_shared.errors import UserFault


class CustomerIsErased(UserFault):
    """Nothing may be recorded of a customer that was erased."""

    code = "CUSTOMER_ERASED"


class CustomerNotFound(UserFault):
    """No such customer, or none that the caller may see: the two are not told apart."""

    code = "CUSTOMER_NOT_FOUND"


class InvalidContent(UserFault):
    """The content is empty, too long, or holds control characters other than line breaks and tabs."""

    code = "INVALID_CONTENT"


class InvalidOutcome(UserFault):
    """The outcome is empty, too long, or holds control characters other than line breaks and tabs."""

    code = "INVALID_OUTCOME"


class InvalidParticipant(UserFault):
    """A participant is empty, too long, or holds control characters."""

    code = "INVALID_PARTICIPANT"


class TooManyParticipants(UserFault):
    """An interaction has at most 100 participants."""

    code = "TOO_MANY_PARTICIPANTS"


class InvalidOccurredAt(UserFault):
    """The interaction would have happened more than a day from now."""

    code = "INVALID_OCCURRED_AT"


class InvalidFollowUp(UserFault):
    """The follow-up would not come after the interaction."""

    code = "INVALID_FOLLOW_UP"


class MissingValue(UserFault):
    """A value that every interaction has cannot be cleared."""

    code = "MISSING_VALUE"
