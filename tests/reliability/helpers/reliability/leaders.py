"""Quorum queues that a restarted broker leaves without a leader.

RabbitMQ on a single node now and then does not elect a leader for a queue that it recovers after a crash
(rabbitmq-server issue 10070): its publishers then wait for ever, and nothing is lost. An operator has to ask for the
election; here the suite does, and counts how often.
"""

import time

from rapport_local.backing.rabbitmq import OwnBroker

_OWN_ELECTION_SECONDS = 1.0
_ELECT = """
Leaderless = [Pid || Queue <- rabbit_amqqueue:list(),
    amqqueue:get_type(Queue) =:= rabbit_quorum_queue,
    Pid <- [amqqueue:get_pid(Queue)],
    ra_leaderboard:lookup_leader(element(1, Pid)) =:= undefined],
[ra:trigger_election(Pid) || Pid <- Leaderless],
length(Leaderless).
"""


def elect_missing(broker: OwnBroker) -> int:
    """Have every queue without a leader elect one; how many there were."""
    time.sleep(_OWN_ELECTION_SECONDS)
    return int(broker.control("eval", _ELECT))
