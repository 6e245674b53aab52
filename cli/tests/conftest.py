"""A running API for the command line, and the command itself with the account already chosen."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

sys.path.insert(0, str(Path(__file__).parents[2]))

from cli.tests.commands import Rapport
from cli.tests.crm_server import ADMIN, CrmServer, start

from rapport_cli.__main__ import app


@pytest.fixture
def crm() -> Iterator[CrmServer]:
    """A server in a thread of its own: commands run their own event loop."""
    server, loop = CrmServer(), asyncio.new_event_loop()
    stop = loop.run_until_complete(start(server))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield server
    asyncio.run_coroutine_threadsafe(stop(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def rapport(crm: CrmServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Rapport:
    """Runs `rapport …` against the server as its ADMIN."""
    monkeypatch.setenv("RAPPORT_GATEWAY_URL", crm.url)
    monkeypatch.setenv("RAPPORT_EMAIL", ADMIN["email"])
    monkeypatch.setenv("RAPPORT_PASSWORD", ADMIN["password"])
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()

    def run(*arguments: object, input: str | None = None) -> Result:
        return runner.invoke(app, [str(argument) for argument in arguments], input=input)

    return run


@pytest.fixture
def data() -> Path:
    """The folder with the example exports."""
    return Path(__file__).parent / "data"
