"""The example queries fit the schema of the whole CRM and its limits."""

from __future__ import annotations

from pathlib import Path

import pytest
from gateway.tests.crm import admitted

QUERIES = sorted((Path(__file__).parents[2] / "docs" / "examples" / "queries").glob("*.graphql"))


@pytest.mark.parametrize("file", QUERIES, ids=[file.stem for file in QUERIES])
def test_it_is_valid(file: Path) -> None:
    variables = {"email": "a@b.example", "password": "secret"} if file.stem == "sign-in" else {}
    assert admitted(file.read_text(encoding="utf-8"), variables)


def test_there_are_some() -> None:
    assert len(QUERIES) >= 5
