"""The use cases of subject requests."""

from collections.abc import Sequence
from typing import Any, Final

from rapport_customers.customers.model import Customer
from rapport_customers.customers.repository import COLLECTION as CUSTOMERS
from rapport_customers.history.repository import COLLECTION as HISTORY
from rapport_customers.history.repository import HistoryRepository
from rapport_customers.subjects.errors import SubjectNotFound
from rapport_customers.subjects.model import OWN_SERVICE, SubjectRequest, SubjectRequestKind
from rapport_customers.subjects.repository import SubjectRequestRepository
from rapport_customers.subjects.suppression import Digests, Suppressed
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.mongo import Page, PageRequest, every
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import EVERYTHING, Policy, Reach, Scope, Verb
from rapport_shared.subject_data import TYPE, Source, count_records

ID_PREFIX: Final = "sbr"
SOURCES: Final = (
    Source("Customer", CUSTOMERS, "_id"),
    Source("CustomerHistoryEntry", HISTORY),
    Source("Contact", "contacts"),
    Source("Deal", "deals"),
    Source("Order", "orders"),
    Source("Need", "needs"),
)
"""What this service keeps of a customer."""
_ASKED: Final = {SubjectRequestKind.EXPORT: Verb.EXPORT, SubjectRequestKind.ERASURE: Verb.ERASE}


class SubjectService:
    """To ask for a copy, to erase, and to see what was asked are rights of their own, never of a part of customers."""

    def __init__(
        self,
        transactions: Transactions[CustomersWork],
        requests: SubjectRequestRepository,
        policy: Policy,
        clock: Clock,
        digests: Digests,
    ) -> None:
        self.transactions = transactions
        self._requests = requests
        self._policy = policy
        self._clock = clock
        self._digests = digests

    async def find(self, identifier: str, *, by: Actor) -> SubjectRequest | None:
        """The request, if any."""
        return await self._requests.find(identifier, self._scope(by))

    async def find_many(self, identifiers: Sequence[str], *, by: Actor) -> dict[str, SubjectRequest]:
        """The requests, in one query."""
        return await self._requests.find_many(identifiers, self._scope(by))

    async def page(self, condition: dict[str, Any], request: PageRequest, *, by: Actor) -> Page[SubjectRequest]:
        """One page of the requests."""
        return await self._requests.page(every(condition, self._scope(by).filter()), request)

    async def count(self, condition: dict[str, Any], *, by: Actor) -> int:
        """How many requests there are."""
        return await self._requests.count(every(condition, self._scope(by).filter()))

    async def export(self, customer_id: str, *, idempotency_key: str | None, by: Actor) -> SubjectRequest:
        """Have every service hold a copy of all that it keeps of the customer ready for reading."""
        self._require(SubjectRequestKind.EXPORT, by)
        return await self._export(customer_id, idempotency_key, by=by)

    async def erase(self, customer_id: str, *, idempotency_key: str | None, by: Actor) -> SubjectRequest:
        """Erase everything personal about the customer, here at once and in the other services soon.

        Whoever was erased before stays so: the request of then is returned.
        """
        self._require(SubjectRequestKind.ERASURE, by)
        return await self._erase(customer_id, idempotency_key, by=by)

    @transactional
    async def _export(self, work: CustomersWork, customer_id: str, key: str | None, *, by: Actor) -> SubjectRequest:
        await self._customer(work, customer_id)
        request, earlier = await self._begin(work, SubjectRequestKind.EXPORT, customer_id, key, by=by)
        if earlier is not None:
            return earlier
        records = await count_records(work.database, SOURCES, customer_id, work.session)
        request.complete(OWN_SERVICE, records=records, at=self._clock())
        await work.subject_requests.save(request, by=by)
        await work.audit.note("customers.subject.exported", TYPE, request.id, by=by, rows=records)
        return request

    @transactional
    async def _erase(self, work: CustomersWork, customer_id: str, key: str | None, *, by: Actor) -> SubjectRequest:
        customer = await self._customer(work, customer_id)
        request, earlier = await self._begin(work, SubjectRequestKind.ERASURE, customer_id, key, by=by)
        earlier = earlier or await work.subject_requests.erasure_of(customer_id)
        if earlier is not None:
            return earlier
        records = 1 + await work.erase_hanging(customer.id, self._clock(), by=by)
        theirs = [customer.id, *customer.merged_ids]
        await work.audit.forget(theirs)
        await work.idempotency.forget(theirs)
        records += len(customer.merged_ids)
        merged = [await work.customers.find(each, EVERYTHING) for each in customer.merged_ids]
        erased = [each for each in (customer, *merged) if each is not None]
        suppressed = Suppressed(work.database, work.session, self._digests)
        await suppressed.remember(map(vars, erased), request.id, at=self._clock())
        tags = {tag for each in erased for tag in each.tags}
        for each in erased:
            each.erase(request.id, now=self._clock())
            await work.customers.save(each, by=by)
        await work.forget_labels(tags, by=by)
        history = HistoryRepository(work.database, work.session)
        records += sum([await history.erase(each) for each in theirs])
        request.complete(OWN_SERVICE, records=records, at=self._clock())
        await work.subject_requests.save(request, by=by)
        await work.audit.note("customers.subject.erased", TYPE, request.id, by=by, rows=records)
        return request

    async def _begin(
        self, work: CustomersWork, kind: SubjectRequestKind, customer_id: str, key: str | None, *, by: Actor
    ) -> tuple[SubjectRequest, SubjectRequest | None]:
        """A new request, and the one that an earlier command with this key made."""
        request = SubjectRequest.create(new_id(ID_PREFIX), kind, customer_id, by=by.id, now=self._clock())
        operation = "exportSubject" if kind is SubjectRequestKind.EXPORT else "eraseSubject"
        earlier = await work.idempotency.claim(
            key, operation=operation, by=by, body={"customer_id": customer_id}, result_id=request.id
        )
        return request, None if earlier is None else await work.subject_requests.load(earlier)

    async def _customer(self, work: CustomersWork, customer_id: str) -> Customer:
        """Deleted ones too: what was put away is still kept. Of one that was merged, whom it was merged into."""
        found = (await work.customers.find_many([customer_id], EVERYTHING)).get(customer_id)
        if found is None:
            raise SubjectNotFound("No customer has this id.", path=("input", "customerId"))
        return found

    def _require(self, kind: SubjectRequestKind, by: Actor) -> None:
        if self._policy.reach(by, _ASKED[kind], TYPE) is not Reach.ALL:
            raise NotAllowed("Your role may not ask for this.", path=("input",))

    def _scope(self, by: Actor) -> Scope:
        return self._policy.scope(by, Verb.READ, TYPE)
