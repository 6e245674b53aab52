"""What is wrong with one record, as tokens that are stored with it, so that an index finds and counts it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rapport_customers.customers.values import valid_email, valid_phone
from rapport_customers.handling.requirements import ATTRIBUTES
from rapport_shared.errors import UserFault

QUALITY: Final = "quality"
NORMAL: Final[Mapping[str, Callable[[str], str]]] = {"phone": valid_phone, "email": valid_email}
"""The normal form of a field; raises what is wrong with a value that has none."""


def missing(kind: str, field: str) -> str:
    """The token of a customer of this kind that has no value there."""
    return f"missing:{kind}:{field}"


def invalid(field: str) -> str:
    """The token of a value that has no normal form."""
    return f"invalid:{field}"


def mendable(field: str) -> str:
    """The token of a value that is not in its normal form."""
    return f"mendable:{field}"


def tokens(customer: Mapping[str, Any]) -> list[str]:
    """The tokens of a customer's values by attribute, sorted; none of an erased one."""
    if customer.get("erased_at") is not None:
        return []
    absent = [missing(customer["kind"], field) for field, name in ATTRIBUTES.items() if not customer.get(name)]
    flaws = [_flaw(field, customer[field]) for field in NORMAL if customer.get(field)]
    return sorted([*absent, *(flaw for flaw in flaws if flaw is not None)])


def _flaw(field: str, value: str) -> str | None:
    try:
        normal = NORMAL[field](value)
    except UserFault:
        return invalid(field)
    return None if normal == value else mendable(field)
