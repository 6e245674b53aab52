"""Unique strings in personal fields, and where they turn up afterwards."""

import asyncio
import json
import secrets
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from rapport_local.testing.running import RunningSystem

MARK = "cnry"


@dataclass
class Canaries:
    """Makes values that can be recognised wherever they are."""

    run: str = field(default_factory=lambda: secrets.token_hex(4))
    phones: list[str] = field(default_factory=list)

    def text(self, what: str) -> str:
        """A text of which every part can be recognised, by one needle for all of them."""
        return f"{MARK}{self.run}{secrets.token_hex(3)} {what}"

    def word(self) -> str:
        """The same without a space, for mail addresses and keys."""
        return f"{MARK}{self.run}{secrets.token_hex(3)}"

    def phone(self) -> str:
        """A Chinese mobile number."""
        self.phones.append(f"139{secrets.randbelow(10**8):08}")
        return self.phones[-1]

    @property
    def needles(self) -> list[bytes]:
        """What to look for."""
        return [f"{MARK}{self.run}".encode(), *(phone.encode() for phone in self.phones)]

    def found_in(self, content: bytes) -> list[str]:
        """The needles that are there."""
        lowered = content.lower()
        return [needle.decode() for needle in self.needles if needle in lowered]


async def in_logs(canaries: Canaries, system: RunningSystem) -> dict[str, list[str]]:
    """What the processes' logs hold."""
    logs = {name: child.log.read_bytes() for name, child in system.processes.items() if child.log.exists()}
    assert all(name in logs for name in ("gateway", "customers-api", "customers-worker"))
    assert b"audit log sealed" in logs["customers-worker"], "the log that is searched must be the one that is written"
    return _only_found({name: canaries.found_in(content) for name, content in logs.items()})


async def in_metrics(canaries: Canaries, system: RunningSystem) -> dict[str, list[str]]:
    """What ``/metrics`` of every process says."""

    def read(url: str) -> bytes:
        with urllib.request.urlopen(url, timeout=10) as response:
            return bytes(response.read())

    ports = system.addresses.ports
    pages = {name: await asyncio.to_thread(read, f"http://127.0.0.1:{port}/metrics") for name, port in ports.items()}
    assert all(b"# HELP" in page for page in pages.values())
    return _only_found({name: canaries.found_in(page) for name, page in pages.items()})


def in_files(canaries: Canaries, folder: Path, *, proof: bytes) -> dict[str, list[str]]:
    """What the files of a folder hold; ``proof`` is something that must be there, or the search shows nothing."""
    seen = False
    found: dict[str, list[str]] = {}
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            seen = seen or proof in content
            found[str(path.relative_to(folder))] = canaries.found_in(content)
    assert seen, f"{proof!r} is nowhere in {folder}: what is searched is not what is written"
    return _only_found(found)


def in_databases(canaries: Canaries, system: RunningSystem) -> dict[str, int]:
    """How many documents of each collection hold one: ``customers.customers`` and so on, all that the driver shows."""
    found: dict[str, int] = {}
    prefix = system.addresses.database_prefix
    with MongoClient[dict[str, Any]](system.addresses.mongo_url) as client:
        for database in client.list_database_names():
            if not database.startswith(f"{prefix}_"):
                continue
            for collection in client[database].list_collection_names():
                hits = sum(_holds(canaries, document) for document in client[database][collection].find())
                if hits:
                    found[f"{database.removeprefix(prefix)[1:]}.{collection}"] = hits
    return found


def _holds(canaries: Canaries, document: Mapping[str, Any]) -> bool:
    return bool(canaries.found_in(json.dumps(_texts(document), ensure_ascii=False).encode()))


def _texts(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Mapping):
        return {str(name): _texts(item) for name, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_texts(item) for item in value]
    return str(value)


def _only_found(places: dict[str, list[str]]) -> dict[str, list[str]]:
    return {place: found for place, found in places.items() if found}
