"""Random histories of commands, crashes, repeated deliveries, failures and repairs: each event has one effect."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from messaging_bench import Bench
from reliability.checker import ORDER, Violation, effects
from reliability.summary import Summary
from waiting import eventually

from rapport_local.backing import Broker
from rapport_shared.contracts.customers import CustomerUpdated
from rapport_shared.delivery import consumer as consumer_module
from rapport_shared.messaging import ConsumerGroup, declare_consumer
from rapport_shared.messaging.dead_letters import redrive
from rapport_shared.mongo import connect, create_indexes
from rapport_shared.persistence import BOOKKEEPING_INDEXES

EXAMPLES, STEPS = 20, 25
SETTLE_SECONDS = 60
SUBJECTS = ("a", "b", "c")
# Only then does anything happen: between two steps the relay and the consumer stand still.
PAUSES = st.floats(0.0, 0.6)


class Refusal(ValueError):
    """What the handler says of an event that it cannot take now."""


class Histories(RuleBasedStateMachine):
    """The system is a bench with a real database and broker; the model is how often each subject was changed."""

    bench: Bench
    runner: "asyncio.Runner"
    seen: "Counter[str]"

    def __init__(self) -> None:
        super().__init__()
        self._name = secrets.token_hex(4)  # examples share a bench, not their subjects
        self._changes: Counter[str] = Counter()
        self._refused: set[str] = set()
        self._ever_refused: set[str] = set()
        self._relay, self._consumer = AsyncExitStack(), AsyncExitStack()
        self._relaying = self._consuming = False
        self.bench.fail = self._fail

    def _fail(self, event: CustomerUpdated) -> None:
        if event.customer_id in self._refused:
            raise Refusal(event.customer_id)

    def _run(self, step: Awaitable[Any]) -> Any:
        async def stepped() -> Any:
            return await step

        return self.runner.run(stepped())

    @rule(subjects=st.sets(st.sampled_from(SUBJECTS), min_size=1), times=st.integers(1, 3), pause=PAUSES)
    def change(self, subjects: set[str], times: int, pause: float) -> None:
        names = [f"{self._name}-{subject}" for subject in sorted(subjects)]
        self._run(self.bench.change(*names, times=times))
        self._changes.update(dict.fromkeys(names, times))
        self.go_on(pause)

    @initialize()
    def start(self) -> None:
        self.start_relay()
        self.start_consumer()

    @precondition(lambda self: not self._relaying)
    @rule()
    def start_relay(self) -> None:
        self._run(self._relay.enter_async_context(self.bench.relaying()))
        self._relaying = True

    @precondition(lambda self: self._relaying)
    @rule()
    def crash_relay(self) -> None:
        self._run(self._relay.aclose())
        self._relaying = False
        self.seen["relay crashes"] += 1

    @precondition(lambda self: not self._consuming)
    @rule()
    def start_consumer(self) -> None:
        self._run(self._consumer.enter_async_context(self.bench.consuming()))
        self._consuming = True

    @precondition(lambda self: self._consuming)
    @rule()
    def crash_consumer(self) -> None:
        self._run(self._consumer.aclose())
        self._consuming = False
        self.seen["consumer crashes"] += 1

    @rule(seconds=PAUSES)
    def go_on(self, seconds: float) -> None:
        self._run(asyncio.sleep(seconds))

    @rule(subject=st.sampled_from(SUBJECTS), pause=PAUSES)
    def refuse(self, subject: str, pause: float) -> None:
        """From now on the handler cannot take what this subject sends."""
        self._refused.add(f"{self._name}-{subject}")
        self._ever_refused.add(f"{self._name}-{subject}")
        self.change({subject}, 1, pause)

    @rule()
    def repair(self) -> None:
        """The handler can, and an operator sends what was put aside once more."""
        self._refused.clear()
        self._run(self._redrive())

    @rule()
    def forget_what_was_sent(self) -> None:
        """As after a relay that died before it could mark anything."""
        rows = self.bench.mongo.database["outbox"]
        mine = {"subject": {"$in": list(self._changes)}, "sent_at": {"$exists": True}}
        again = {"$set": {"waiting": True}, "$unset": {"sent_at": ""}}
        self.seen["events sent again"] += self._run(rows.update_many(mine, again)).modified_count

    def teardown(self) -> None:
        """Everything works again: then nothing is missing, nothing has happened twice, nothing overtook."""
        if not self._relaying:
            self.start_relay()
        if not self._consuming:
            self.start_consumer()
        self._refused.clear()
        try:
            self._run(eventually(self._has_settled, seconds=SETTLE_SECONDS))
        finally:
            self._run(self._relay.aclose())
            self._run(self._consumer.aclose())
        assert self._broken_promises() == []

    async def _has_settled(self) -> bool:
        await self._redrive()
        left = (await self.bench.waiting(), await self.bench.messages_left(), len(await self.bench.dead_letters()))
        happened = await self.bench.mongo.database["ledger"].count_documents({"subject": {"$in": list(self._changes)}})
        return left == (0, 0, 0) and happened >= sum(self._changes.values())

    async def _redrive(self) -> None:
        async with self.bench.channel() as channel:
            async for _ in redrive(channel, self.bench.group, 1000):
                self.seen["events put aside and sent once more"] += 1

    def _broken_promises(self) -> list[Violation]:
        ledger = self._run(self.bench.ledger())
        found = effects(self._changes, {subject: ledger[subject] for subject in self._changes.keys() & ledger.keys()})
        # Who is sent once more from the dead letters comes after those that were not put aside.
        return [each for each in found if each.kind != ORDER or each.what.split(":")[0] not in self._ever_refused]


@pytest.fixture
def runner() -> Iterator["asyncio.Runner"]:
    with asyncio.Runner() as made:
        yield made


@pytest.mark.reliability
@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_every_history_ends_well(
    runner: "asyncio.Runner",
    mongo_url: str,
    database_prefix: str,
    broker: Broker,
    summary: Summary,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumer_module, "RETRY_PAUSES_SECONDS", (0.01,))
    name = f"{database_prefix}_{secrets.token_hex(3)}"

    async def open_bench() -> Bench:
        mongo = connect(mongo_url, f"{name}_bench")
        await create_indexes(mongo.database, BOOKKEEPING_INDEXES)
        made = Bench(mongo, broker.create_vhost(name), ConsumerGroup("ledger"))
        async with made.channel() as channel:
            await declare_consumer(channel, made.group, [CustomerUpdated.routing_key])
        return made

    Histories.bench, Histories.runner, Histories.seen = runner.run(open_bench()), runner, Counter()
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=checks
        ),
    )
    summary.lines.append(f"{EXAMPLES} histories: {', '.join(f'{n} {what}' for what, n in Histories.seen.items())}")
    assert all(Histories.seen.values())
    assert len(Histories.seen) == 4, Histories.seen
