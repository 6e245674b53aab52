"""Events of the customers service about custom fields."""

from dataclasses import dataclass

from rapport_shared.events import Event, event


@dataclass(frozen=True, kw_only=True)
class CustomFieldState:
    """What a custom field is called and what it holds: changes of its values are named ``custom.`` and ``field``."""

    applies_to: str
    field: str
    holds: str
    deleted: bool = False


@event("customers.custom_field.defined", version=1, subject="custom_field_id")
class CustomFieldDefined(Event):
    """Records of a type have one more field."""

    custom_field_id: str
    after: CustomFieldState


@event("customers.custom_field.updated", version=1, subject="custom_field_id")
class CustomFieldUpdated(Event):
    """A custom field has other rules or another label; ``changed`` names them."""

    custom_field_id: str
    changed: tuple[str, ...]
    before: CustomFieldState
    after: CustomFieldState


@event("customers.custom_field.deleted", version=1, subject="custom_field_id")
class CustomFieldDeleted(Event):
    """A custom field is not shown any more; what history says of it stays."""

    custom_field_id: str
    before: CustomFieldState
    after: CustomFieldState


@event("customers.custom_field.restored", version=1, subject="custom_field_id")
class CustomFieldRestored(Event):
    """A deleted custom field is back, with its values."""

    custom_field_id: str
    before: CustomFieldState
    after: CustomFieldState
