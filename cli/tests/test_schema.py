"""`rapport schema` hands its arguments to the gateway, as they are."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rapport_cli.__main__ import app
from rapport_cli.commands import schema

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])\n'


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rapport_cli", "schema", *arguments], capture_output=True, text=True, check=False
    )


def test_check_answers_as_the_gateway_does(tmp_path: Path) -> None:
    (tmp_path / "now.graphql").write_text(LINK + "type Query { a: Int b: Int }")
    (tmp_path / "next.graphql").write_text(LINK + "type Query { a: Int }")
    given = f"--subgraph=one=http://one.test/graphql@{tmp_path / 'now.graphql'}"
    same = run("check", given)
    assert (same.returncode, same.stdout.splitlines()[-1]) == (0, "passed")
    other = run("check", given, f"--proposed=one={tmp_path / 'next.graphql'}")
    assert other.returncode == 1
    assert "FIELD_REMOVED" in other.stdout


def test_help_is_the_gateways() -> None:
    assert "--proposed" in run("check", "--help").stdout


def test_without_the_gateway_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "GATEWAY", "rapport_gateway_that_is_not_there")
    answer = CliRunner().invoke(app, ["schema", "check"])
    assert answer.exit_code == 2
