"""`rapport import customers` against a running API."""

import csv
from pathlib import Path

import pytest
from cli.tests.commands import Rapport
from cli.tests.crm_server import CrmServer
from typer.testing import Result

SHOP = (
    "externalId=No,name=Given+Surname,company=Company,phone=Phone,phoneRegion=Country,email=Email,"
    "owner=Rep,source='shop'"
)
STAFF = "externalId=StaffNo,name=Given+Surname,email=Mail,title=Job,manager=Boss"
BROKEN = "externalId=No,name=Name,phone=Phone,email=Email,owner=Rep"


@pytest.fixture
def staffed(rapport: Rapport, data: Path) -> Rapport:
    result = rapport("import", "users", data / "shop_staff.csv", "--mapping", STAFF, "--source-name", "shop")
    assert result.exit_code == 0, result.output
    return rapport


def _import(rapport: Rapport, file: Path, *options: object, mapping: str = SHOP) -> Result:
    return rapport("import", "customers", file, "--mapping", mapping, "--source-name", "shop", *options)


def _customer(crm: CrmServer, key: str) -> dict[str, object]:
    return next(customer for customer in crm.store.records["customer"] if customer["externalId"] == key)


def test_a_real_export_goes_in_whole(staffed: Rapport, crm: CrmServer, data: Path) -> None:
    result = _import(staffed, data / "shop_customers.csv")

    assert result.exit_code == 0, result.output
    assert "9 rows: created 9, updated 0, unchanged 0, failed 0" in result.stdout
    ministry = _customer(crm, "shop:12")
    assert ministry | {"phone": "+4533139111", "name": "Søren Åkesson", "kind": "PERSON"} == ministry
    assert ministry["tags"] == ["Nordlys, Møbler A/S"]
    assert ministry["source"] == "shop"
    owner = crm.store.find("user", str(ministry["ownerId"]))
    assert owner is not None
    assert owner["externalId"] == "shop:2"
    phones = {customer["externalId"]: customer["phone"] for customer in crm.store.records["customer"]}
    assert phones["shop:14"] is None
    assert phones["shop:15"] == "+442079460018"
    assert phones["shop:18"] == "+12125550147"
    assert phones["shop:19"] == "+420224372434"


def test_a_second_import_sends_nothing(staffed: Rapport, crm: CrmServer, data: Path) -> None:
    _import(staffed, data / "shop_customers.csv")
    crm.operations.clear()

    result = _import(staffed, data / "shop_customers.csv")

    assert "9 rows: created 0, updated 0, unchanged 9, failed 0" in result.stdout
    assert "Batch" not in crm.operations
    assert len(crm.store.records["customer"]) == 9


def test_only_what_differs_is_changed_and_empty_cells_say_nothing(
    staffed: Rapport, crm: CrmServer, data: Path, tmp_path: Path
) -> None:
    _import(staffed, data / "shop_customers.csv")
    _customer(crm, "shop:13")["email"] = "added.later@example.com"
    _customer(crm, "shop:12")["tags"] = ["nordlys, møbler a/s", "vip"]
    changed = tmp_path / "changed.csv"
    text = (data / "shop_customers.csv").read_text(encoding="utf-8")
    changed.write_text(text.replace("Zoé,Lemaître", "Zoé,Lemaître-Roux"), encoding="utf-8")

    result = _import(staffed, changed)

    assert "9 rows: created 0, updated 1, unchanged 8, failed 0" in result.stdout
    assert _customer(crm, "shop:11")["name"] == "Zoé Lemaître-Roux"
    assert _customer(crm, "shop:13")["email"] == "added.later@example.com"
    assert _customer(crm, "shop:12")["tags"] == ["nordlys, møbler a/s", "vip"]


@pytest.mark.parametrize(("kind", "companies"), [("company", 9), ("auto", 2), ("person", 0)])
def test_a_company_column_makes_companies_only_when_told(
    staffed: Rapport, crm: CrmServer, data: Path, kind: str, companies: int
) -> None:
    _import(staffed, data / "shop_customers.csv", "--kind", kind)

    assert sum(customer["kind"] == "COMPANY" for customer in crm.store.records["customer"]) == companies
    nordlys = _customer(crm, "shop:12")
    expected = ("Søren Åkesson", "Nordlys, Møbler A/S")
    assert (nordlys["name"], nordlys["tags"]) == (
        (expected[0], [expected[1]]) if kind == "person" else (expected[1], [expected[0]])
    )


def test_a_chinese_export_in_gb18030_with_a_mapping_file(
    rapport: Rapport, crm: CrmServer, data: Path, tmp_path: Path
) -> None:
    mapping = tmp_path / "kehu.toml"
    mapping.write_text(
        'source_name = "shop"\n[fields]\nexternalId = "编号"\nname = "姓+名"\ncompany = "公司"\nphone = "手机"\n'
        'stage = "阶段"\ntags = "标签"\n[values.stage]\n"潜在客户" = "LEAD"\n"成交客户" = "CUSTOMER"\n',
        encoding="utf-8",
    )

    result = _import(rapport, data / "kehu_gb18030.csv", "--kind", "auto", mapping=str(mapping))

    assert result.exit_code == 0, result.output
    customers = [
        [c[name] for name in ("name", "kind", "phone", "stage", "tags")] for c in crm.store.records["customer"]
    ]
    assert customers == [
        ["王芳", "PERSON", "+8613800138000", "LEAD", ["老客户", "高意向"]],
        ["苏州恒达精密有限公司", "COMPANY", "+8651262881234", "CUSTOMER", ["制造业", "李建国"]],
        ["欧阳娜娜", "PERSON", "+8613912345678", "LEAD", []],
    ]


