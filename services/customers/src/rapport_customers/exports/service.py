"""The use case of exports."""

from collections.abc import Mapping
from typing import Any, Final

from rapport_customers.customers.model import Customer
from rapport_customers.customers.repository import CustomerRepository
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.mongo import Document, Page, PageRequest, every
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import Scope

ID_PREFIX: Final = "exp"
ACTION: Final = "customers.customer.exported"


class ExportService:
    """Gives customers away part by part; what was given is in the audit log before it leaves."""

    def __init__(self, transactions: Transactions[CustomersWork], customers: CustomerRepository) -> None:
        self.transactions = transactions
        self._customers = customers

    async def part(
        self,
        export_id: str,
        condition: Document,
        request: PageRequest,
        *,
        scope: Scope,
        asked: Mapping[str, Any],
        by: Actor,
    ) -> Page[Customer]:
        """The next customers of an export; ``asked`` is its filter as the audit log keeps it."""
        page = await self._customers.page(every(scope.filter(), condition), request)
        await self._note(export_id, asked, len(page.items), by=by)
        return page

    @transactional
    async def _note(
        self, work: CustomersWork, export_id: str, asked: Mapping[str, Any], rows: int, *, by: Actor
    ) -> None:
        await work.audit.note_export(ACTION, work.customers.noun, export_id, asked=asked, rows=rows, by=by)
