"""MongoDB and RabbitMQ: found, or started as processes of our own."""

from rapport_local.backing.find import backing_services
from rapport_local.backing.model import BackingServices, Broker, Database, Place

__all__ = ["BackingServices", "Broker", "Database", "Place", "backing_services"]
