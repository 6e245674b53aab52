"""Which gateway, as whom: options first, then the environment, then `.rapport/run.json` of the running system."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rapport_cli.errors import CliError

RUN_FILE = Path(".rapport") / "run.json"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A staff account; the password never shows in a representation."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Connection:
    """A gateway's GraphQL address and the account to work as."""

    gateway: str
    credentials: Credentials


def find_run_file(start: Path) -> Path | None:
    """The nearest `.rapport/run.json` in `start` or a folder above it."""
    for folder in (start, *start.parents):
        candidate = folder / RUN_FILE
        if candidate.is_file():
            return candidate
    return None


def resolve_connection(gateway: str | None, email: str | None, password: str | None, *, start: Path) -> Connection:
    """Fill what was not given from the run file.

    Raises CliError with code NO_GATEWAY or NO_ACCOUNT when something is still missing, BAD_RUN_FILE when the
    run file cannot be read.
    """
    run = {} if gateway and email and password else _read_run_file(start)
    address = gateway or run.get("gateway")
    if not address:
        raise CliError("No gateway: start the system, or give --gateway or RAPPORT_GATEWAY_URL.", code="NO_GATEWAY")
    if email and password:
        return Connection(str(address), Credentials(email, password))
    return Connection(str(address), _account(run, email, password))


def resolve_broker_api(given: str | None, *, start: Path) -> str:
    """The broker's management API: what was given, or the running system's. Raises CliError with NO_BROKER_API."""
    address = given or _read_run_file(start).get("brokerApi")
    if not address:
        raise CliError(
            "No management API of the broker: give --broker-api or RAPPORT_BROKER_API_URL.", code="NO_BROKER_API"
        )
    return str(address)


def _account(run: dict[str, Any], email: str | None, password: str | None) -> Credentials:
    for account in run.get("accounts", []):
        if account["email"] == email or (email is None and account["role"] == "ADMIN"):
            return Credentials(account["email"], password or account["password"])
    missing = "a password for that address" if email else "an account"
    raise CliError(f"Give {missing}: --email and --password, or RAPPORT_EMAIL and RAPPORT_PASSWORD.", code="NO_ACCOUNT")


def _read_run_file(start: Path) -> dict[str, Any]:
    path = find_run_file(start)
    if path is None:
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CliError(f"{path} cannot be read: {error}", code="BAD_RUN_FILE") from error
    if not isinstance(content, dict):
        raise CliError(f"{path} is not a JSON object.", code="BAD_RUN_FILE")
    return content
