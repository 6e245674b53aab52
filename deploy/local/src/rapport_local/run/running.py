"""What runs now, and run.json, which tells it to scripts."""

from pathlib import Path
from typing import Any

from rapport_local.backing import BackingServices
from rapport_local.processes.child import Child
from rapport_local.run.state import write_private
from rapport_local.system.system import System


class Running:
    """The system on its backing services, with the accounts that can sign in."""

    def __init__(self, system: System, backing: BackingServices, file: Path) -> None:
        self.system = system
        self.file = file
        self.accounts: list[dict[str, Any]] = [
            {"email": system.admin.email, "password": system.admin.password, "role": "ADMIN"}
        ]
        self._backing = backing

    @property
    def children(self) -> list[Child]:
        """Every process that is ours, those of the backing services too."""
        backing = self._backing
        return [*backing.database.children, *backing.broker.children, *self.system.processes.values()]

    def describe(self) -> None:
        """Write run.json, readable by its owner only; it is there once everything, sample data too, is."""
        write_private(
            self.file,
            {
                "gateway": self.system.gateway,
                "subgraphs": self.system.subgraphs,
                "accounts": self.accounts,
                "mongo": self._backing.mongo_url,
                "amqp": self._backing.amqp_url,
                "brokerApi": self._backing.broker.api_of(self._backing.amqp_url),
                "processes": [{"name": child.name, "pid": child.pid} for child in self.children],
            },
        )

    def forget(self) -> None:
        """Remove run.json: nothing runs any more."""
        self.file.unlink(missing_ok=True)
