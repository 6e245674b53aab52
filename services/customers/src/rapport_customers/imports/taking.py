"""Taking one batch of rows, in its transaction."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from typing import Any, Final

from pydantic.alias_generators import to_snake

from rapport_customers.custom_fields.definitions import Definitions
from rapport_customers.custom_fields.errors import CustomValueTaken
from rapport_customers.custom_fields.writing import TYPE
from rapport_customers.customers.errors import ExternalIdTaken, OwnerNotFound
from rapport_customers.customers.model import Customer, CustomerKind
from rapport_customers.customers.service import CustomerService
from rapport_customers.customers.values import valid_email, valid_phone
from rapport_customers.imports.errors import AmbiguousKey, MissingKey, SubjectErased
from rapport_customers.imports.model import Import, ImportKey, ImportMode, Outcome, RowResult
from rapport_customers.subjects.suppression import Suppressed
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.errors import UserFault
from rapport_shared.rights import Verb

COLLISIONS: Final = (ExternalIdTaken, CustomValueTaken)
"""Faults that only the database finds, and that end a whole transaction."""


class Taking:
    """Rows in the order of the table: a later one may change what an earlier one has made."""

    def __init__(
        self, customers: CustomerService, work: CustomersWork, of: Import, suppressed: Suppressed, *, by: Actor
    ) -> None:
        self._customers = customers
        self._work = work
        self._import = of
        self._suppressed = suppressed
        self._by = by
        self._known: dict[str, list[Customer]] = {}
        self._owners: dict[str, bool] = {by.id: True}
        self._definitions = Definitions()
        self._unsaved: dict[str, Customer] = {}

    async def take(self, rows: Sequence[Sequence[str | None]]) -> list[RowResult]:
        """What becomes of each row; the customers that their keys name are found, and saved, together."""
        if self._import.has_custom:
            self._definitions = await self._work.custom_fields.all_of(TYPE)
        read = [self._read(cells) for cells in rows]
        wanted = [key for key, _ in read if isinstance(key, str)]
        scope = self._customers.scope(self._by)
        for customer in await self._work.customers.by_key(self._import.key.lower(), wanted, scope):
            self._note(customer)
        await self._suppressed.known([_identifiers(details) for _, details in read])
        numbers = range(self._import.next_row, self._import.next_row + len(rows))
        pairs = zip(numbers, read, strict=True)
        results = [await self._row(number, key, details) for number, (key, details) in pairs]
        await self._save()
        return results

    def refused(self, row: int, fault: UserFault) -> RowResult:
        """A row that cannot go in; the fault of a value names its column."""
        *_, field = fault.path or ("",)
        column = self._import.column_of(field) or self._import.column_of(to_snake(field))
        return RowResult(row=row, outcome=Outcome.FAILED, code=fault.code, column=column, message=fault.message)

    def _read(self, cells: Sequence[str | None]) -> tuple[str | UserFault, dict[str, Any]]:
        """The row's key in its stored form, or what is wrong with the row."""
        try:
            details = self._import.details(cells)
            if "custom" in details:
                texts = details["custom"].items()
                details["custom"] = {key: self._definitions.from_text(key, text) for key, text in texts}
            key = details.get(self._import.key.lower())
            if key is None:
                raise MissingKey("The row has no key.", path=("input", self._import.key.lower()))
            return _stored(self._import.key, key), details
        except UserFault as fault:
            return fault, {}

    async def _row(self, number: int, key: str | UserFault, details: dict[str, Any]) -> RowResult:
        if isinstance(key, UserFault):
            return self.refused(number, key)
        known = self._known.get(key, [])
        try:
            if len(known) > 1:
                raise AmbiguousKey("Several customers have this key.", path=("input", self._import.key.lower()))
            if self._import.mode is (ImportMode.UPDATE if not known else ImportMode.CREATE):
                return RowResult(row=number, outcome=Outcome.SKIPPED, customer_id=known[0].id if known else None)
            await self._require_owner(details.get("owner_id"))
            return await (self._change(number, known[0], details) if known else self._create(number, details))
        except COLLISIONS:
            raise
        except UserFault as fault:
            return self.refused(number, fault)

    async def _create(self, number: int, details: dict[str, Any]) -> RowResult:
        whole = {"kind": CustomerKind.PERSON, "name": "", **details}
        rehearsal = self._import.dry_run
        customer = await self._customers.make(self._work, whole, by=self._by, rehearsal=rehearsal)
        if any(await self._suppressed.known([vars(customer)])):
            raise SubjectErased("Somebody with one of these identifiers was erased on request.")
        if self._customers.refuses_duplicates:
            await self._save()  # an earlier row may have made one
            await self._customers.require_no_duplicate(self._work, customer, self._by)
        self._unsaved[customer.id] = customer
        self._note(customer)
        return self._result(number, Outcome.CREATED, customer)

    async def _change(self, number: int, customer: Customer, details: dict[str, Any]) -> RowResult:
        if customer.id in self._unsaved:
            await self._save()  # each row is a change of its own
        before, version, key = customer.owner_id, customer.version, self._key(customer)
        customer = deepcopy(customer)  # a change that is refused half-way leaves no trace
        if not self._customers.scope(self._by, Verb.UPDATE).admits(customer):
            return RowResult(row=number, outcome=Outcome.FAILED, code="FORBIDDEN", message="You may not change it.")
        await self._customers.change(self._work, customer, details, by=self._by)
        if customer.version == version:
            return self._result(number, Outcome.SKIPPED, customer)
        self._unsaved[customer.id] = customer
        if customer.owner_id != before and not self._import.dry_run:
            await self._work.hand_over(customer.id, customer.owner_id)
        self._known[key] = [customer]
        return self._result(number, Outcome.UPDATED, customer)

    async def _save(self) -> None:
        """Save what rows have made and changed so far; in a dry run, forget it."""
        if not self._import.dry_run:
            await self._work.customers.save_all(list(self._unsaved.values()), by=self._by)
        self._unsaved.clear()

    def _result(self, number: int, outcome: Outcome, customer: Customer) -> RowResult:
        made = None if self._import.dry_run and outcome is Outcome.CREATED else customer.id
        return RowResult(row=number, outcome=outcome, customer_id=made, version=customer.version)

    def _note(self, customer: Customer) -> None:
        self._known.setdefault(self._key(customer), []).append(customer)

    def _key(self, customer: Customer) -> str:
        return _stored(self._import.key, getattr(customer, self._import.key.lower()))

    async def _require_owner(self, owner_id: str | None) -> None:
        if owner_id is None:
            return
        if owner_id not in self._owners:
            user = await self._work.users.find(owner_id)
            self._owners[owner_id] = user is not None and bool(user["active"])
        if not self._owners[owner_id]:
            raise OwnerNotFound("No active user has this id.", path=("input", "ownerId"))


def _identifiers(details: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a row, in their stored form where they have one."""
    found: dict[str, Any] = {}
    for key in filter(lambda key: key.lower() in details, ImportKey):
        with suppress(UserFault):
            found[key.lower()] = _stored(key, details[key.lower()])
    return found


def _stored(key: ImportKey, value: str) -> str:
    """A key as customers have it. Raises what is wrong with it."""
    match key:
        case ImportKey.PHONE:
            return valid_phone(value)
        case ImportKey.EMAIL:
            return valid_email(value).casefold()
    return value.strip()
