"""What customers have to have: sets of fields, one of each of which has a value."""

from collections.abc import Iterable
from typing import Any, Final

from rapport_customers.custom_fields.errors import RequiredFieldMissing
from rapport_customers.customers.model import Customer
from rapport_customers.handling.errors import InvalidFieldNames

Requirements = tuple[tuple[str, ...], ...]
CUSTOM: Final = "custom."
ATTRIBUTES: Final = {
    "phone": "phone",
    "email": "email",
    "wechat": "wechat",
    "source": "source",
    "industry": "industry",
    "companySize": "company_size",
    "contactPerson": "contact_person",
    "externalId": "external_id",
    "ownerId": "owner_id",
    "tags": "tags",
}
"""The fields that can be required, by their names in the schema."""
STANDARD_OF_PERSONS: Final[Requirements] = (("phone", "email", "wechat"), ("source",))
"""Of a person: the name, which everybody has, a way to reach them, and the channel of the first contact."""
STANDARD_OF_COMPANIES: Final[Requirements] = (("industry",), ("contactPerson",), ("companySize",))
"""Of a company: the name, the industry, whom one talks to, and how large it is."""
_MAX: Final = 20


def check_requirements(wanted: Requirements, customer: Customer, before: Customer | None) -> None:
    """Raise RequiredFieldMissing, with a fault for each set that lacks a value, and had one before."""
    missing = [
        RequiredFieldMissing(f"{' or '.join(fields)} is required.", path=("input", *fields[0].split(".")))
        for fields in wanted
        if not _any(fields, customer) and (before is None or _any(fields, before))
    ]
    if missing:
        first, *rest = missing
        first.more = tuple(rest)
        raise first


def checked_requirements(given: Iterable[Iterable[str]], name: str) -> Requirements:
    """Each set once, as given. Raises InvalidFieldNames."""
    found = tuple(dict.fromkeys(checked_names(fields, ATTRIBUTES, name) for fields in given))
    if len(found) > _MAX or not all(found):
        raise InvalidFieldNames(f"At most {_MAX} sets, each of one field or more.", path=("input", name))
    return found


def checked_names(given: Iterable[str], known: Iterable[str], name: str) -> tuple[str, ...]:
    """Each name once. Raises InvalidFieldNames for one that is not known, nor of a custom field."""
    found = tuple(dict.fromkeys(given))
    unknown = [field for field in found if field not in known and not _is_custom(field)]
    if unknown or len(found) > _MAX:
        message = f"{unknown[0][:60]} is no field for this." if unknown else f"At most {_MAX} fields."
        raise InvalidFieldNames(message, path=("input", name))
    return found


def _is_custom(field: str) -> bool:
    """Whether this names a custom field, which may be defined later."""
    return field.startswith(CUSTOM) and field.removeprefix(CUSTOM).isalnum()


def _any(fields: Iterable[str], customer: Customer) -> bool:
    return any(_value(field, customer) not in (None, "", ()) for field in fields)


def _value(field: str, customer: Customer) -> Any:
    if field.startswith(CUSTOM):
        return customer.custom.get(field.removeprefix(CUSTOM))
    return getattr(customer, ATTRIBUTES[field])
