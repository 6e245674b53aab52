"""Client libraries of npm against a running gateway."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
from node_packages import node_modules

_PACKAGES = ("graphql@16.15.0", "graphql-http@1.23.1", "graphql-sse@2.6.1", "graphql-ws@6.4.2", "ws@8.23.0")
_SCRIPT = Path(__file__).with_name("clients.mjs")


async def run_client(scratch: Path, kind: str, url: str, **options: Any) -> list[dict[str, Any]]:
    """What `clients.mjs` prints; Node finds packages beside the script, so it is run from a folder that has them."""
    script = scratch / _SCRIPT.name
    if not script.exists():
        (scratch / "node_modules").symlink_to(node_modules(*_PACKAGES))
        script.write_bytes(_SCRIPT.read_bytes())
    process = await asyncio.create_subprocess_exec(
        "node", str(script), kind, url, orjson.dumps(options).decode(), stdout=asyncio.subprocess.PIPE
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0
    return [orjson.loads(line) for line in out.splitlines()]
