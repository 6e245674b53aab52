"""Passwords of the sample staff: random, kept in one file that only its owner may read."""

import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from rapport_cli.errors import CliError
from rapport_cli.sample.records import Staff
from rapport_cli.settings import Credentials

PASSWORD_BYTES = 12


def read_accounts(path: Path) -> dict[str, dict[str, str]]:
    """Accounts by mail address; empty when there is no file yet. Raises CliError BAD_ACCOUNTS_FILE."""
    if not path.exists():
        return {}
    try:
        accounts = {account["email"]: account for account in json.loads(path.read_text(encoding="utf-8"))}
        if all(account["password"] for account in accounts.values()):
            return accounts
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CliError(f"{path} is not a file of accounts: {error}", code="BAD_ACCOUNTS_FILE") from error
    raise CliError(f"{path} has an account without a password.", code="BAD_ACCOUNTS_FILE")


def write_accounts(path: Path, staff: Sequence[Staff], known: dict[str, dict[str, str]]) -> dict[str, Credentials]:
    """Credentials by staff key, with new passwords for who is not known yet; on disk before any account exists.

    Accounts of others in the file stay in it.
    """
    made = {member.email: known.get(member.email) or _account(member) for member in staff}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
            json.dump(list({**known, **made}.values()), stream, ensure_ascii=False, indent=2)
        draft.replace(path)
    except OSError as error:
        raise CliError(f"{path} cannot be written: {error.strerror}", code="FILE_UNWRITABLE") from error
    return {member.key: Credentials(member.email, made[member.email]["password"]) for member in staff}


def _account(member: Staff) -> dict[str, str]:
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    return {"email": member.email, "password": password, "role": member.role, "name": member.name}
