"""Settings of the interactions service: ``RAPPORT_INTERACTIONS_…``."""

from rapport_shared.settings import settings_for


class Settings(settings_for("interactions")):  # type: ignore[misc]
    """Where it listens; everything else is shared."""

    port: int = 4003
    worker_port: int = 4103
