"""A MongoDB of this machine: one node as a replica set, which transactions and change streams need."""

import os
import shutil
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from rapport_local.backing.model import Database, Place
from rapport_local.backing.probe import mongo_problem
from rapport_local.processes.child import Child

REPLICA_SET = "rapport"
_ALREADY_INITIALIZED = 23


def installed_mongod() -> Path | None:
    """The machine's mongod, None when it has none."""
    found = shutil.which("mongod")
    return Path(found) if found else None


class OwnDatabase(Database):
    """mongod on a directory of ours."""

    how = "MongoDB of this machine (a node of our own)"

    def __init__(self, place: Place, program: Path) -> None:
        self.url = f"mongodb://127.0.0.1:{place.mongo}/?directConnection=true"
        self._port = place.mongo
        storage = place.data / "mongod"
        storage.mkdir(parents=True, exist_ok=True)
        command = [str(program), "--bind_ip", "127.0.0.1", "--port", str(place.mongo), "--dbpath", str(storage)]
        command += ["--replSet", REPLICA_SET, "--wiredTigerCacheSizeGB", "0.5"]
        self._process = Child("mongo", command, log=place.logs / "mongo.log", env=os.environ)

    @property
    def children(self) -> tuple[Child, ...]:
        return (self._process,)

    def launch(self) -> None:
        self._process.start()

    def wait_ready(self) -> None:
        self._process.wait_until(lambda: mongo_problem(self.url, seconds=1) is None, seconds=60)
        initiate_replica_set(self.url, f"127.0.0.1:{self._port}")
        self._process.wait_until(lambda: is_primary(self.url), seconds=60)

    def kill(self) -> None:
        self._process.kill()

    def stop(self) -> None:
        self._process.end(grace=20)


def initiate_replica_set(url: str, member: str) -> None:
    """Make a new server a replica set of one; nothing changes when it is one already."""
    settings = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": member}]}
    with MongoClient[dict[str, object]](url) as client:
        try:
            client.admin.command("replSetInitiate", settings)
        except OperationFailure as error:
            if error.code != _ALREADY_INITIALIZED:
                raise


def is_primary(url: str) -> bool:
    """True when the server accepts writes."""
    with MongoClient[dict[str, object]](url) as client:
        return bool(client.admin.command("hello").get("isWritablePrimary"))
