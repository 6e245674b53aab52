"""Setting the values of custom fields, in the transaction that sets them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rapport_customers.custom_fields.definitions import Definitions
from rapport_customers.custom_fields.errors import InvalidCustomValue
from rapport_customers.custom_fields.values import valid_mapping
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.contracts.roles import CUSTOM
from rapport_shared.rights import Policy, Verb

TYPE: Final = "Customer"


def attributes_of(details: Mapping[str, Any]) -> Iterator[str]:
    """What these details set, as rights name it: custom fields one by one."""
    for name, value in details.items():
        if name == "custom":
            yield from (f"{CUSTOM}{key}" for key in valid_mapping(value))
        else:
            yield name


async def with_custom(
    work: CustomersWork, details: Mapping[str, Any], known: Mapping[str, Any] | None, *, policy: Policy, by: Actor
) -> dict[str, Any]:
    """The details with ``custom`` as it is to be stored: of JSON values by key, and of what is ``known``.

    ``known`` is None for a new record, which must have every required value. Raises UnknownCustomField,
    InvalidCustomValue, RequiredFieldMissing.
    """
    if known is not None and "custom" not in details:
        return dict(details)
    definitions = await work.custom_fields.all_of(TYPE)
    changes = definitions.stored(valid_mapping(details.get("custom")))
    await _require_referenced(work, definitions, changes, policy, by)
    custom = definitions.merged(known or {}, changes)
    if known is None:
        definitions.require_all(custom)
    return {**details, "custom": custom}


async def _require_referenced(
    work: CustomersWork, definitions: Definitions, changes: Mapping[str, Any], policy: Policy, by: Actor
) -> None:
    """What is referred to is within the caller's reach."""
    for field, identifier in definitions.references(changes):
        if field.rules.references == "User":
            found: Any = await work.users.find(identifier)
        elif field.rules.references == "Product":
            found = await work.products.find(identifier, policy.scope(by, Verb.READ, "Product"))
        else:
            found = await work.customers.find(identifier, policy.scope(by, Verb.READ, TYPE))
        if found is None:
            message = f"{field.key}: there is no such {field.rules.references}."
            raise InvalidCustomValue(message, path=("input", "custom", field.key))
