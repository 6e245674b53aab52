"""What outlasts a run: the accounts' passwords; and what describes it while it lasts: run.json."""

import fcntl
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rapport_local.errors import CannotRun
from rapport_local.system.table import Admin

_ADMIN_EMAIL = "admin@rapport.example"


@contextmanager
def only_one(state: Path) -> Iterator[None]:
    """Hold the state directory for this process alone. Raises CannotRun when another run holds it."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotRun("Rapport is running already from this directory: stop that run first (Ctrl-C)") from error
        yield


def kept_admin(state: Path, env: Mapping[str, str]) -> Admin:
    """The administrator of the environment, or one with a password made at the first run and kept."""
    email = env.get("RAPPORT_IDENTITY_ADMIN_EMAIL", _ADMIN_EMAIL)
    if password := env.get("RAPPORT_IDENTITY_ADMIN_PASSWORD"):
        return Admin(email, password)
    kept = state / "admin.json"
    known: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else {}
    if email not in known:
        known[email] = secrets.token_urlsafe(12)
        write_private(kept, known)
    return Admin(email, known[email])


def kept_key(state: Path, env: Mapping[str, str], name: str) -> str:
    """A secret of the environment, or one that is made at the first run and kept."""
    if given := env.get(name):
        return given
    kept = state / f"{name.removeprefix('RAPPORT_').lower()}.json"
    if not kept.exists():
        write_private(kept, [secrets.token_urlsafe(32)])
    key: str = json.loads(kept.read_text())[0]
    return key


def write_private(path: Path, content: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write JSON that only the owner may read; readers see the old content or the new, never a part."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(path)
