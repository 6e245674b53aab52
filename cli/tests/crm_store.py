"""What the test server remembers, with the API's own rules: versions, idempotency, unique keys, valid contacts."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import phonenumbers

Record = dict[str, Any]
PREFIXES = {"user": "usr", "customer": "cus", "interaction": "int", "task": "tsk", "tagGroup": "tgr"}


class RefusedError(Exception):
    """A userError."""

    def __init__(self, code: str, *path: str, current: Record | None = None) -> None:
        super().__init__(code)
        self.error = {"code": code, "message": f"{code} at {'.'.join(path)}", "path": ["input", *path]}
        self.current = current


@dataclass
class CrmStore:
    """Records by noun, in order of creation."""

    records: dict[str, list[Record]] = field(default_factory=lambda: {noun: [] for noun in PREFIXES})
    passwords: dict[str, str] = field(default_factory=dict)
    first_payloads: dict[str, tuple[str, Record]] = field(default_factory=dict)

    def add_user(self, input: Mapping[str, Any]) -> Record:
        self._unique("user", "email", input["email"], "EMAIL_TAKEN")
        if input.get("managerId") and not self.find("user", input["managerId"]):
            raise RefusedError("NOT_FOUND", "managerId")
        user = self._insert("user", input, externalId=None, title=None, active=True, managerId=None)
        self.passwords[user["email"]] = user.pop("password", "")
        return user

    def add_customer(self, input: Mapping[str, Any], caller: Record) -> Record:
        if input.get("externalId"):
            self._unique("customer", "externalId", input["externalId"], "EXTERNAL_ID_TAKEN")
        blank = dict.fromkeys(("phone", "email", "source", "externalId", "deletedAt"))
        start = {**blank, "stage": "LEAD", "tags": [], "ownerId": caller["id"]}
        return self._insert("customer", {**start, **self._valid(input)})

    def add_tagGroup(self, input: Mapping[str, Any], caller: Record) -> Record:
        self._unique("tagGroup", "name", input["name"], "TAG_NAME_TAKEN")
        return self._insert("tagGroup", input)

    def change_customer(self, input: Mapping[str, Any]) -> Record:
        customer = self._current("customer", input)
        changes = {name: value for name, value in self._valid(input).items() if name not in {"id", "expectedVersion"}}
        return self._change(customer, changes)

    def delete_customer(self, input: Mapping[str, Any]) -> Record:
        return self._change(self._current("customer", input), {"deletedAt": datetime.now(UTC).isoformat()})

    def add_interaction(self, input: Mapping[str, Any], caller: Record) -> Record:
        self._check_customer(input)
        blank = dict.fromkeys(("outcome", "intent", "nextFollowUpAt"))
        return self._insert("interaction", {**blank, "participants": [], **input, "authorId": caller["id"]})

    def add_task(self, input: Mapping[str, Any], caller: Record) -> Record:
        if input.get("customerId"):
            self._check_customer(input)
        blank = dict.fromkeys(("description", "dueAt", "customerId", "result"))
        start = {
            **blank,
            "assigneeId": caller["id"],
            "status": "OPEN",
            "priority": "NORMAL",
            "createdById": caller["id"],
        }
        return self._insert("task", {**start, **input})

    def move_task(self, input: Mapping[str, Any], status: str, **changes: Any) -> Record:
        task = self._current("task", input)
        if task["status"] in {"DONE", "CANCELLED"}:
            raise RefusedError("TASK_CLOSED", "id", current=task)
        return self._change(task, {"status": status, **changes})

    def once(self, input: Mapping[str, Any], noun: str, act: Callable[[Record], Record]) -> Record:
        """The payload of a mutation, the first one again for a known idempotencyKey."""
        body = {name: value for name, value in input.items() if name != "idempotencyKey"}
        key, print_ = input.get("idempotencyKey"), json.dumps(body, sort_keys=True)
        if key in self.first_payloads:
            first_print, payload = self.first_payloads[key]
            return payload if first_print == print_ else _payload(noun, RefusedError("IDEMPOTENCY_KEY_REUSED"))
        try:
            payload = {noun: dict(act(body)), "userErrors": []}
        except RefusedError as refusal:
            return _payload(noun, refusal)
        if key:
            self.first_payloads[key] = (print_, payload)
        return payload

    def find(self, noun: str, id: str) -> Record | None:
        return next((record for record in self.records[noun] if record["id"] == id), None)

    def page(self, noun: str, filter: Mapping[str, Any], first: int | None, after: str | None) -> Record:
        matches = [record for record in self.records[noun] if _matches(record, filter)]
        start = int(after or 0)
        end = min(start + (first or 20), len(matches))
        info = {"hasNextPage": end < len(matches), "hasPreviousPage": start > 0, "endCursor": str(end)}
        return {"nodes": matches[start:end], "pageInfo": info, "totalCount": len(matches)}

    def _insert(self, noun: str, values: Mapping[str, Any], **defaults: Any) -> Record:
        number = len(self.records[noun]) + 1
        record = {**defaults, **values, "id": f"{PREFIXES[noun]}_{number:05}", "version": 1}
        self.records[noun].append(record)
        return record

    def _change(self, record: Record, changes: Mapping[str, Any]) -> Record:
        if any(record[name] != value for name, value in changes.items()):
            record.update(changes, version=record["version"] + 1)
        return record

    def _current(self, noun: str, input: Mapping[str, Any]) -> Record:
        record = self.find(noun, input["id"])
        if record is None or record.get("deletedAt"):
            raise RefusedError("NOT_FOUND", "id")
        if input.get("expectedVersion", record["version"]) != record["version"]:
            raise RefusedError("VERSION_CONFLICT", "expectedVersion", current=record)
        return record

    def _check_customer(self, input: Mapping[str, Any]) -> None:
        customer = self.find("customer", input["customerId"])
        if customer is None or customer["deletedAt"]:
            raise RefusedError("NOT_FOUND", "customerId")

    def _unique(self, noun: str, name: str, value: str, code: str) -> None:
        if any(record[name] == value and not record.get("deletedAt") for record in self.records[noun]):
            raise RefusedError(code, name)

    def _valid(self, input: Mapping[str, Any]) -> Record:
        values = dict(input)
        if not values.get("name", "x").strip():
            raise RefusedError("INVALID_NAME", "name")
        if values.get("email") and not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", values["email"]):
            raise RefusedError("INVALID_EMAIL", "email")
        if values.get("phone"):
            values["phone"] = _stored_phone(values["phone"])
        if values.get("ownerId") and not self.find("user", values["ownerId"]):
            raise RefusedError("NOT_FOUND", "ownerId")
        return values


def _stored_phone(text: str) -> str:
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException as error:
        raise RefusedError("INVALID_PHONE", "phone") from error
    if not phonenumbers.is_possible_number(number):
        raise RefusedError("INVALID_PHONE", "phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _payload(noun: str, refusal: RefusedError) -> Record:
    return {noun: refusal.current, "userErrors": [refusal.error]}


def _matches(record: Record, filter: Mapping[str, Any]) -> bool:
    if bool(record.get("deletedAt")) != bool(filter.get("deleted")):
        return False
    for name, wanted in filter.items():
        if name == "deleted":
            continue
        value = record.get(name)
        if "eq" in wanted and value != wanted["eq"]:
            return False
        if "in" in wanted and value not in wanted["in"]:
            return False
        if "contains" in wanted and wanted["contains"] not in (value or ""):
            return False
    return True
