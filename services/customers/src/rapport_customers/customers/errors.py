"""What can be wrong with a customer."""

from rapport_shared.errors import UserFault


class InvalidName(UserFault):
    """The name is empty, too long, or holds control characters."""

    code = "INVALID_NAME"


class InvalidPhone(UserFault):
    """The phone number could not be dialled from anywhere."""

    code = "INVALID_PHONE"


class InvalidEmail(UserFault):
    """The mail address is not one."""

    code = "INVALID_EMAIL"


class InvalidText(UserFault):
    """A short text, such as a source or a tag, is empty, too long, or holds control characters."""

    code = "INVALID_TEXT"


class TooManyTags(UserFault):
    """A customer has at most 50 tags."""

    code = "TOO_MANY_TAGS"


class MissingValue(UserFault):
    """A value that every customer has cannot be cleared."""

    code = "MISSING_VALUE"


class ExternalIdTaken(UserFault):
    """Another customer has this external id."""

    code = "EXTERNAL_ID_TAKEN"


class CustomerIsErased(UserFault):
    """Nothing personal may be said of a customer again once it is erased."""

    code = "CUSTOMER_ERASED"


class CustomerIsMerged(UserFault):
    """A customer that was merged comes back by undoing the merge only."""

    code = "CUSTOMER_MERGED"


class InvalidOccurredAt(UserFault):
    """A change cannot have happened in the future."""

    code = "INVALID_OCCURRED_AT"


class OwnerNotFound(UserFault):
    """No active user has this id."""

    code = "OWNER_NOT_FOUND"


class CustomerNotFound(UserFault):
    """No customer has this id, or none that the caller reaches."""

    code = "CUSTOMER_NOT_FOUND"
