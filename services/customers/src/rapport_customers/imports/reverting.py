"""Undoing rows of an import, in its transaction."""

from collections.abc import Sequence
from datetime import datetime

from rapport_customers.customers.model import Customer
from rapport_customers.customers.service import CustomerService
from rapport_customers.history.model import before
from rapport_customers.history.repository import HistoryRepository
from rapport_customers.imports.model import Outcome, RowResult
from rapport_customers.imports.repository import ImportRepository
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.rights import Verb


async def revert_rows(
    customers: CustomerService,
    work: CustomersWork,
    imports: ImportRepository,
    import_id: str,
    rows: Sequence[tuple[RowResult, int | None]],
    *,
    at: datetime,
    by: Actor,
) -> int:
    """Undo these rows, the last first, and say how many could be: the others' customers were changed since."""
    count = 0
    left_at: dict[str, int] = {}
    for result, left in rows:
        customer = await work.customers.find(result.customer_id or "", customers.scope(by, Verb.IMPORT))
        if (
            customer is None
            or customer.deleted_at is not None
            or customer.version
            not in (
                result.version,
                left_at.get(customer.id, left),
            )
        ):
            continue
        owner = customer.owner_id
        if result.outcome is Outcome.CREATED:
            customer.delete(now=at)
        else:
            await _as_before(work, customer, result, at)
        await work.customers.save(customer, by=by)
        if customer.owner_id != owner:
            await work.hand_over(customer.id, customer.owner_id)
        left_at[customer.id] = customer.version
        await imports.left(import_id, customer.id, customer.version)
        count += 1
    return count


async def _as_before(work: CustomersWork, customer: Customer, result: RowResult, at: datetime) -> None:
    """Give the customer the values that it had before the row."""
    history = HistoryRepository(work.database, work.session)
    entry = await history.of_version(customer.id, result.version or 0)
    stored = {"_id": customer.id, "version": customer.version, **work.customers.to_document(customer)}
    if entry is not None:
        was = work.customers.from_document({"_id": customer.id, **before(stored, [entry])})
        changed = {change.field.partition(".")[0] for change in entry.changes}
        customer.take_over({name: getattr(was, name) for name in sorted(changed)}, now=at)
