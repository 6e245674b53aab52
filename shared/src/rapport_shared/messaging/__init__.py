"""RabbitMQ: the connection, the topology, dead letters, the live feed and the log."""

from rapport_shared.messaging.connection import BrokerLink, Unavailable, open_channel
from rapport_shared.messaging.feed import Change, ChangeFeed, Gap, Notice
from rapport_shared.messaging.replay import QueueMissing, ReplayProgress, replay_log
from rapport_shared.messaging.topology import ConsumerGroup, declare_consumer, declare_exchanges
from rapport_shared.messaging.wakes import Wakes

__all__ = [
    "BrokerLink",
    "Change",
    "ChangeFeed",
    "ConsumerGroup",
    "Gap",
    "Notice",
    "QueueMissing",
    "ReplayProgress",
    "Unavailable",
    "Wakes",
    "declare_consumer",
    "declare_exchanges",
    "open_channel",
    "replay_log",
]
