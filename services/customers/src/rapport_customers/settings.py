"""Settings of the customers service: ``RAPPORT_CUSTOMERS_…``."""

from typing import Annotated, Any, cast

from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from rapport_shared.settings import MIN_SECRET_LENGTH, settings_for

CHANGEABLE = frozenset(
    {
        "kind",
        "name",
        "phone",
        "email",
        "wechat",
        "source",
        "industry",
        "companySize",
        "contactPerson",
        "stage",
        "priority",
        "ownerId",
        "tags",
        "externalId",
        "deletedAt",
    }
)


def _field_names(value: object) -> frozenset[str]:
    """The names of a list separated by commas."""
    names = {name.strip() for name in value.split(",")} - {""} if isinstance(value, str) else set(cast("Any", value))
    if unknown := names - CHANGEABLE:
        raise ValueError(f"{', '.join(sorted(unknown))}: no field of a customer that can be changed")
    return frozenset(names)


class Settings(settings_for("customers")):  # type: ignore[misc]
    """Where it listens, what is not changed without a reason, and the key by which the erased are remembered.

    Everything else is shared.
    """

    port: int = 4002
    worker_port: int = 4102
    refuse_duplicates: bool = False
    purge_after_days: Annotated[int, Field(ge=1, le=36500)] | None = None
    suppression_key: SecretStr = SecretStr("")
    reason_required: Annotated[frozenset[str], NoDecode, BeforeValidator(_field_names)] = frozenset()

    @field_validator("suppression_key")
    @classmethod
    def _is_none_or_long_enough(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < MIN_SECRET_LENGTH:
            raise ValueError(f"must have at least {MIN_SECRET_LENGTH} characters")
        return value
