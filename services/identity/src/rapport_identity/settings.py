"""Settings of the identity service: ``RAPPORT_IDENTITY_…``."""

from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from rapport_identity.providers.model import is_safe
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
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    password_sign_in: bool = True
    sign_ins_per_minute: Annotated[int, Field(ge=0, le=100_000)] = 20

    @field_validator("admin_email", "admin_password", "oidc_issuer", "oidc_client_id", mode="before")
    @classmethod
    def _empty_is_not_set(cls, value: object) -> object:
        """Compose files hand on a variable that is not set as an empty one."""
        return value or None

    @model_validator(mode="after")
    def _first_admin_is_whole(self) -> Self:
        if (self.admin_email is None) != (self.admin_password is None):
            raise ValueError("RAPPORT_IDENTITY_ADMIN_EMAIL and RAPPORT_IDENTITY_ADMIN_PASSWORD go together")
        return self

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer_is_safe(cls, value: str | None) -> str | None:
        if value is not None and not is_safe(value):
            raise ValueError("is no https URL")
        return value

    @model_validator(mode="after")
    def _somebody_signs_in(self) -> Self:
        if (self.oidc_issuer is None) != (self.oidc_client_id is None):
            raise ValueError("RAPPORT_IDENTITY_OIDC_ISSUER and RAPPORT_IDENTITY_OIDC_CLIENT_ID go together")
        if not self.password_sign_in and self.oidc_issuer is None:
            raise ValueError("without RAPPORT_IDENTITY_PASSWORD_SIGN_IN there must be a RAPPORT_IDENTITY_OIDC_ISSUER")
        return self
