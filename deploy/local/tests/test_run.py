"""`make run` as the user sees it: it says what it does, describes itself in run.json, and leaves nothing behind."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rapport_local.backing import BackingServices
from rapport_local.ports import free_ports, is_open
from rapport_local.system.table import port_setting

_SECONDS = 60


class _Run:
    """`python -m rapport_local run` with a state directory of its own, on given backing services and stand-ins."""

    def __init__(self, state: Path, env: dict[str, str]) -> None:
        self.state = state
        self.output = state.with_suffix(".output")
        with self.output.open("ab") as output:
            command = [sys.executable, "-m", "rapport_local", "run"]
            self.process = subprocess.Popen(command, env=env, stdout=output, stderr=output, stdin=subprocess.DEVNULL)

    @property
    def description(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.state / "run.json").read_text())
        return content

    @property
    def pids(self) -> dict[str, int]:
        return {each["name"]: each["pid"] for each in self.description["processes"]}

    @property
    def said(self) -> str:
        return self.output.read_text()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _SECONDS
        while not condition():
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.05)

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(_SECONDS)


@pytest.fixture
def env(tmp_path: Path, stand_ins: Any, ports: dict[str, int], backing: BackingServices) -> dict[str, str]:
    chosen = {port_setting(name): str(port) for name, port in ports.items()}
    given = {"RAPPORT_MONGO_URL": backing.mongo_url, "RAPPORT_AMQP_URL": backing.amqp_url}
    return {**stand_ins.env, **chosen, **given, "RAPPORT_SAMPLE_DATA": "0", "RAPPORT_STATE": str(tmp_path / "state")}


@pytest.fixture
def start(tmp_path: Path, env: dict[str, str]) -> Iterator[Callable[..., _Run]]:
    runs: list[_Run] = []

    def started(**changed: str) -> _Run:
        runs.append(_Run(tmp_path / "state", env | changed))
        return runs[-1]

    yield started
    for run in runs:
        if run.process.poll() is None:
            run.end(signal.SIGTERM)


def _is_running(run: _Run) -> bool:
    return "Rapport runs:" in run.said


def test_run_describes_itself_and_ends_without_a_trace(
    start: Callable[..., _Run], ports: dict[str, int], stand_ins: Any
) -> None:
    run = start()
    run.wait_until(lambda: _is_running(run))
    described = run.description
    assert described["gateway"] == f"http://127.0.0.1:{ports['gateway']}/graphql"
    assert described["subgraphs"]["tasks"] == f"http://127.0.0.1:{ports['tasks-api']}/graphql"
    assert [account["role"] for account in described["accounts"]] == ["ADMIN"]
    assert stat.S_IMODE((run.state / "run.json").stat().st_mode) == 0o600
    assert set(run.pids) == set(ports)

    pids = run.pids
    assert run.end(signal.SIGTERM) == 0
    assert stand_ins.ended()[0] == "gateway"
    assert not any(_exists(pid) for pid in pids.values())
    assert not (run.state / "run.json").exists()


def test_second_run_keeps_the_password(start: Callable[..., _Run]) -> None:
    first = start()
    first.wait_until(lambda: _is_running(first))
    accounts = first.description["accounts"]
    first.end(signal.SIGINT)
    second = start()
    second.wait_until((second.state / "run.json").exists)
    assert second.description["accounts"] == accounts


def test_crashed_process_is_told_and_started_again(start: Callable[..., _Run]) -> None:
    run = start()
    run.wait_until(lambda: _is_running(run))
    before = run.pids["customers-api"]
    os.kill(before, signal.SIGKILL)
    run.wait_until(lambda: run.pids["customers-api"] != before)
    assert "customers-api was ended by SIGKILL" in run.said


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_nothing_outlives_a_killed_run(start: Callable[..., _Run], ports: dict[str, int]) -> None:
    run = start()
    run.wait_until(lambda: _is_running(run))
    run.end(signal.SIGKILL)
    deadline = time.monotonic() + _SECONDS
    while any(is_open(port) for port in ports.values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_two_runs_from_one_directory_are_refused(start: Callable[..., _Run]) -> None:
    first = start()
    first.wait_until(lambda: _is_running(first))
    second = start()
    assert second.process.wait(_SECONDS) == 1
    assert "Rapport is running already" in second.said


def test_taken_port_is_one_clear_line_and_nothing_starts(start: Callable[..., _Run], ports: dict[str, int]) -> None:
    with socket.create_server(("127.0.0.1", ports["tasks-worker"])):
        run = start()
        assert run.process.wait(_SECONDS) == 1
    port = ports["tasks-worker"]
    advice = "end what listens there, or choose another with RAPPORT_TASKS_WORKER_PORT"
    assert run.said.splitlines() == [f"✗ port {port} (tasks-worker) is taken: {advice}"]


@pytest.mark.parametrize(
    ("setting", "server", "scheme"),
    [
        ("RAPPORT_MONGO_URL", "MongoDB", "mongodb"),
        ("RAPPORT_AMQP_URL", "RabbitMQ", "amqp"),
    ],
)
def test_refused_connection_is_one_clear_line(
    start: Callable[..., _Run], setting: str, server: str, scheme: str
) -> None:
    [port] = free_ports(1)
    run = start(**{setting: f"{scheme}://someone:secret@127.0.0.1:{port}/"})
    assert run.process.wait(_SECONDS) == 1
    last = run.said.splitlines()[-1]
    assert last == f"✗ {server} at {scheme}://someone:***@127.0.0.1:{port}/ ({setting}): nothing answers there"


def test_failed_start_leaves_nothing_running(start: Callable[..., _Run], stand_ins: Any, ports: dict[str, int]) -> None:
    stand_ins.fail("interactions-worker", "no such queue")
    run = start()
    assert run.process.wait(_SECONDS) == 1
    assert "✗ interactions-worker ended while starting: no such queue" in run.said
    assert not any(is_open(port) for port in ports.values())


def test_nonsense_setting_is_one_clear_line(start: Callable[..., _Run]) -> None:
    run = start(RAPPORT_GATEWAY_PORT="graphql")
    assert run.process.wait(_SECONDS) == 1
    assert run.said.splitlines() == ["✗ RAPPORT_GATEWAY_PORT=graphql is not a port number"]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
