"""What can be wrong with a contact."""

from rapport_shared.errors import UserFault


class SuperiorNotFound(UserFault):
    """No contact of the same customer has this id."""

    code = "SUPERIOR_NOT_FOUND"


class ReportingCycle(UserFault):
    """A contact would report to itself, over however many others."""

    code = "REPORTING_CYCLE"
