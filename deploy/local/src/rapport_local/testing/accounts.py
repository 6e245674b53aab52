"""Staff accounts for tests, made through the public API."""

import json
import secrets
import urllib.request
from dataclasses import dataclass
from typing import Any

from rapport_local.errors import CannotRun
from rapport_local.system.table import Admin

_SIGN_IN = "mutation($input: SignInInput!) { signIn(input: $input) { accessToken userErrors { code message } } }"
_CREATE_USER = "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } userErrors { code } } }"


@dataclass(frozen=True)
class Account:
    """Someone who can sign in. `id` is None where it is not known: the first administrator's."""

    email: str
    password: str
    role: str
    id: str | None = None


def make_accounts(gateway: str, admin: Admin) -> dict[str, Account]:
    """One account per role, and a second SALES, by a short name: admin, manager, sales, sales2, support."""
    token = _call(gateway, _SIGN_IN, {"email": admin.email, "password": admin.password})["signIn"]["accessToken"]
    accounts = {"admin": Account(admin.email, admin.password, "ADMIN")}
    for name, role in {"manager": "MANAGER", "sales": "SALES", "sales2": "SALES", "support": "SUPPORT"}.items():
        wanted = {"email": f"{name}@rapport.example", "password": secrets.token_urlsafe(12), "role": role}
        made = _call(gateway, _CREATE_USER, wanted | {"name": name.capitalize()}, token)["createUser"]
        accounts[name] = Account(**wanted, id=made["user"]["id"])
    return accounts


def _call(gateway: str, document: str, given: dict[str, str], token: str | None = None) -> dict[str, Any]:
    """The answer's data. Raises CannotRun for an answer with errors of any kind."""
    body = json.dumps({"query": document, "variables": {"input": given}}).encode()
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(urllib.request.Request(gateway, body, headers), timeout=10) as response:
        answer: dict[str, Any] = json.load(response)
    payloads = (answer.get("data") or {}).values()
    if answer.get("errors") or any(payload["userErrors"] for payload in payloads):
        raise CannotRun(f"the accounts for tests could not be made: {json.dumps(answer)}")
    data: dict[str, Any] = answer["data"]
    return data
