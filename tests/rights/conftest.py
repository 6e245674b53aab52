"""The world of the table, made once."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from rights_callers import Doors
from rights_world import World, make_world

from rapport_local.testing import RunningSystem


@pytest.fixture(scope="session")
async def doors(running_system: RunningSystem) -> AsyncIterator[Doors]:
    """The system's doors."""
    async with aiohttp.ClientSession() as http:
        yield Doors(running_system, http)


@pytest.fixture(scope="session")
async def world(doors: Doors) -> World:
    """The company."""
    return await make_world(doors)
