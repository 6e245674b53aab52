"""`rapport import users` against a running API."""

from pathlib import Path

from cli.tests.commands import Rapport
from cli.tests.crm_server import CrmServer
from typer.testing import Result

STAFF = "externalId=StaffNo,name=Given+Surname,email=Mail,title=Job,manager=Boss"


def _import(rapport: Rapport, file: Path, *options: object) -> Result:
    return rapport("import", "users", file, "--mapping", STAFF, "--source-name", "shop", *options)


def test_staff_come_in_with_their_managers_whatever_the_order(rapport: Rapport, crm: CrmServer, data: Path) -> None:
    result = _import(rapport, data / "shop_staff.csv", "--role", "support")

    assert result.exit_code == 0, result.output
    assert "users: 3 rows: created 3, updated 0, unchanged 0, failed 0" in result.stdout
    users = {user["externalId"]: user for user in crm.store.records["user"]}
    assert users["shop:3"]["managerId"] == users["shop:2"]["id"]
    assert users["shop:2"]["managerId"] == users["shop:1"]["id"]
    assert (users["shop:3"]["name"], users["shop:3"]["title"], users["shop:3"]["role"]) == (
        "Jens Ødegård",
        "Seller",
        "SUPPORT",
    )


def test_a_second_import_leaves_staff_alone_and_tells_differences(rapport: Rapport, crm: CrmServer, data: Path) -> None:
    _import(rapport, data / "shop_staff.csv")
    same = _import(rapport, data / "shop_staff.csv")
    other = _import(rapport, data / "shop_staff.csv", "--role", "MANAGER")

    assert "created 0, updated 0, unchanged 3, failed 0" in same.stdout
    assert "(3 warnings)" in other.stdout
    assert "USER_DIFFERS: role differ" in other.stderr
    assert len(crm.store.records["user"]) == 4


def test_bad_staff_rows_are_named(rapport: Rapport, crm: CrmServer, tmp_path: Path) -> None:
    file = tmp_path / "staff.csv"
    file.write_text(
        "StaffNo,Surname,Given,Job,Boss,Mail\n1,A,A,,,admin@example.com\n2,B,B,,9,b@example.com\n3,C,C,,,none\n"
        "4,,,,,d@example.com\n5,E,E,,,e@example.com\n6,F,F,,2,f@example.com\n",
        encoding="utf-8",
    )

    result = _import(rapport, file)

    assert result.exit_code == 1
    assert "6 rows: created 1, updated 0, unchanged 0, failed 5" in result.stdout
    for line in (
        "row 2 [shop:1] Mail: EMAIL_TAKEN",
        "row 3 [shop:2] Boss: UNKNOWN_MANAGER",
        "row 4 [3] Mail: INVALID_EMAIL",
        "row 5 [4] Given+Surname: INVALID_NAME",
        "row 7 [shop:6] Boss: UNKNOWN_MANAGER",
    ):
        assert line in result.stderr
    assert len(crm.store.records["user"]) == 2


def test_a_dry_run_creates_nobody(rapport: Rapport, crm: CrmServer, data: Path) -> None:
    result = _import(rapport, data / "shop_staff.csv", "--dry-run")

    assert result.exit_code == 0, result.output
    assert "created 3" in result.stdout
    assert len(crm.store.records["user"]) == 1


def test_an_account_without_the_right_is_told(rapport: Rapport, crm: CrmServer, data: Path) -> None:
    crm.store.add_user({"email": "s@example.com", "name": "S", "role": "SALES", "password": "pw"})

    result = _import(rapport, data / "shop_staff.csv", "--email", "s@example.com", "--password", "pw")

    assert result.exit_code == 1
    assert "FORBIDDEN" in result.stderr
    assert "failed 3" in result.stdout
