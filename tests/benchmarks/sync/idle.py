"""What a system that has nothing to do asks of its database."""

import asyncio
from collections import Counter

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from rapport_local.testing import RunningSystem

CALM_SECONDS, WATCHED_SECONDS = 30, 20
MENTIONED = 6


async def measure_idle(system: RunningSystem) -> None:
    """Print the commands a second, and who asks most."""
    await asyncio.sleep(CALM_SECONDS)
    before = await _commands(system)
    await asyncio.sleep(WATCHED_SECONDS)
    asked = await _commands(system) - before
    rates = ", ".join(f"{name} {count / WATCHED_SECONDS:.1f}" for name, count in asked.most_common(MENTIONED))
    print(f"idle: {asked.total() / WATCHED_SECONDS:.1f} database commands a second ({rates})", flush=True)


async def _commands(system: RunningSystem) -> Counter[str]:
    """By collection, of all processes."""
    found: Counter[str] = Counter()
    async with aiohttp.ClientSession() as http:
        for name in system.processes:
            url = system.system.specs[name].ready_url
            async with http.get(url.replace("/ready", "/metrics")) as response:
                for family in text_string_to_metric_families(await response.text()):
                    for sample in family.samples:
                        if sample.name == "rapport_mongo_commands_total":
                            found[sample.labels["collection"]] += int(sample.value)
    return found
