"""Settings of the customers service: ``RAPPORT_CUSTOMERS_…``."""

from rapport_shared.settings import settings_for


class Settings(settings_for("customers")):  # type: ignore[misc]
    """Where it listens; everything else is shared."""

    port: int = 4002
    worker_port: int = 4102
