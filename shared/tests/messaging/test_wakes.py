"""A directory hears of a change from the process that has stored it, long before it would look by itself."""

import asyncio

import pytest
from access_rows import user_row
from messaging_bench import Bench, running
from waiting import eventually

from rapport_shared.access import Directory, directory
from rapport_shared.actor import Actor
from rapport_shared.messaging import BrokerLink, Wakes

CALLER = Actor("usr_1", "SALES", "ses_1")


async def test_a_directory_is_woken(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "REFRESH_SECONDS", 600.0)
    known, changed, rows = Directory(bench.mongo.database), asyncio.Event(), bench.mongo.database["access"]
    telling = BrokerLink(bench.amqp_url, "test-worker", Wakes("customers.access", changed).tell)
    others = BrokerLink(bench.amqp_url, "test-others", Wakes("tasks.access", changed).listen)
    hearing = BrokerLink(bench.amqp_url, "test-api", Wakes("customers.access", known.woken).listen)

    async def role_is(role: str) -> bool:
        return known.actor(CALLER).role == role

    async with running(known.run()):
        await rows.insert_one(user_row("usr_1", "MANAGER"))
        # Whatever was told before it listened: it looks once when it begins to.
        async with running(hearing.run()), running(telling.run()), running(others.run()):
            await eventually(lambda: role_is("MANAGER"))
            await rows.update_one({"_id": "usr_1"}, {"$set": {"role": "SUPPORT", "seq": 2}})
            changed.set()
            await eventually(lambda: role_is("SUPPORT"))
