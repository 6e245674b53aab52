"""The use cases of replays."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rapport_automation.replays.model import Replay
from rapport_automation.replays.repository import ReplayRepository
from rapport_automation.work import AutomationWork
from rapport_shared.actor import SYSTEM, Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.persistence import Records, Transactions, transactional
from rapport_shared.rights import EVERYTHING, Policy, Reach, Verb

TYPE: Final = "Replay"
ID_PREFIX: Final = "rpl"


class ReplayService(Records[Replay]):
    """Every public method is one use case, decided by the caller's rights (``by``)."""

    def __init__(
        self, transactions: Transactions[AutomationWork], replays: ReplayRepository, policy: Policy, clock: Clock
    ) -> None:
        super().__init__(replays, policy, TYPE)
        self.transactions = transactions
        self._clock = clock

    @transactional
    async def start(
        self,
        work: AutomationWork,
        *,
        queue: str,
        events: Sequence[str],
        since: datetime,
        until: datetime | None,
        idempotency_key: str | None,
        by: Actor,
    ) -> Replay:
        """A new replay; the worker does it. It tells a queue everything: whoever may start one may see all records."""
        if self.scope(by, Verb.CREATE).reach is not Reach.ALL:
            raise NotAllowed("Your role may not start replays.", path=("input",))
        replay = Replay.start(
            new_id(ID_PREFIX), queue=queue, events=events, since=since, until=until, by=by.id, now=self._clock()
        )
        earlier = await work.idempotency.claim(
            idempotency_key,
            operation="startReplay",
            by=by,
            body=[queue, list(events), since, until],
            result_id=replay.id,
        )
        if earlier is not None:
            return await self.load(work.replays, earlier, Verb.READ, by=by)
        await work.replays.save(replay, by=by)
        return replay

    @transactional
    async def end(self, work: AutomationWork, identifier: str, failure: str | None) -> None:
        """It is done, or failed with a code."""
        replay = await work.replays.find(identifier, EVERYTHING)
        if replay is not None:
            replay.end(failure, now=self._clock())
            await work.replays.save(replay, by=SYSTEM)
