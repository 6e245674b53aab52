"""What can be wrong with custom fields and their values."""

from rapport_shared.errors import RequestFault, UserFault


class InvalidCustomField(UserFault):
    """A definition that cannot be: a bad key, a rule that its type does not have, a pattern that does not compile."""

    code = "INVALID_CUSTOM_FIELD"


class CustomFieldKeyTaken(UserFault):
    """Another custom field has this key, or had it: history still tells of that one under its key."""

    code = "CUSTOM_FIELD_KEY_TAKEN"


class TooManyCustomFields(UserFault):
    """A type has a limited number of custom fields, and of those that lists are sorted by."""

    code = "TOO_MANY_CUSTOM_FIELDS"


class UnknownCustomField(UserFault):
    """No custom field has this key."""

    code = "UNKNOWN_CUSTOM_FIELD"


class InvalidCustomValue(UserFault):
    """A value that its custom field does not allow."""

    code = "INVALID_CUSTOM_VALUE"


class CustomValueTaken(UserFault):
    """Another record has this value, in a field whose values are unique."""

    code = "CUSTOM_VALUE_TAKEN"


class RequiredFieldMissing(UserFault):
    """A field that has to have a value has none."""

    code = "REQUIRED_FIELD_MISSING"


class UnknownFieldAsked(RequestFault):
    """A filter, a sort key or a selection names a custom field that there is not."""

    code = "UNKNOWN_CUSTOM_FIELD"


class InvalidValueAsked(RequestFault):
    """A filter compares a custom field with what it cannot hold."""

    code = "INVALID_CUSTOM_VALUE"


class QueryNeedsIndex(RequestFault):
    """No index answers this filter or sort key; it would read every record."""

    code = "QUERY_NEEDS_INDEX"
