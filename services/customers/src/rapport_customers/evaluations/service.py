"""Looking at customers: tags, tiers and segments as their rules say, soon after a fact and on the clock.

Whoever is due is found by an index, so that nothing is looked at without need. What comes of it is decided and kept in
one transaction, which sees the customer and the rules as they are: a crash repeats it, and rivals undo each other.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from rapport_customers.attention.repository import AttentionRepository
from rapport_customers.customers.model import Customer
from rapport_customers.evaluations.model import Outcome, RuleBook, RuleInForce
from rapport_customers.evaluations.repository import MembershipRepository, Sweep, SweepRepository
from rapport_customers.rules.errors import InvalidRule
from rapport_customers.rules.reading import rule_of
from rapport_customers.work import CustomersWork
from rapport_shared.actor import SYSTEM, Actor, Via
from rapport_shared.clock import Clock
from rapport_shared.contracts.customers import TierFigures
from rapport_shared.contracts.segments import SegmentEntered, SegmentLeft
from rapport_shared.delivery import Lease
from rapport_shared.ids import derived_id
from rapport_shared.mongo import Database, DatabaseError, Document
from rapport_shared.persistence import Transactions
from rapport_shared.rights import EVERYTHING

LOOKED_AT_ONCE: Final = 100
POLL_SECONDS: Final = 0.5
PAUSE_AFTER_FAILURE: Final = 2.0
AFTER_A_FAULT: Final = timedelta(minutes=5)
MEMBERSHIP_PREFIX: Final = "mbr"
BY_RULE: Final = Actor(id=SYSTEM.id, role=SYSTEM.role, via=Via.RULE)

log = structlog.get_logger(__name__)


class EvaluationService:
    """Keeps every customer as the rules say; any number of workers may run it."""

    def __init__(self, transactions: Transactions[CustomersWork], database: Database, clock: Clock) -> None:
        self._transactions = transactions
        self._attention = AttentionRepository(database)
        self._members = MembershipRepository(database)
        self._sweep = SweepRepository(database)
        self._clock = clock
        self._book: RuleBook | None = None

    async def run(self, lease: Lease) -> None:
        """Look at whoever is due, for as long as the worker runs; the lease keeps workers from doing the same work."""
        while True:
            pause = POLL_SECONDS
            try:
                if await lease.hold() and await self.step():
                    pause = 0
            except DatabaseError as failure:
                log.error("rules wait for the database", kind=type(failure).__name__)
                pause = PAUSE_AFTER_FAILURE
            await asyncio.sleep(pause)

    async def step(self) -> bool:
        """Mark the next customers of a sweep, and look at the next that are due; whether there may be more."""
        sweep = await self._sweep.current()
        swept = await self._go_on(sweep)
        now = self._clock()
        due = await self._attention.due(now, LOOKED_AT_ONCE)
        if due:
            await self._look_at(due, await self._rules(sweep.generation), now)
        return swept or len(due) == LOOKED_AT_ONCE

    async def _go_on(self, sweep: Sweep) -> bool:
        """Mark the next customers of a sweep; whether there were any. A repeated step does no harm."""
        if sweep.after is None:
            return False
        following = await self._sweep.following(sweep)
        await self._attention.mark_each(following)
        await self._sweep.advance(sweep, following)
        return bool(following)

    async def _look_at(self, due: list[Document], book: RuleBook, now: datetime) -> None:
        """Of whom nothing changes is only told when to look again; who has changed since is looked at again."""
        customers = await self._members.find(row["_id"] for row in due)
        same: dict[datetime | None, list[Document]] = defaultdict(list)
        for row in due:
            customer = customers.get(row["_id"])
            if customer is None:  # gone for good meanwhile
                same[None].append(row)
                continue
            outcome = book.outcome(customer, now)
            if book.changes(customer, outcome):
                await self._settle_or_wait(row, book, now)
            else:
                same[outcome.look_again_at].append(row)
        for until, rows in same.items():
            await self._attention.postpone(rows, until)

    async def _rules(self, generation: int) -> RuleBook:
        """The rules; read again where they have changed, in one transaction with their generation."""
        if self._book is None or self._book.generation != generation:
            self._book = await self._transactions.run(_rule_book)
        return self._book

    async def _settle_or_wait(self, row: Document, book: RuleBook, now: datetime) -> None:
        """One customer whose record cannot be changed does not hold up the others."""
        try:
            await self._settle(row["_id"], book, now)
        except DatabaseError:
            raise
        except Exception as failure:  # noqa: BLE001 - whatever it is, the others are looked at
            log.error("rules failed", customer_id=row["_id"], kind=type(failure).__name__)
            await self._attention.postpone([row], now + AFTER_A_FAULT)

    async def _settle(self, customer_id: str, book: RuleBook, now: datetime) -> None:
        """Let a customer be what the rules say; left as it is where the rules have changed meanwhile."""

        async def settle(work: CustomersWork) -> None:
            if (await work.sweep.current()).generation == book.generation:
                await _settle(work, customer_id, book, now)

        await self._transactions.run(settle)


async def _rule_book(work: CustomersWork) -> RuleBook:
    sweep = await work.sweep.current()
    tiers = await work.tiers.current()
    return RuleBook(
        generation=sweep.generation,
        tags=tuple(_in_force((tag.id, tag.rule_version, tag.rule) for tag in await work.tags.ruled())),
        tiers=tuple(_in_force((tier.key, tiers.version, tier.rule) for tier in tiers.tiers)),
        segments=tuple(_in_force((each.id, each.rule_version, each.rule) for each in await work.segments.counting())),
        merged=await work.tags.merged(),
    )


def _in_force(stored: Iterable[tuple[str, int, Mapping[str, Any] | None]]) -> Iterator[RuleInForce]:
    """The rules that this release can read: another one may have stored more."""
    for target, version, rule in stored:
        try:
            yield RuleInForce(target, version, rule_of(rule or {}))
        except InvalidRule:
            log.error("rule not readable", target=target)


async def _settle(work: CustomersWork, customer_id: str, book: RuleBook, now: datetime) -> None:
    members = MembershipRepository(work.database, work.session)
    stored = (await members.find([customer_id])).get(customer_id)
    if stored is None:
        return
    outcome = book.outcome(stored, now)
    customer = await work.customers.find(customer_id, EVERYTHING)
    assert customer is not None  # noqa: S101 - it was read in this transaction
    customer.follow_rules(outcome.tags, book.merged, now=now)
    customer.move_to_tier(outcome.tier, _figures(customer), now=now)
    await work.customers.save(customer, by=BY_RULE)
    flips = await _tell_segments(work, customer, stored, outcome)
    if sorted(outcome.segments) != stored.get("segments", []):
        await members.keep(customer_id, sorted(outcome.segments), flips)
    await AttentionRepository(work.database, work.session).conclude(customer_id, outcome.look_again_at)


async def _tell_segments(work: CustomersWork, customer: Customer, stored: Document, outcome: Outcome) -> int:
    """Publish who enters and leaves; how many times the customer ever did."""
    before, flips = set(stored.get("segments", ())), int(stored.get("segment_flips", 0))
    events: list[SegmentEntered | SegmentLeft] = []
    for segment_id in sorted(before ^ outcome.segments.keys()):
        told = SegmentLeft if segment_id in before else SegmentEntered
        events.append(
            told(
                membership_id=derived_id(MEMBERSHIP_PREFIX, segment_id, customer.id),
                segment_id=segment_id,
                customer_id=customer.id,
                customer_owner_id=customer.owner_id,
                rule_version=outcome.segments.get(segment_id, 0),
            )
        )
    if events:
        await work.outbox.append_events(enumerate(events, start=flips + 1), by=BY_RULE)
    return flips + len(events)


def _figures(customer: Customer) -> list[TierFigures]:
    return [
        TierFigures(currency=each["currency"], orders=each["orders"], spend=each["spend"], average=each["average"])
        for each in customer.facts.sums
    ]
