"""The committed SDL of each service, made by the service itself."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rapport_local.errors import CannotRun
from rapport_local.layout import REPOSITORY
from rapport_local.system.table import SERVICES


def schema_file(service: str) -> Path:
    return REPOSITORY / "services" / service / "schema.graphql"


def write_schemas() -> None:
    """Write services/*/schema.graphql. Raises CannotRun when a service cannot print its schema."""
    for service, sdl in _printed_schemas().items():
        schema_file(service).write_text(sdl, encoding="utf-8")


def check_schemas() -> None:
    """Raise CannotRun when a committed schema is not what its service prints."""
    stale = [
        service
        for service, sdl in _printed_schemas().items()
        if not schema_file(service).exists() or schema_file(service).read_text(encoding="utf-8") != sdl
    ]
    if stale:
        raise CannotRun(f"stale schema.graphql of {', '.join(stale)}: run `make schema` and commit the result")


def _printed_schemas() -> dict[str, str]:
    with ThreadPoolExecutor() as pool:
        return dict(zip(SERVICES, pool.map(_printed_schema, SERVICES), strict=True))


def _printed_schema(service: str) -> str:
    command = [sys.executable, "-m", f"rapport_{service}", "schema"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip() or "no output").splitlines()[-1]
        raise CannotRun(f"rapport_{service} cannot print its schema: {reason}")
    return done.stdout
