"""The embedded database: SecantusDB speaks MongoDB's wire protocol; a separate process, for development only."""

import os
import sys
from pathlib import Path

from rapport_local.backing.model import Database, Place
from rapport_local.backing.probe import mongo_problem
from rapport_local.errors import CannotRun
from rapport_local.processes.child import Child

_PROGRAM = Path(sys.executable).with_name("secantusd-py")


class EmbeddedDatabase(Database):
    """SecantusDB on a directory of ours."""

    how = "SecantusDB (embedded, for development)"

    def __init__(self, place: Place) -> None:
        if not _PROGRAM.exists():
            raise CannotRun("no database: install MongoDB, or run `make setup`, which installs SecantusDB")
        self.url = f"mongodb://127.0.0.1:{place.mongo}/?directConnection=true"
        storage = place.data / "mongo"
        storage.mkdir(parents=True, exist_ok=True)
        # Without --sync-on-commit acknowledged transactions are lost when the process is killed.
        command = [str(_PROGRAM), "--sync-on-commit", "--host", "127.0.0.1", "--port", str(place.mongo)]
        # It takes what it needs of the cache; one that a large insert fills stands still.
        command += ["--storage-path", str(storage), "--cache-size", "1G", "--log-level", "WARNING"]
        self._process = Child("mongo", command, log=place.logs / "mongo.log", env=dict(os.environ), cwd=storage)

    @property
    def children(self) -> tuple[Child, ...]:
        return (self._process,)

    def launch(self) -> None:
        self._process.start()

    def wait_ready(self) -> None:
        self._process.wait_until(lambda: mongo_problem(self.url, seconds=1) is None, seconds=60)

    def kill(self) -> None:
        self._process.kill()

    def stop(self) -> None:
        self._process.end()
