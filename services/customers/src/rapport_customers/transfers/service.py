"""The use cases of transfers."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from rapport_customers.customers.errors import OwnerNotFound
from rapport_customers.transfers.model import Transfer
from rapport_customers.transfers.repository import TransferRepository
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed
from rapport_shared.explanation import explained
from rapport_shared.ids import new_id
from rapport_shared.mongo import Projection, eventually
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import EVERYTHING, Policy, Reach, Verb

TYPE: Final = "Customer"
ID_PREFIX: Final = "trf"
CHUNK: Final = 20


class TransferService:
    """To transfer is a right of its own, and reaches those from whom and to whom one may."""

    def __init__(
        self,
        transactions: Transactions[CustomersWork],
        transfers: TransferRepository,
        users: Projection,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self.transactions = transactions
        self._transfers = transfers
        self._users = users
        self._policy = policy
        self._clock = clock

    async def find(self, identifier: str, *, by: Actor) -> Transfer | None:
        """The transfer, unless it is out of reach."""
        found = await self._transfers.find(identifier, EVERYTHING)
        return found if found is not None and self._reaches(found, by) else None

    async def find_many(self, identifiers: Sequence[str]) -> dict[str, Transfer]:
        """By id: the transfers that brought customers, which the caller must have found, to their owners."""
        return await self._transfers.find_many(identifiers, EVERYTHING)

    async def start(
        self,
        *,
        from_id: str,
        to_id: str | None,
        customers: bool,
        tasks: bool,
        customer_ids: Sequence[str] | None,
        note: str,
        dry_run: bool,
        idempotency_key: str | None,
        by: Actor,
    ) -> tuple[Transfer, int]:
        """A new transfer, which the worker carries out, and how many customers it moves; not kept for a dry run."""
        make = partial(
            Transfer.start,
            new_id(ID_PREFIX),
            from_id=from_id,
            to_id=to_id,
            customers=customers,
            tasks=tasks,
            customer_ids=customer_ids,
            note=note,
            by=by,
            now=self._clock(),
        )
        transfer = make()
        if not self._reaches(transfer, by):
            raise NotAllowed("Your role may not transfer between these users.", path=("input",))
        await self._require_successor(to_id)
        count = await self._transfers.count_customers(transfer) if customers else 0
        return (transfer if dry_run else await self._start(make, idempotency_key, by=by)), count

    @transactional
    async def _start(
        self, work: CustomersWork, make: Callable[[], Transfer], key: str | None, *, by: Actor
    ) -> Transfer:
        transfer = make()
        body = [transfer.from_id, transfer.to_id, transfer.customers, transfer.tasks, transfer.customer_ids]
        earlier = await work.idempotency.claim(
            key, operation="transferOwnership", by=by, body=[*body, transfer.note], result_id=transfer.id
        )
        if earlier is not None:
            return await work.transfers.get(earlier, readable=EVERYTHING, changeable=EVERYTHING)
        await work.transfers.save(transfer, by=by)
        return transfer

    async def step(self) -> bool:
        """Move the next customers of the oldest transfer; False where there is none. Repeatable at any point."""
        transfer = await self._transfers.running()
        if transfer is None:
            return False
        await self._step(transfer.id)
        return True

    @transactional
    async def _step(self, work: CustomersWork, identifier: str) -> None:
        transfer = await work.transfers.get(identifier, readable=EVERYTHING, changeable=EVERYTHING)
        if not transfer.customers_left:
            return
        chunk = await work.transfers.next_customers(transfer, CHUNK)
        with explained(transfer.note):
            for customer_id in chunk:
                customer = await work.customers.get(customer_id, readable=EVERYTHING, changeable=EVERYTHING)
                customer.hand_to(transfer.to_id, transfer.id, now=self._clock())
                await work.customers.save(customer, by=transfer.actor)
                await work.hand_over(customer.id, customer.owner_id)
        if chunk:
            await work.transfers.progress(transfer.id, len(chunk))
        if len(chunk) < CHUNK:
            transfer.customers_done(now=self._clock())
            await work.transfers.store(transfer, by=transfer.actor)

    def _reaches(self, transfer: Transfer, by: Actor) -> bool:
        users = {transfer.from_id} | ({transfer.to_id} if transfer.to_id is not None else set())
        parts = {TYPE: transfer.customers, "Task": transfer.tasks}
        scopes = [self._policy.scope(by, Verb.TRANSFER, name) for name, moved in parts.items() if moved]
        return all(scope.reach is Reach.ALL or users <= scope.owners for scope in scopes)

    async def _require_successor(self, user_id: str | None) -> None:
        if user_id is None:
            return
        user = await eventually(lambda: self._users.find(user_id))
        if user is None or not user["active"]:
            raise OwnerNotFound("No active user has this id.", path=("input", "toId"))
