"""Settings that every service has, read from the environment."""

from typing import Annotated

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MIN_SECRET_LENGTH = 32


def _shared(service: str, name: str) -> AliasChoices:
    """The service's own variable wins over the one that all services share."""
    return AliasChoices(f"RAPPORT_{service}_{name}", f"RAPPORT_{name}")


class ServiceSettings(BaseSettings):
    """What a service needs to run; subclasses name the service and add their own.

    ``RAPPORT_<SERVICE>_<NAME>`` overrides ``RAPPORT_<NAME>`` for the fields in ``SHARED``.
    """

    model_config = SettingsConfigDict(extra="ignore", populate_by_name=True, hide_input_in_errors=True)

    host: str = "127.0.0.1"
    port: int
    worker_port: int
    mongo_url: str = "mongodb://127.0.0.1:27017/?directConnection=true"
    amqp_url: str = "amqp://guest:guest@127.0.0.1:5672/"
    database_prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")] = "rapport"
    jwks_url: str = "http://127.0.0.1:4001/.well-known/jwks.json"
    issuer: str = "rapport"
    audience: str = "rapport"
    log_level: str = "INFO"
    max_body_bytes: Annotated[int, Field(gt=0)] = 2 * 1024 * 1024
    service_keys: SecretStr = SecretStr("")
    service_tokens: SecretStr = SecretStr("")

    @field_validator("service_keys", "service_tokens")
    @classmethod
    def _are_long_enough(cls, value: SecretStr) -> SecretStr:
        if any(len(secret) < MIN_SECRET_LENGTH for secret in cls.listed(value)):
            raise ValueError(f"each must have at least {MIN_SECRET_LENGTH} characters")
        return value

    @staticmethod
    def listed(secrets: SecretStr) -> list[str]:
        """The secrets of a setting that separates them by commas."""
        return [secret.strip() for secret in secrets.get_secret_value().split(",") if secret.strip()]


SHARED = (
    "mongo_url",
    "amqp_url",
    "database_prefix",
    "jwks_url",
    "issuer",
    "audience",
    "log_level",
    "max_body_bytes",
    "service_keys",
    "service_tokens",
)


def settings_for(service: str) -> type[ServiceSettings]:
    """Base class of one service's settings, with the prefix ``RAPPORT_<SERVICE>_``."""
    prefix = service.upper()

    class Settings(ServiceSettings):
        model_config = SettingsConfigDict(env_prefix=f"RAPPORT_{prefix}_", extra="ignore", populate_by_name=True)

        @classmethod
        def __pydantic_init_subclass__(cls, **kwargs: object) -> None:
            super().__pydantic_init_subclass__(**kwargs)
            for name in SHARED:
                cls.model_fields[name].validation_alias = _shared(prefix, name.upper())
            cls.model_rebuild(force=True)

    return Settings
