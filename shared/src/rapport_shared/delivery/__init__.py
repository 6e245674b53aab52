"""Brings events from outboxes to the broker and from queues to their handlers."""

from rapport_shared.delivery.chores import Chores
from rapport_shared.delivery.consumer import Consumer, Handlers, Shortcuts
from rapport_shared.delivery.feeding import feeding
from rapport_shared.delivery.lease import Lease
from rapport_shared.delivery.relay import Relay
from rapport_shared.delivery.sealer import Sealer

__all__ = ["Chores", "Consumer", "Handlers", "Lease", "Relay", "Sealer", "Shortcuts", "feeding"]
