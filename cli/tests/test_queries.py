"""`rapport whoami`, `rapport query`, and where settings come from."""

import json
from pathlib import Path

import pytest
from cli.tests.commands import Rapport
from cli.tests.crm_server import ADMIN, CrmServer

from rapport_cli.errors import CliError
from rapport_cli.settings import Credentials, resolve_connection

RUN = {
    "gateway": "http://127.0.0.1:4000/graphql",
    "accounts": [
        {"email": "s@example.com", "password": "s-pw", "role": "SALES"},
        {"email": "a@example.com", "password": "a-pw", "role": "ADMIN"},
    ],
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".rapport").mkdir()
    (tmp_path / ".rapport" / "run.json").write_text(json.dumps(RUN), encoding="utf-8")
    (tmp_path / "deep" / "down").mkdir(parents=True)
    return tmp_path


def test_whoami_names_the_account(rapport: Rapport) -> None:
    result = rapport("whoami")

    assert result.exit_code == 0, result.output
    assert f"Admin <{ADMIN['email']}> ADMIN usr_" in result.stdout


def test_whoami_works_without_options_beside_a_running_system(
    rapport: Rapport, crm: CrmServer, monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    for name in ("RAPPORT_GATEWAY_URL", "RAPPORT_EMAIL", "RAPPORT_PASSWORD"):
        monkeypatch.delenv(name)
    run = {"gateway": crm.url, "accounts": [ADMIN]}
    (project / ".rapport" / "run.json").write_text(json.dumps(run), encoding="utf-8")
    monkeypatch.chdir(project / "deep" / "down")

    assert rapport("whoami").exit_code == 0


def test_query_prints_the_answer(rapport: Rapport, tmp_path: Path) -> None:
    document = tmp_path / "me.graphql"
    document.write_text("query($id: IdFilter) { users(filter: {id: $id}) { nodes { email } } }", encoding="utf-8")

    result = rapport("query", document, "--variables", '{"id": {"eq": "usr_00001"}}')

    assert json.loads(result.stdout) == {"data": {"users": {"nodes": [{"email": ADMIN["email"]}]}}}


def test_query_reads_standard_input_and_fails_on_errors(rapport: Rapport) -> None:
    result = rapport("query", "-", input="query Q { nothing }")

    assert result.exit_code == 1
    assert "Cannot query field 'nothing'" in json.loads(result.stdout)["errors"][0]["message"]


@pytest.mark.parametrize("variables", ["[]", "{"])
def test_query_refuses_broken_variables(rapport: Rapport, variables: str) -> None:
    result = rapport("query", "-", "--variables", variables, input="query Q { me { id } }")

    assert result.exit_code == 2
    assert "BAD_VARIABLES" in result.stderr


def test_the_run_file_is_found_upwards_and_gives_the_admin(project: Path) -> None:
    connection = resolve_connection(None, None, None, start=project / "deep" / "down")

    assert (connection.gateway, connection.credentials) == (RUN["gateway"], Credentials("a@example.com", "a-pw"))
    assert "a-pw" not in repr(connection)


def test_options_win_over_the_run_file(project: Path) -> None:
    connection = resolve_connection("http://else/graphql", "s@example.com", None, start=project)

    assert (connection.gateway, connection.credentials.password) == ("http://else/graphql", "s-pw")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((None, "a@x", "pw"), "NO_GATEWAY"),
        (("http://g", None, None), "NO_ACCOUNT"),
        (("http://g", "a@x", None), "NO_ACCOUNT"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, arguments: tuple[str | None, ...], code: str) -> None:
    with pytest.raises(CliError) as refusal:
        resolve_connection(*arguments, start=tmp_path)

    assert refusal.value.code == code


def test_a_broken_run_file_is_named(project: Path) -> None:
    (project / ".rapport" / "run.json").write_text("{", encoding="utf-8")

    with pytest.raises(CliError) as refusal:
        resolve_connection(None, None, None, start=project)

    assert refusal.value.code == "BAD_RUN_FILE"
