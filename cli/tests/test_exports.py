"""`rapport export customers` against a running API."""

import csv
import io
import json
from pathlib import Path

from aiohttp import web
from cli.tests.commands import Rapport
from cli.tests.crm_server import CrmServer

ADMIN = {"id": "usr_00001"}


def _fill(crm: CrmServer, count: int) -> None:
    for number in range(count):
        crm.store.add_customer({"kind": "PERSON", "name": f"顾客{number}", "externalId": f"e{number}"}, ADMIN)


def test_a_table_comes_part_by_part(rapport: Rapport, crm: CrmServer) -> None:
    _fill(crm, 5)
    result = rapport("export", "customers", "--batch", 2, "--columns", "id, name")
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO(result.stdout_bytes.decode(), newline="")))
    assert [list(row) for row in rows] == [["id", "name"]] * 5
    assert [row["name"] for row in rows] == [f"顾客{number}" for number in range(5)]
    assert result.stderr == "customers: 5 exported\n"
    assert crm.operations.count("ExportCustomers") == 3


def test_what_was_asked_goes_to_the_api(rapport: Rapport, crm: CrmServer, tmp_path: Path) -> None:
    _fill(crm, 3)
    asked = json.dumps({"externalId": {"in": ["e0", "e2"]}})
    file = tmp_path / "customers.ndjson"
    result = rapport("export", "customers", "--format", "ndjson", "--filter", asked, "--output", file)
    assert (result.exit_code, result.stdout) == (0, "")
    assert [json.loads(line)["externalId"] for line in file.read_text(encoding="utf-8").splitlines()] == ["e0", "e2"]


def test_half_a_table_is_no_file(rapport: Rapport, crm: CrmServer, tmp_path: Path) -> None:
    _fill(crm, 4)
    error = {"message": "No.", "extensions": {"code": "FORBIDDEN"}}

    def refuse(body: dict[str, object]) -> web.Response | None:
        second = crm.operations.count("ExportCustomers") == 2
        return web.json_response({"data": None, "errors": [error]}) if second else None

    crm.intercept = refuse
    result = rapport("export", "customers", "--batch", 2, "--output", tmp_path / "customers.csv")
    assert (result.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert result.stderr == "error FORBIDDEN: No.\n"


def test_bad_options_are_named(rapport: Rapport, crm: CrmServer, tmp_path: Path) -> None:
    unread = rapport("export", "customers", "--filter", "{stage")
    assert unread.exit_code == 2
    assert "error BAD_FILTER" in unread.stderr
    nowhere = rapport("export", "customers", "--output", tmp_path / "none" / "customers.csv")
    assert nowhere.exit_code == 2
    assert "error FILE_UNWRITABLE" in nowhere.stderr
    unknown = rapport("export", "customers", "--columns", "secret")
    assert unknown.exit_code == 2
    assert "error FORBIDDEN_FIELD" in unknown.stderr
