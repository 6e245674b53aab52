"""Where things are in the repository."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[4]
STATE = REPOSITORY / ".rapport"
COMPOSE_FILE = REPOSITORY / "docker-compose.yml"
RABBITMQ_CONF = REPOSITORY / "deploy" / "rabbitmq" / "rabbitmq.conf"
