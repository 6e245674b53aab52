"""Indexes, declared beside the repository that needs them and created by ``migrate``."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rapport_shared.mongo.client import Database


@dataclass(frozen=True, slots=True)
class Index:
    """One index: ``keys`` are ``(field, 1 | -1)`` pairs, ``only`` a partial filter; ``expire_after`` makes it a TTL."""

    collection: str
    keys: tuple[tuple[str, int], ...]
    unique: bool = False
    only: dict[str, Any] | None = None
    expire_after: timedelta | None = None

    @property
    def name(self) -> str:
        """The name by which MongoDB knows the index."""
        return "_".join(f"{field}_{direction}" for field, direction in self.keys)


async def create_indexes(database: Database, indexes: Iterable[Index]) -> None:
    """Create what is missing; repeatable."""
    for index in indexes:
        options: dict[str, Any] = {"name": index.name}
        if index.unique:
            options["unique"] = True
        if index.only is not None:
            options["partialFilterExpression"] = index.only
        if index.expire_after is not None:
            options["expireAfterSeconds"] = int(index.expire_after.total_seconds())
        await database[index.collection].create_index(list(index.keys), **options)
