"""What duplicates can stop."""

from rapport_shared.errors import UserFault


class DuplicateCustomer(UserFault):
    """Another customer has this phone number, mail address or company domain, and duplicates are refused here."""

    code = "DUPLICATE_CUSTOMER"
