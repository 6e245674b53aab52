"""The gateways that are compared: how each is had, and started. Of the others nothing is used but to measure them."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.gateway.scenario import SUBGRAPHS

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.supergraph.composition import SubgraphSource

HOME = Path(__file__).resolve().parents[3] / ".rapport" / "benchmarks"
_PEERS = HOME / "peers"
_LINK = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.3",
  import: ["@key", "@external", "@requires", "@provides", "@shareable"])
"""
_NODE = f"node-linux-{'arm64' if platform.machine() == 'aarch64' else 'x64'}"
_GRAFBASE = f"@grafbase/cli-{platform.machine()}-unknown-linux-musl"
_PACKAGES = {
    "@apollo/gateway": "2.14.4",
    "@apollo/server": "5.5.1",
    _GRAFBASE: "0.103.0",
    "@graphql-hive/gateway": "2.15.1",
    "@graphql-hive/router-runtime": "1.4.23",
    "graphql": "16.14.0",
    _NODE: "24.20.0",
}
_OVERRIDES = {"graphql": "16.14.0", "@graphql-tools/batch-execute": "10.2.0"}  # one GraphQL; a release that exists


class Unavailable(Exception):
    """Something that is needed cannot be had here; the message says what to install."""


@dataclass(frozen=True)
class Gateway:
    """`dedupes`: one answer of a subgraph serves all identical requests that wait for it."""

    name: str
    title: str
    dedupes: bool
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = HOME


def build_stub() -> None:
    """The stub, from its source; what measuring needs is there. Raises Unavailable."""
    for program, package in (("wrk", "wrk"), ("cc", "gcc libc6-dev"), ("taskset", "util-linux")):
        _find(program, package)
    HOME.mkdir(parents=True, exist_ok=True)
    source = Path(__file__).with_name("stub.c")
    subprocess.run(["cc", "-O2", "-o", str(HOME / "stub"), str(source)], check=True)


def _find(program: str, package: str) -> None:
    if shutil.which(program) is None:
        raise Unavailable(f"{program} is needed: apt-get install {package}")


def install() -> None:
    """The peers from npm, and the stub; nothing is done when they are there. Raises Unavailable."""
    build_stub()
    _find("npm", "npm")
    _PEERS.mkdir(exist_ok=True)
    manifest = _PEERS / "package.json"
    wanted = json.dumps({"private": True, "dependencies": _PACKAGES, "overrides": _OVERRIDES}, indent=2)
    if manifest.is_file() and manifest.read_text(encoding="utf-8") == wanted:
        return
    manifest.write_text(wanted, encoding="utf-8")
    arguments = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(arguments, cwd=_PEERS, capture_output=True, text=True, check=False)
    if done.returncode:
        manifest.unlink()
        raise Unavailable(f"npm install failed: {done.stderr.strip()[-500:]}")


def gateways(subgraph_port: int, ports: Mapping[str, int]) -> list[Gateway]:
    """All of them, in front of the subgraphs on one port; each on the port that `ports` gives it by name."""
    supergraph = str(written_supergraph(subgraph_port))
    hive = _hive(supergraph, ports["hive"])
    return [
        rapport("rapport", supergraph, ports["rapport"], dedupes=False),
        rapport("rapport-dedupe", supergraph, ports["rapport-dedupe"], dedupes=True),
        Gateway(
            "apollo",
            "Apollo Gateway 2.14 (Node.js)",
            False,
            (_node(), str(Path(__file__).with_name("apollo.mjs")), supergraph, str(ports["apollo"])),
            {"NODE_ENV": "production"},
            _PEERS,
        ),
        Gateway(
            "hive",
            "Hive Gateway 2.15 (Node.js, Rust planner)",
            False,
            (*hive, "--config-path", str(_hive_config())),
            {"NODE_ENV": "production"},
            _PEERS,
        ),
        Gateway(
            "hive-dedupe",
            "Hive Gateway 2.15 (Node.js, Rust planner)",
            True,
            _hive(supergraph, ports["hive-dedupe"]),
            {"NODE_ENV": "production"},
            _PEERS,
        ),
        _grafbase("grafbase", subgraph_port, ports["grafbase"], dedupes=False),
        _grafbase("grafbase-dedupe", subgraph_port, ports["grafbase-dedupe"], dedupes=True),
    ]


NAMES = ("rapport", "rapport-dedupe", "apollo", "hive", "hive-dedupe", "grafbase", "grafbase-dedupe")


def written_supergraph(port: int) -> Path:
    """The supergraph of the subgraphs on that port."""
    sources = [
        SubgraphSource(name, f"http://127.0.0.1:{port}/{name}", _LINK + subgraph.sdl)
        for name, subgraph in SUBGRAPHS.items()
    ]
    file = HOME / "supergraph.graphql"
    file.write_text(compose_supergraph(sources), encoding="utf-8")
    return file


def rapport(name: str, supergraph: str, port: int, *, dedupes: bool) -> Gateway:
    """The gateway of this repository."""
    command = (sys.executable, "-m", "rapport_gateway", "serve", "--supergraph", supergraph, "--port", str(port))
    environment = {
        f"RAPPORT_GATEWAY_{name}": "true" if dedupes else "false" for name in ("SHARE_QUERIES", "SHARE_OPERATIONS")
    }
    return Gateway(name, "Rapport (Python)", dedupes, command, environment)


def _hive(supergraph: str, port: int) -> tuple[str, ...]:
    program = str(_PEERS / "node_modules/@graphql-hive/gateway/dist/bin.js")
    options = ("--host", "127.0.0.1", "--port", str(port), "--fork", "1", "--hive-router-runtime")
    return (_node(), program, "supergraph", supergraph, *options)


def _hive_config() -> Path:
    options = {"transportEntries": {"*.http": {"options": {"deduplicateInflightRequests": False}}}}
    file = _PEERS / "hive-without-dedupe.mjs"
    file.write_text(f"export const gatewayConfig = {json.dumps(options)};\n", encoding="utf-8")
    return file


def _grafbase(name: str, subgraph_port: int, port: int, *, dedupes: bool) -> Gateway:
    """It composes the subgraphs itself."""
    folder = HOME / name
    folder.mkdir(exist_ok=True)
    lines = ["[traffic_shaping]", f"inflight_deduplication = {json.dumps(dedupes)}"]
    for subgraph, definition in SUBGRAPHS.items():
        (folder / f"{subgraph}.graphql").write_text(_LINK + definition.sdl, encoding="utf-8")
        lines += [
            f"[subgraphs.{subgraph}]",
            f'url = "http://127.0.0.1:{subgraph_port}/{subgraph}"',
            f'schema_path = "{subgraph}.graphql"',
        ]
    (folder / "grafbase.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    program = str(_PEERS / "node_modules" / _GRAFBASE / "grafbase")
    command = (program, "dev", "--config", "grafbase.toml", "--listen-address", f"127.0.0.1:{port}")
    environment = {"GRAFBASE_TELEMETRY_DISABLED": "1"}
    return Gateway(name, "Grafbase 0.103 (Rust)", dedupes, command, environment, folder)


def _node() -> str:
    return str(_PEERS / "node_modules" / _NODE / "bin" / "node")
