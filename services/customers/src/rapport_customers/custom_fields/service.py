"""The use cases of custom fields."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog

from rapport_customers.custom_fields.definitions import Definitions
from rapport_customers.custom_fields.errors import TooManyCustomFields
from rapport_customers.custom_fields.known import KnownFields
from rapport_customers.custom_fields.model import CustomField
from rapport_customers.custom_fields.repository import MAX_FIELDS, MAX_SORTABLE, CustomFieldRepository
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import Forbidden, NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.logs import failure_facts
from rapport_shared.mongo import DatabaseError
from rapport_shared.persistence import Records, Transactions, transactional
from rapport_shared.rights import Policy, Reach, Verb

TYPE: Final = "CustomField"
ID_PREFIX: Final = "cfd"
INDEX_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class CustomFieldService(Records[CustomField]):
    """Definitions hold from the commit on: at once where they were made, a second later in other processes."""

    def __init__(
        self,
        transactions: Transactions[CustomersWork],
        fields: CustomFieldRepository,
        known: KnownFields,
        policy: Policy,
        clock: Clock,
    ) -> None:
        super().__init__(fields, policy, TYPE)
        self.transactions = transactions
        self._fields = fields
        self._known = known
        self._clock = clock

    async def definitions(self) -> Definitions:
        """The fields of customers as this process knows them, whoever asks."""
        return await self._known.current()

    async def all_of(self, applies_to: str, *, deleted: bool, by: Actor) -> Sequence[CustomField]:
        """The fields of a type, the oldest first. Raises Forbidden for whoever may not read definitions."""
        if self.scope(by).reach is Reach.NONE:
            raise Forbidden("Your role may not read definitions of fields.")
        return (await self._fields.all_of(applies_to, deleted=deleted)).fields

    async def define(self, details: Mapping[str, Any], *, idempotency_key: str | None, by: Actor) -> CustomField:
        """A new field; raises InvalidCustomField, CustomFieldKeyTaken, TooManyCustomFields."""
        made = await self._define(details, idempotency_key, by=by)
        await self._known.refresh()
        return made

    async def update(
        self, identifier: str, changes: Mapping[str, Any], *, expected_version: int | None, by: Actor
    ) -> CustomField:
        """Change labels and rules: values that are stored already stay as they are."""
        changed = await self._update(identifier, changes, expected_version, by=by)
        await self._known.refresh()
        return changed

    async def delete(self, identifier: str, *, expected_version: int | None, by: Actor) -> CustomField:
        """Show a field no more; it can be restored."""
        gone = await self._delete(identifier, expected_version, by=by)
        await self._known.refresh()
        return gone

    async def restore(self, identifier: str, *, expected_version: int | None, by: Actor) -> CustomField:
        """Bring a deleted field back with its values."""
        back = await self._restore(identifier, expected_version, by=by)
        await self._known.refresh()
        return back

    async def keep_known(self) -> None:
        """Know what other processes define, for as long as the process lives."""
        await self._known.run()

    async def keep_indexes(self) -> None:
        """Build and drop the indexes that sort by fields, for as long as the process lives."""
        while True:
            try:
                await self._fields.adjust_indexes()
            except DatabaseError as failure:
                log.warning("indexes of custom fields not adjusted", **failure_facts(failure))
            await asyncio.sleep(INDEX_SECONDS)

    @transactional
    async def _define(
        self, work: CustomersWork, details: Mapping[str, Any], key: str | None, *, by: Actor
    ) -> CustomField:
        if self.scope(by, Verb.CREATE).reach is not Reach.ALL:
            raise NotAllowed("Your role may not define custom fields.", path=("input",))
        field = CustomField.define(new_id(ID_PREFIX), details, now=self._clock())
        body = {name: str(value) for name, value in details.items()}
        earlier = await work.idempotency.claim(key, operation="defineCustomField", by=by, body=body, result_id=field.id)
        if earlier is not None:
            return await self.load(work.custom_fields, earlier, Verb.READ, by=by, deleted=True)
        await self._require_room(work, field)
        await work.custom_fields.save(field, by=by)
        return field

    @transactional
    async def _update(
        self, work: CustomersWork, identifier: str, changes: Mapping[str, Any], expected: int | None, *, by: Actor
    ) -> CustomField:
        field = await self.load(work.custom_fields, identifier, Verb.UPDATE, by=by)
        field.expect_version(expected)
        field.update(changes, now=self._clock())
        await self._require_room(work, field)
        await work.custom_fields.save(field, by=by)
        return field

    @transactional
    async def _delete(self, work: CustomersWork, identifier: str, expected: int | None, *, by: Actor) -> CustomField:
        field = await self.load(work.custom_fields, identifier, Verb.DELETE, by=by)
        field.expect_version(expected)
        field.delete(now=self._clock())
        await work.custom_fields.save(field, by=by)
        return field

    @transactional
    async def _restore(self, work: CustomersWork, identifier: str, expected: int | None, *, by: Actor) -> CustomField:
        field = await self.load(work.custom_fields, identifier, Verb.DELETE, by=by, deleted=True)
        field.expect_version(expected)
        field.restore(now=self._clock())
        await self._require_room(work, field)
        await work.custom_fields.save(field, by=by)
        return field

    async def _require_room(self, work: CustomersWork, field: CustomField) -> None:
        """A type has at most 100 fields, and 16 that lists are sorted by: each of these is an index."""
        others = [other for other in (await work.custom_fields.all_of(field.applies_to)).fields if other.id != field.id]
        if len(others) >= MAX_FIELDS:
            raise TooManyCustomFields(f"A type has at most {MAX_FIELDS} custom fields.", path=("input",))
        if field.sortable and sum(other.sortable for other in others) >= MAX_SORTABLE:
            message = f"Lists are sorted by at most {MAX_SORTABLE} custom fields."
            raise TooManyCustomFields(message, path=("input", "sortable"))
