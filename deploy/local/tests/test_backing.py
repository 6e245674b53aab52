"""The backing services of the test run answer, and their handles do what they say."""

import json

import pytest
from pymongo import MongoClient

from rapport_local.backing import Broker
from rapport_local.backing.probe import amqp_problem
from rapport_local.backing.rabbitmq import OwnBroker


def test_database_commits_a_transaction_on_a_replica_set(mongo_url: str, database_prefix: str) -> None:
    with MongoClient[dict[str, object]](mongo_url) as client:
        records = client[f"{database_prefix}_backing"]["records"]
        with client.start_session() as session, session.start_transaction():
            records.insert_one({"_id": "one"}, session=session)
        assert records.count_documents({}) == 1


def test_broker_accepts_its_user_on_the_vhost_of_this_run_only(amqp_url: str, run_name: str) -> None:
    assert amqp_url.endswith(f"/{run_name}")
    assert amqp_problem(amqp_url) is None
    assert amqp_problem(amqp_url.replace(run_name, "elsewhere")) is not None


def test_vhosts_come_and_go(broker: Broker) -> None:
    url = broker.create_vhost("made here")
    assert amqp_problem(url) is None
    broker.delete_vhost("made here")
    assert amqp_problem(url) is not None


def test_own_broker_runs_with_the_settings_of_the_repository(broker: Broker) -> None:
    if not isinstance(broker, OwnBroker):
        pytest.skip("the broker of this run is not a node of our own")
    asked = "[element(2, application:get_env(rabbit, K)) || K <- [heartbeat, consumer_timeout, max_message_size]]"
    said = broker.control("eval", f"{asked} ++ [rabbit_disk_monitor:get_disk_free_limit()].")
    heartbeat, consumer_timeout, message_size, disk_limit = json.loads(said)
    assert (heartbeat, consumer_timeout, message_size) == (10, 120_000, 1024**2)
    assert 0 < disk_limit <= 2 * 1000**3


@pytest.mark.timeout(180)
def test_killed_broker_is_gone_and_comes_back_as_another_process(broker_to_kill: Broker) -> None:
    before = broker_to_kill.pid
    broker_to_kill.kill()
    assert amqp_problem(broker_to_kill.url) == "nothing answers there"
    broker_to_kill.start()
    assert broker_to_kill.pid not in {None, before}
    assert amqp_problem(broker_to_kill.url) is None
