"""The use cases of imports."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from rapport_customers.customers.service import TYPE, CustomerService
from rapport_customers.imports.errors import ImportNotFound, ImportNotOpen, InvalidRows, RowsMissing
from rapport_customers.imports.model import MAX_ROWS, Import, ImportStatus, Outcome, RowResult
from rapport_customers.imports.repository import ImportRepository, ended
from rapport_customers.imports.reverting import revert_rows
from rapport_customers.imports.taking import COLLISIONS, Taking
from rapport_customers.subjects.suppression import WITHOUT_KEY, Digests, Suppressed
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor, Via
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed, UserFault
from rapport_shared.ids import new_id
from rapport_shared.mongo import Page, PageRequest
from rapport_shared.persistence import transactional
from rapport_shared.rights import Policy, Reach, Scope, Verb

ID_PREFIX: Final = "imp"
KIND: Final = "CustomerImport"
REVERTED_AT_ONCE: Final = 100


class ImportService:
    """Who may import customers may do so under the same rules as when creating and changing them one by one."""

    def __init__(
        self,
        customers: CustomerService,
        imports: ImportRepository,
        policy: Policy,
        clock: Clock,
        digests: Digests = WITHOUT_KEY,
    ) -> None:
        self.transactions = customers.transactions
        self._customers = customers
        self._imports = imports
        self._policy = policy
        self._clock = clock
        self._digests = digests

    async def find(self, identifier: str, *, by: Actor) -> Import | None:
        """The import, if the caller started or oversees it."""
        return await self._imports.find(identifier, self._scope(by))

    async def page(self, request: PageRequest, *, by: Actor) -> Page[Import] | None:
        """One page of imports, the newest first; None without the right."""
        if self._policy.reach(by, Verb.IMPORT, TYPE) is Reach.NONE:
            return None
        return await self._imports.page(request, self._scope(by))

    async def results(
        self, identifiers: Sequence[str], outcome: Outcome, *, after: int, limit: int
    ) -> dict[str, list[RowResult]]:
        """The rows of imports that the caller has found."""
        return await self._imports.results(identifiers, outcome, after=after, limit=limit)

    async def create(self, values: Mapping[str, Any], *, by: Actor) -> Import:
        """Begin an import. Raises NotAllowed, ForbiddenField, InvalidMapping."""
        self._require_right(by)
        made = Import(id=new_id(ID_PREFIX), owner_id=by.id, created_at=self._clock(), **values)
        made.check()
        self._policy.check_fields(by, TYPE, [source.field for source in made.sources])
        return await self._create(made, by=by)

    @transactional
    async def _create(self, work: CustomersWork, made: Import, *, by: Actor) -> Import:
        await ImportRepository(work.database, work.session).add(made)
        await work.audit.note("customers.import.started", KIND, made.id, by=by)
        return made

    async def take(self, identifier: str, first_row: int, rows: Sequence[Sequence[str | None]], *, by: Actor) -> Import:
        """Take a batch of rows: what it does and that it was done commit together, so that sending it again is safe.

        Raises NotAllowed, ImportNotFound, ImportNotOpen, InvalidRows, RowsMissing.
        """
        self._require_right(by)
        if not 1 <= len(rows) <= MAX_ROWS:
            raise InvalidRows(f"A batch has 1 to {MAX_ROWS} rows.", path=("input", "rows"))
        return await self._divided(identifier, first_row, rows, by=by)

    async def _divided(
        self, identifier: str, first_row: int, rows: Sequence[Sequence[str | None]], *, by: Actor
    ) -> Import:
        """A row that collides with another customer ends the transaction of its batch: then halves are taken."""
        try:
            return await self._take(identifier, first_row, rows, None, by=by)
        except COLLISIONS as fault:
            if len(rows) == 1:
                return await self._take(identifier, first_row, rows, fault, by=by)
        half = len(rows) // 2
        await self._divided(identifier, first_row, rows[:half], by=by)
        return await self._divided(identifier, first_row + half, rows[half:], by=by)

    @transactional
    async def _take(
        self,
        work: CustomersWork,
        identifier: str,
        first_row: int,
        rows: Sequence[Sequence[str | None]],
        fault: UserFault | None,
        *,
        by: Actor,
    ) -> Import:
        imports = ImportRepository(work.database, work.session)
        known = await self._open(imports, identifier, ImportStatus.OPEN, by=by)
        if first_row > known.next_row or first_row < 1:
            message = f"Rows {known.next_row} to {first_row - 1} are missing."
            raise RowsMissing(message, path=("input", "firstRow"))
        fresh = rows[known.next_row - first_row :]
        if not fresh:
            return known
        suppressed = Suppressed(work.database, work.session, self._digests)
        taking = Taking(self._customers, work, known, suppressed, by=replace(by, via=Via.IMPORT))
        if fault is not None:
            return await imports.advance(known, [taking.refused(known.next_row, fault)])
        return await imports.advance(known, await taking.take(fresh))

    @transactional
    async def finish(self, work: CustomersWork, identifier: str, *, by: Actor) -> Import:
        """Take no more rows. Raises NotAllowed, ImportNotFound, ImportNotOpen."""
        imports = ImportRepository(work.database, work.session)
        known = await self._open(imports, identifier, ImportStatus.OPEN, by=by)
        await imports.settle(identifier, ended(self._clock()))
        await work.audit.note("customers.import.finished", KIND, identifier, rows=known.next_row - 1, by=by)
        return replace(known, status=ImportStatus.FINISHED, finished_at=self._clock())

    @transactional
    async def revert(self, work: CustomersWork, identifier: str, *, by: Actor) -> Import:
        """Undo the last rows that are not undone yet, up to 100; the status says when all are.

        What was created is put away and what was changed is as before, unless somebody has changed it since.
        """
        imports = ImportRepository(work.database, work.session)
        known = await self._open(imports, identifier, ImportStatus.FINISHED, by=by)
        last = known.revert_from or known.next_row
        rows = await imports.made(identifier, before=last, limit=REVERTED_AT_ONCE) if not known.dry_run else []
        acting = replace(by, via=Via.IMPORT)
        reverted = await revert_rows(self._customers, work, imports, identifier, rows, at=self._clock(), by=acting)
        is_over = len(rows) < REVERTED_AT_ONCE
        after = replace(
            known,
            status=ImportStatus.REVERTED if is_over else known.status,
            revert_from=rows[-1][0].row if rows else last,
            reverted=known.reverted + reverted,
            conflicts=known.conflicts + len(rows) - reverted,
        )
        settled = {"status": after.status.value, "revert_from": after.revert_from}
        counted = {"reverted": after.reverted, "conflicts": after.conflicts}
        await imports.settle(identifier, settled | counted)
        if is_over:
            await work.audit.note("customers.import.reverted", KIND, identifier, rows=after.reverted, by=by)
        return after

    async def _open(self, imports: ImportRepository, identifier: str, status: ImportStatus, *, by: Actor) -> Import:
        self._require_right(by)
        known = await imports.find(identifier, self._scope(by))
        if known is None:
            raise ImportNotFound("No import has this id.", path=("input", "importId"))
        if known.status is not status:
            raise ImportNotOpen(f"The import is {known.status.lower()}.", path=("input", "importId"), current=known)
        return known

    def _scope(self, by: Actor) -> Scope:
        return replace(self._policy.scope(by, Verb.IMPORT, TYPE), owner_fields=("owner_id",))

    def _require_right(self, by: Actor) -> None:
        if self._policy.reach(by, Verb.IMPORT, TYPE) is Reach.NONE:
            raise NotAllowed("Your role may not import customers.", path=("input",))
