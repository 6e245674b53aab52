"""The connection, with the durability settings that lose nothing pinned in code."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConnectionFailure, DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from rapport_shared.mongo.metrics import CommandCounter

Document: TypeAlias = dict[str, Any]
Database: TypeAlias = AsyncDatabase[Document]
Collection: TypeAlias = AsyncCollection[Document]
Session: TypeAlias = AsyncClientSession
DatabaseError: TypeAlias = PyMongoError
DuplicateKey: TypeAlias = DuplicateKeyError

WRITE_CONCERN = WriteConcern(w="majority", j=True)
READ_CONCERN = ReadConcern("majority")
TRANSACTION_READ_CONCERN = ReadConcern("snapshot")


_TRANSIENT = ("TransientTransactionError", "UnknownTransactionCommitResult")


def is_transient(failure: BaseException | None) -> bool:
    """Whether the database did not answer in time, or gave a transaction up; what was asked of it may have been done.

    The driver repeats a transaction that was given up, and its commit, for as long as two minutes before it raises.
    """
    if isinstance(failure, ConnectionFailure):
        return True
    return isinstance(failure, PyMongoError) and any(failure.has_error_label(label) for label in _TRANSIENT)


@dataclass(frozen=True, slots=True)
class Mongo:
    """One service's connection and its own database."""

    client: AsyncMongoClient[Document]
    database: Database
    outbox_filled: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by every transaction of this process that has left events in the outbox."""

    async def ping(self) -> None:
        """Raise a driver error where the database does not answer."""
        await self.client.admin.command("ping")

    async def close(self) -> None:
        """Close every pooled connection."""
        await self.client.close()


def database_name(prefix: str, service: str) -> str:
    """Such as ``rapport_customers``."""
    return f"{prefix}_{service}"


def connect(url: str, database: str) -> Mongo:
    """Connect lazily; writes are acknowledged by a majority and journalled whatever the URL says."""
    client: AsyncMongoClient[Document] = AsyncMongoClient(
        url,
        tz_aware=True,
        appname=database,
        retryWrites=True,
        serverSelectionTimeoutMS=3000,
        connectTimeoutMS=2000,
        socketTimeoutMS=10000,
        maxPoolSize=50,
        waitQueueTimeoutMS=2000,
        event_listeners=[CommandCounter()],
    )
    return Mongo(client, client.get_database(database, read_concern=READ_CONCERN, write_concern=WRITE_CONCERN))
