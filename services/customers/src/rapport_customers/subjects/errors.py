"""What can be wrong with a subject request."""

from rapport_shared.errors import UserFault


class SubjectNotFound(UserFault):
    """No customer has this id."""

    code = "CUSTOMER_NOT_FOUND"


class SubjectErased(UserFault):
    """Somebody with this number, address or external id was erased: no import makes them a customer again."""

    code = "SUBJECT_ERASED"
