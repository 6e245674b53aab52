"""What can be wrong with an import."""

from rapport_shared.errors import UserFault


class InvalidMapping(UserFault):
    """A mapping names columns and fields that there are, each field once, and the key among them."""

    code = "INVALID_MAPPING"


class ImportNotFound(UserFault):
    """No import has this id, or none that the caller started or oversees."""

    code = "IMPORT_NOT_FOUND"


class ImportNotOpen(UserFault):
    """The import takes no more rows, or cannot be reverted."""

    code = "IMPORT_NOT_OPEN"


class RowsMissing(UserFault):
    """Rows before these have not been taken: go on from ``nextRow``."""

    code = "ROWS_MISSING"


class InvalidRows(UserFault):
    """A batch has 1 to 500 rows, each with a cell for every column."""

    code = "INVALID_ROWS"


class AmbiguousKey(UserFault):
    """Several customers have the key of this row."""

    code = "AMBIGUOUS_KEY"


class MissingKey(UserFault):
    """The row has no key."""

    code = "MISSING_KEY"


class SubjectErased(UserFault):
    """The row would bring somebody back who was erased on request."""

    code = "SUBJECT_ERASED"
