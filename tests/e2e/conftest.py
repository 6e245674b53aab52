"""Everybody signed in, for the tests of the whole system."""

import pytest
from staff import Staff, sign_in

from rapport_local.testing.running import RunningSystem


@pytest.fixture(scope="module")
async def staff(running_system: RunningSystem) -> dict[str, Staff]:
    """Everybody, by the short name of the account; signed in anew for each file, for tokens end after ten minutes."""
    return {name: await sign_in(running_system.gateway, account) for name, account in running_system.accounts.items()}


@pytest.fixture
def admin(staff: dict[str, Staff]) -> Staff:
    return staff["admin"]


@pytest.fixture
def seller(staff: dict[str, Staff]) -> Staff:
    return staff["sales"]


@pytest.fixture
def other_seller(staff: dict[str, Staff]) -> Staff:
    return staff["sales2"]


@pytest.fixture
def support(staff: dict[str, Staff]) -> Staff:
    return staff["support"]
