"""Staff from rows: create who is new; who is there stays as they are, and differences are told."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from rapport_cli.batch import Call, Executor, Outcome, chunks, send
from rapport_cli.client import Json
from rapport_cli.importing.customer_values import MAIL_SHAPE, tidy
from rapport_cli.importing.engine import RowRefusedError
from rapport_cli.importing.mapping import FieldMapping
from rapport_cli.importing.people import USER_FIELDS, UserDirectory
from rapport_cli.importing.rows import Row, RowProblem
from rapport_cli.importing.tally import Tally

USER_COLUMNS = ("externalId", "email", "name", "role", "title", "manager")
ROLE_SHAPE = re.compile(r"[A-Z][A-Z0-9_]{1,39}")


@dataclass(frozen=True, slots=True)
class UserRow:
    """A staff member as the file has them; `manager_key` is the manager's external id or empty."""

    number: int
    key: str
    email: str
    name: str
    role: str
    title: str
    manager_key: str

    def input(self, manager_id: str | None) -> Json:
        """CreateUserInput with what is filled."""
        fields = {
            "email": self.email,
            "name": self.name,
            "role": self.role,
            "title": self.title,
            "managerId": manager_id,
            "externalId": self.key,
        }
        return {name: value for name, value in fields.items() if value} | {"idempotencyKey": uuid4().hex}


class UserImporter:
    """Stores staff by external id; who names a manager waits until the manager is there."""

    def __init__(
        self,
        session: Executor,
        directory: UserDirectory,
        tally: Tally,
        mapping: FieldMapping,
        *,
        role: str,
        dry_run: bool,
    ) -> None:
        self._session = session
        self._directory = directory
        self._tally = tally
        self._mapping = mapping
        self._role = role
        self._dry_run = dry_run
        self._waiting: list[UserRow] = []

    def key_of(self, row: Row) -> str:
        """The row's external id without its namespace."""
        return tidy(self._mapping.fields["externalId"].value(row.cells))

    def prepare(self, row: Row) -> UserRow:
        """The row's values. Raises RowRefusedError with INVALID_NAME, INVALID_EMAIL or INVALID_ROLE."""
        texts = {name: tidy(text) for name, text in self._mapping.apply(row.cells).items()}
        role = texts.get("role", "").upper() or self._role
        if not ROLE_SHAPE.fullmatch(role):
            raise self._refusal("role", "INVALID_ROLE", f"{role!r} is no role's name")
        if not texts["name"]:
            raise self._refusal("name", "INVALID_NAME", "the name is missing")
        if not MAIL_SHAPE.fullmatch(texts["email"]):
            raise self._refusal("email", "INVALID_EMAIL", f"{texts['email']!r} is not a mail address")
        manager = texts.get("manager", "")
        return UserRow(
            number=row.number,
            key=self._mapping.external_id(texts["externalId"]),
            email=texts["email"],
            name=texts["name"],
            role=role,
            title=texts.get("title", ""),
            manager_key=self._mapping.external_id(manager) if manager else "",
        )

    async def store(self, batch: list[UserRow]) -> None:
        """Settle the rows whose manager is known; keep the others for the end."""
        await self._directory.fetch({key for row in batch for key in (row.key, row.manager_key)})
        ready: list[UserRow] = []
        for row in batch:
            if row.manager_key and self._directory.user(row.manager_key) is None:
                self._waiting.append(row)
            else:
                ready.append(row)
        await self._create([row for row in ready if not self._exists(row)])

    async def finish(self) -> None:
        """Settle the waiting rows, level by level of the organisation."""
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            await self.store(waiting)
            if len(self._waiting) == len(waiting):
                break
        for row in self._waiting:
            message = f"no user has the external id {row.manager_key}"
            self._tally.fail(
                row.number, row.key, RowProblem("UNKNOWN_MANAGER", message, self._mapping.column_of("manager"))
            )

    def _exists(self, row: UserRow) -> bool:
        user = self._directory.user(row.key)
        if user is None:
            return False
        stored = {**user, "managerId": (user["manager"] or {}).get("id"), "email": user["email"].casefold()}
        wanted = row.input(self._manager_id(row)) | {"email": row.email.casefold()}
        others = [name for name in wanted if name != "idempotencyKey" and wanted[name] != stored[name]]
        if others:
            message = f"{', '.join(others)} differ from the existing user, which stays as it is"
            self._tally.warn(row.number, row.key, RowProblem("USER_DIFFERS", message))
        self._tally.unchanged += 1
        return True

    async def _create(self, rows: Sequence[UserRow]) -> None:
        for piece in chunks(rows):
            if self._dry_run:
                outcomes = [Outcome(_imagined(row), ()) for row in piece]
            else:
                calls = [
                    Call("createUser", row.input(self._manager_id(row)), f"user {{ {USER_FIELDS} }}") for row in piece
                ]
                outcomes = await send(self._session, calls)
            for row, outcome in zip(piece, outcomes, strict=True):
                self._settle(row, outcome)

    def _settle(self, row: UserRow, outcome: Outcome) -> None:
        if outcome.record and not outcome.errors:
            self._directory.learn(outcome.record)
            self._tally.created += 1
            return
        error = outcome.errors[0]
        names = {"managerId": "manager"}
        column = self._mapping.column_of(names.get(error.field, error.field))
        self._tally.fail(row.number, row.key, RowProblem(error.code, error.message, column))

    def _manager_id(self, row: UserRow) -> str | None:
        manager = self._directory.user(row.manager_key)
        return manager["id"] if manager else None

    def _refusal(self, name: str, code: str, message: str) -> RowRefusedError:
        return RowRefusedError(RowProblem(code, message, self._mapping.column_of(name)))


def _imagined(row: UserRow) -> Json:
    """The user a dry run pretends to have created, so that those who name them as manager are checked too."""
    return {"id": "dry-run", "externalId": row.key, "manager": None}
