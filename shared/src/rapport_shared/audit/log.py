"""Reading the audit log."""

from typing import Any, Final

from rapport_shared.actor import Actor
from rapport_shared.audit.rows import ROWS, AuditRow, from_document
from rapport_shared.errors import Forbidden
from rapport_shared.mongo.client import Database
from rapport_shared.mongo.conditions import counted
from rapport_shared.mongo.paging import Page, PageRequest
from rapport_shared.rights import Policy, Reach, Verb

TYPE: Final = "AuditEntry"


class AuditLog:
    """The audit rows of one service, for those whose role reads them all."""

    def __init__(self, database: Database, policy: Policy) -> None:
        self._rows = database[ROWS]
        self._policy = policy

    async def page(self, condition: dict[str, Any], request: PageRequest, *, by: Actor) -> Page[AuditRow]:
        """One page of the rows that match; one query. Raises Forbidden."""
        self._require_right(by)
        if request.size == 0:
            return Page([], [], has_next=False, has_previous=False)
        found = self._rows.find(request.query(condition)).sort(list(request.sort().items())).limit(request.size + 1)
        page = request.page(await found.to_list(None))
        return page.of([from_document(row) for row in page.items])

    async def count(self, condition: dict[str, Any], *, by: Actor) -> int:
        """How many rows match. Raises Forbidden."""
        self._require_right(by)
        return await counted(self._rows, condition)

    def _require_right(self, by: Actor) -> None:
        if self._policy.reach(by, Verb.READ, TYPE) is not Reach.ALL:
            raise Forbidden("Your role does not read the audit log.")