def test_the_good_rows_of_a_broken_file_go_in_and_each_bad_one_is_named(
    staffed: Rapport, crm: CrmServer, data: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.csv"

    result = _import(staffed, data / "broken.csv", "--report", report, mapping=BROKEN)

    assert result.exit_code == 1
    assert "11 rows: created 2, updated 0, unchanged 0, failed 9" in result.stdout
    assert [customer["externalId"] for customer in crm.store.records["customer"]] == ["shop:1", "shop:9"]
    with report.open(encoding="utf-8-sig", newline="") as stream:
        found = {(int(line["row"]), line["code"], line["column"]) for line in csv.DictReader(stream)}
    assert found == {
        (3, "INVALID_PHONE", "Phone"),
        (4, "INVALID_EMAIL", "Email"),
        (5, "INVALID_NAME", "Name"),
        (6, "WRONG_COLUMN_COUNT", ""),
        (7, "UNKNOWN_OWNER", "Rep"),
        (8, "DUPLICATE_KEY", ""),
        (9, "BAD_ENCODING", "Name"),
        (10, "MISSING_KEY", ""),
        (11, "WRONG_COLUMN_COUNT", ""),
    }
    assert all(f"row {row}" in result.stderr and code in result.stderr for row, code, _ in found)


def test_lenient_leaves_out_refused_contacts_and_says_so(staffed: Rapport, crm: CrmServer, data: Path) -> None:
    first = _import(staffed, data / "broken.csv", "--lenient", mapping=BROKEN)
    second = _import(staffed, data / "broken.csv", "--lenient", mapping=BROKEN)

    assert "11 rows: created 4, updated 0, unchanged 0, failed 7 (2 warnings)" in first.stdout
    assert "11 rows: created 0, updated 0, unchanged 4, failed 7 (2 warnings)" in second.stdout
    assert "warning row 3 [shop:2] Phone: INVALID_PHONE: left out: 12: INVALID_PHONE" in first.stderr
    assert (_customer(crm, "shop:2")["phone"], _customer(crm, "shop:2")["email"]) == (None, "bad.phone@example.com")


def test_a_dry_run_changes_nothing_and_foresees_the_same(staffed: Rapport, crm: CrmServer, data: Path) -> None:
    result = _import(staffed, data / "broken.csv", "--dry-run", mapping=BROKEN)

    assert result.exit_code == 1
    assert "11 rows: created 2, updated 0, unchanged 0, failed 9" in result.stdout
    assert crm.store.records["customer"] == []


def test_a_deleted_customer_is_reported_and_stays_deleted(staffed: Rapport, crm: CrmServer, data: Path) -> None:
    _import(staffed, data / "shop_customers.csv")
    crm.store.delete_customer({"id": _customer(crm, "shop:16")["id"]})

    result = _import(staffed, data / "shop_customers.csv")

    assert result.exit_code == 1
    assert "9 rows: created 0, updated 0, unchanged 8, failed 1" in result.stdout
    assert "[shop:16] CUSTOMER_DELETED" in result.stderr
    assert len(crm.store.records["customer"]) == 9


def test_many_rows_take_few_requests(rapport: Rapport, crm: CrmServer, tmp_path: Path) -> None:
    file = tmp_path / "many.csv"
    file.write_text("No,Name\n" + "".join(f"{i},Customer {i}\n" for i in range(500)), encoding="utf-8")

    result = _import(rapport, file, "--batch", "100", mapping="externalId=No,name=Name")

    assert "500 rows: created 500," in result.stdout
    assert (crm.operations.count("CustomersByExternalId"), crm.operations.count("Batch")) == (5, 50)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["none.csv", "--mapping", "externalId=No"], "FILE_UNREADABLE"),
        (["{data}/shop_customers.csv", "--mapping", "externalId=Nope"], "BAD_MAPPING"),
        (["{data}/shop_customers.csv", "--mapping", "name=Given"], "BAD_MAPPING"),
        (["{data}/shop_customers.csv", "--mapping", SHOP, "--password", "wrong"], "SIGN_IN_REFUSED"),
        (["{data}/shop_customers.csv", "--mapping", SHOP, "--gateway", "http://127.0.0.1:9/graphql"], "TRANSPORT"),
        (["{data}/shop_customers.csv", "--mapping", SHOP, "--report", "/nowhere/report.csv"], "FILE_UNWRITABLE"),
    ],
)
def test_usage_and_transport_errors_end_with_code_two(
    rapport: Rapport, crm: CrmServer, data: Path, arguments: list[str], code: str
) -> None:
    result = rapport("import", "customers", *(argument.replace("{data}", str(data)) for argument in arguments))

    assert result.exit_code == 2
    assert f"error {code}" in result.stderr
    assert crm.store.records["customer"] == []


def test_a_missing_name_column_refuses_rows_rather_than_inventing_names(rapport: Rapport, data: Path) -> None:
    result = _import(rapport, data / "shop_customers.csv", mapping="externalId=No,phone=Phone")

    assert result.exit_code == 1
    assert "failed 9" in result.stdout
