"""The use cases of transfers."""

from typing import Final

from rapport_shared.actor import SYSTEM
from rapport_shared.clock import Clock
from rapport_shared.contracts.transfers import TasksTransferred
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import EVERYTHING
from rapport_tasks.transfers.repository import TransferRepository, actor_of
from rapport_tasks.work import TasksWork

CHUNK: Final = 20
FIRST: Final = 1


class TransferService:
    """Moves what a transfer asks for, in steps."""

    def __init__(self, transactions: Transactions[TasksWork], transfers: TransferRepository, clock: Clock) -> None:
        self.transactions = transactions
        self._transfers = transfers
        self._clock = clock

    async def step(self) -> bool:
        """Move the next tasks of the oldest transfer; False where there is none. Repeatable at any point."""
        identifier = await self._transfers.running()
        if identifier is None:
            return False
        await self._step(identifier)
        return True

    @transactional
    async def _step(self, work: TasksWork, identifier: str) -> None:
        transfer = await work.transfers.find(identifier)
        if transfer is None:
            return
        chunk = await work.transfers.next_tasks(transfer, CHUNK)
        for task_id in chunk:
            task = await work.tasks.get(task_id, readable=EVERYTHING, changeable=EVERYTHING)
            task.update({"assignee_id": transfer["to_id"]}, now=self._clock())
            await work.tasks.save(task, by=actor_of(transfer))
        left = len(chunk) == CHUNK
        await work.transfers.progress(identifier, len(chunk), left=left)
        if not left:
            told = TasksTransferred(transfer_id=identifier, records=transfer["moved"] + len(chunk))
            await work.outbox.append_events([(FIRST, told)], by=SYSTEM)
