"""Settings of the tasks service: ``RAPPORT_TASKS_…``."""

from rapport_shared.settings import settings_for


class Settings(settings_for("tasks")):  # type: ignore[misc]
    """Where it listens; everything else is shared."""

    port: int = 4004
    worker_port: int = 4104
