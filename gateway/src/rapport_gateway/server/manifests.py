"""Reading the list of trusted documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from rapport_gateway.operations import Lru
from rapport_gateway.server.persisted import Documents, with_hashes
from rapport_gateway.settings import PREFIX, InvalidSetting, Settings

_APOLLO = "apollo-persisted-query-manifest"


def documents(settings: Settings) -> Documents:
    """Raises InvalidSetting."""
    if settings.trusted_documents_only and not settings.trusted_documents:
        raise InvalidSetting(
            f"{PREFIX}TRUSTED_DOCUMENTS_ONLY needs {PREFIX}TRUSTED_DOCUMENTS, the file that lists them"
        )
    automatic: Lru[str, str] | None = None
    if settings.persisted_queries:
        automatic = Lru(settings.persisted_query_cache_size, settings.persisted_query_cache_bytes)
    trusted = trusted_documents(Path(settings.trusted_documents)) if settings.trusted_documents else {}
    return Documents(trusted, only_trusted=settings.trusted_documents_only, automatic=automatic)


def trusted_documents(file: Path) -> dict[str, str]:
    """The texts under their identifiers, and under their hashes. Raises InvalidSetting."""
    return with_hashes(read_manifest(file))


def read_manifest(file: Path) -> dict[str, str]:
    """Texts by identifier, of Apollo's persisted query manifest or of a plain map. Raises InvalidSetting."""
    try:
        content = orjson.loads(file.read_bytes())
    except OSError as error:
        raise _unusable(file, error.strerror or "cannot be read") from error
    except orjson.JSONDecodeError as error:
        raise _unusable(file, f"is no JSON: {error}") from error
    if isinstance(content, dict) and "format" in content:
        return _apollo(file, content)
    if not isinstance(content, dict) or not all(isinstance(text, str) for text in content.values()):
        raise _unusable(file, "is neither a map of ids to documents nor a persisted query manifest")
    return {identifier.removeprefix("sha256:"): text for identifier, text in content.items()}


def _apollo(file: Path, content: dict[str, Any]) -> dict[str, str]:
    if content["format"] != _APOLLO or content.get("version") != 1 or not isinstance(content.get("operations"), list):
        raise _unusable(file, f"is not of the format {_APOLLO}, version 1")
    found: dict[str, str] = {}
    for item in content["operations"]:
        match item:
            case {"id": str(identifier), "body": str(text)}:
                if found.setdefault(identifier, text) != text:
                    raise _unusable(file, f"has two documents with the id {identifier!r}")
            case _:
                raise _unusable(file, "has an operation without id or body")
    return found


def _unusable(file: Path, reason: str) -> InvalidSetting:
    return InvalidSetting(f"{PREFIX}TRUSTED_DOCUMENTS: {file}: {reason}")
