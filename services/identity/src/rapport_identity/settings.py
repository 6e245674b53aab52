"""Settings of the identity service: ``RAPPORT_IDENTITY_…``."""

from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from rapport_shared.settings import settings_for


class Settings(settings_for("identity")):  # type: ignore[misc]
    """Where it listens, who administers first, what a password hash costs, how long a key signs; the rest is shared."""

    port: int = 4001
    worker_port: int = 4101
    admin_email: str | None = None
    admin_password: SecretStr | None = None
    argon2_memory_kib: Annotated[int, Field(ge=64, le=4 * 1024 * 1024)] = 65536
    argon2_time_cost: Annotated[int, Field(ge=1, le=100)] = 3
    argon2_parallelism: Annotated[int, Field(ge=1, le=8)] = 4

    key_max_age_days: Annotated[int, Field(ge=1, le=3650)] = 30

    @field_validator("admin_email", "admin_password", mode="before")
    @classmethod
    def _empty_is_not_set(cls, value: object) -> object:
        """Compose files hand on a variable that is not set as an empty one."""
        return value or None

    @model_validator(mode="after")
    def _first_admin_is_whole(self) -> Self:
        if (self.admin_email is None) != (self.admin_password is None):
            raise ValueError("RAPPORT_IDENTITY_ADMIN_EMAIL and RAPPORT_IDENTITY_ADMIN_PASSWORD go together")
        return self
