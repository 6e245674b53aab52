"""The use case of undoing a change."""

from collections.abc import Collection, Mapping
from typing import Any

from rapport_customers.custom_fields.values import to_json
from rapport_customers.custom_fields.writing import TYPE, with_custom
from rapport_customers.customers.model import Customer
from rapport_customers.customers.service import CustomerService
from rapport_customers.history.model import Entry
from rapport_customers.history.repository import HistoryRepository
from rapport_customers.reverts.errors import ChangeNotFound, RevertConflicts
from rapport_customers.reverts.model import CUSTOM, Reverted, conflicts, to_give_back, values_before
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.persistence import transactional
from rapport_shared.rights import Policy, Verb, schema_name


class RevertService:
    """Whoever may set the fields may give them back what they had, by every rule that holds for changes."""

    def __init__(self, customers: CustomerService, history: HistoryRepository, policy: Policy) -> None:
        self.transactions = customers.transactions
        self._customers = customers
        self._history = history
        self._policy = policy

    async def revert(
        self,
        identifier: str,
        version: int,
        *,
        fields: Collection[str] | None,
        overwrite: bool,
        expected_version: int | None,
        by: Actor,
    ) -> Reverted:
        """Undo the change that led to ``version``, of these fields.

        Raises RevertConflicts where a field was changed again, unless ``overwrite``; ChangeNotFound, NothingToRevert.
        """
        if await self._customers.find(identifier, by=by) is not None:
            entry = await self._history.of_version(identifier, version)
            for change in () if entry is None else entry.changes:
                if change.field == "owner_id" and change.before is not None:
                    await self._customers.require_owner(change.before, by)
        return await self._revert(identifier, version, fields, overwrite, expected_version, by=by)

    @transactional
    async def _revert(
        self,
        work: CustomersWork,
        identifier: str,
        version: int,
        fields: Collection[str] | None,
        overwrite: bool,
        expected: int | None,
        *,
        by: Actor,
    ) -> Reverted:
        customer = await self._customers.load(work.customers, identifier, Verb.UPDATE, by=by)
        customer.expect_version(expected)
        entry = await HistoryRepository(work.database, work.session).of_version(customer.id, version)
        if entry is None:
            raise ChangeNotFound("The history has no change to this version.", path=("input", "version"))
        details = await self._details(work, customer, entry, fields, overwrite, by)
        owner = customer.owner_id
        await self._customers.apply(work, customer, details, by=by)
        await work.customers.save(customer, by=by)
        if customer.owner_id != owner:
            await work.hand_over(customer.id, customer.owner_id)
        return Reverted(customer)

    async def _details(
        self,
        work: CustomersWork,
        customer: Customer,
        entry: Entry,
        fields: Collection[str] | None,
        overwrite: bool,
        by: Actor,
    ) -> Mapping[str, Any]:
        """What the change replaced, checked as if it were given now."""
        changes = to_give_back(entry, fields)
        self._policy.check_fields(by, TYPE, (change.field for change in changes))
        found = conflicts(changes, customer.flat(work.customers.to_document(customer)))
        if found and not overwrite:
            names = ", ".join(schema_name(conflict.field) for conflict in found)
            message = f"Changed again since then: {names}."
            raise RevertConflicts(message, path=("input", "version"), current=Reverted(customer, found))
        attributes, custom = values_before(changes)
        await work.tag_book.require_together(attributes.get("tags") or (), customer.tag_ids)
        if custom:
            definitions = await work.custom_fields.all_of(TYPE)
            given = {key: to_json(definitions.field(key).rules, value) for key, value in custom.items()}
            return await with_custom(work, {**attributes, CUSTOM: given}, customer.custom, policy=self._policy, by=by)
        return attributes
