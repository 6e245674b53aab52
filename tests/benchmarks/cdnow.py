"""Real purchases as customers and orders: CDNOW's first customers of 1997, checked against the file itself.

    python tests/benchmarks/cdnow.py [--customers N]

The data (69,659 orders of 23,570 customers) are in the package ``lifetimes`` (MIT), which pip downloads and nothing
installs. The customers go in by an import, their orders in batches, both through the service's API in this process, on
the database that ``RAPPORT_MONGO_URL`` names or on the embedded one. Then every customer's number of orders, spend,
first and last order and days between orders must be what the file says.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1] / "helpers")]

from subgraph_client import SubgraphClient  # noqa: E402  (a script finds the tests' helpers only now)
from tests.benchmarks.customers import ADMIN, ROWS_AT_ONCE, api, database  # noqa: E402

from rapport_customers.app import INDEXES  # noqa: E402
from rapport_customers.orders.model import MAX_BATCH  # noqa: E402
from rapport_local.backing.given import MONGO_SETTING  # noqa: E402
from rapport_shared.ids import new_id  # noqa: E402
from rapport_shared.mongo import connect, create_indexes  # noqa: E402
from rapport_shared.persistence import BOOKKEEPING_INDEXES  # noqa: E402

PACKAGE, MASTER = "lifetimes==0.11.3", "lifetimes/datasets/CDNOW_master.txt"
CURRENCY: Final = "USD"
Purchase = tuple[datetime, Decimal]
AT_ONCE: Final = 100
SUMS = """query($numbers: [String!]!) { customers(first: 100, filter: {externalId: {in: $numbers}}) {
  nodes { externalId orderCount spend { amount currency } firstOrderAt lastOrderAt daysBetweenOrders } } }"""


def main() -> None:
    """Import, compare, tell."""
    parser = argparse.ArgumentParser(description="Import CDNOW's customers and orders.")
    parser.add_argument("--customers", type=int, default=300, help="the first so many; 0: all (%(default)s)")
    wanted = parser.parse_args().customers
    with tempfile.TemporaryDirectory() as folder:
        known = purchases(Path(folder))
        some = dict(sorted(known.items())[: wanted or None])
        with database(Path(folder)) as url:
            asyncio.run(run(url, some))


def purchases(folder: Path) -> dict[str, list[Purchase]]:
    """By customer, the earliest first."""
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), PACKAGE]
    subprocess.run(download, check=True)
    [wheel] = folder.glob("*.whl")
    found: dict[str, list[Purchase]] = defaultdict(list)
    for line in zipfile.ZipFile(wheel).read(MASTER).decode().splitlines()[1:]:
        customer, day, _, dollars = line.split()
        found[customer].append(
            (datetime.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:]}T00:00:00+00:00"), Decimal(dollars))
        )
    return {customer: sorted(each) for customer, each in found.items()}


async def run(url: str, known: dict[str, list[Purchase]]) -> None:
    """In a database of its own."""
    mongo = connect(url, new_id("cdnow"))
    try:
        await create_indexes(mongo.database, (*BOOKKEEPING_INDEXES, *INDEXES))
        client, began = api(mongo, url), time.perf_counter()
        ids = await customers(client, list(known))
        between = time.perf_counter()
        orders = [
            (ids[customer], customer, number, *each) for customer, of in known.items() for number, each in enumerate(of)
        ]
        for first in range(0, len(orders), MAX_BATCH):
            await buy(client, [order(*each) for each in orders[first : first + MAX_BATCH]])
        ended = time.perf_counter()
        rates = len(known) / (between - began), len(orders) / (ended - between)
        print(
            f"{len(known):,} customers at {rates[0]:.0f} a second, {len(orders):,} orders at {rates[1]:.0f} a second."
        )
        wrong = compare(await stored(client, list(known)), {customer: facts(of) for customer, of in known.items()})
        if wrong:
            raise SystemExit(f"{len(wrong)} customers are not as the file says: {wrong[:3]}")
        print("Every customer's orders, spend, first and last order and days between orders are as the file says.")
    finally:
        if os.environ.get(MONGO_SETTING):  # the embedded one goes with its folder
            await mongo.client.drop_database(mongo.database.name)
        await mongo.close()


async def customers(client: SubgraphClient, numbers: list[str]) -> dict[str, str]:
    """Their ids by their numbers in the file."""
    mapping = [{"field": "externalId", "columns": ["no"]}, {"field": "name", "columns": ["name"]}]
    given = {"name": "CDNOW", "columns": ["no", "name"], "mapping": mapping}
    made = await client.mutate("createCustomerImport", "customerImport { id }", given, by=ADMIN)
    selection = "customerImport { created rows(outcome: CREATED, first: 100, after: %d) { row customerId } }"
    ids: dict[str, str] = {}
    for first in range(0, len(numbers), ROWS_AT_ONCE):
        some = numbers[first : first + ROWS_AT_ONCE]
        batch = {
            "importId": made["customerImport"]["id"],
            "firstRow": first + 1,
            "rows": [[no, f"CDNOW {no}"] for no in some],
        }
        taken = (await client.mutate("addCustomerImportRows", selection % first, batch, by=ADMIN))["customerImport"]
        ids |= {numbers[each["row"] - 1]: each["customerId"] for each in taken["rows"]}
    if ids.keys() != set(numbers):
        raise SystemExit("not every row became a customer")
    return ids


def order(about: str, customer: str, number: int, at: datetime, paid: Decimal) -> dict[str, Any]:
    """One without lines: the file says what was paid and not for what."""
    total = {"amount": str(paid), "currency": CURRENCY}
    return {"customerId": about, "number": f"{customer}-{number}", "orderedAt": at.isoformat(), "total": total}


async def buy(client: SubgraphClient, orders: list[dict[str, Any]]) -> None:
    """A batch of orders, as a shop would send them."""
    selection = "results { outcome userErrors { code path } }"
    answer = await client.mutate("upsertOrders", selection, {"orders": orders}, by=ADMIN)
    refused = [each for each in answer["results"] if each["outcome"] != "CREATED"] or answer["userErrors"]
    if refused:
        raise SystemExit(f"orders were refused: {refused[:3]}")


def facts(of: list[Purchase]) -> dict[str, Any]:
    """What the file says of a customer."""
    first, last = of[0][0], of[-1][0]
    return {
        "orderCount": len(of),
        "spend": sum((paid for _, paid in of), Decimal(0)),
        "firstOrderAt": first,
        "lastOrderAt": last,
        "daysBetweenOrders": (last - first).days // (len(of) - 1) if len(of) > 1 else None,
    }


async def stored(client: SubgraphClient, numbers: list[str]) -> dict[str, dict[str, Any]]:
    """What the service says of every customer, some at a time, by their numbers in the file."""
    found: dict[str, dict[str, Any]] = {}
    for first in range(0, len(numbers), AT_ONCE):
        some = {"numbers": numbers[first : first + AT_ONCE]}
        page = (await client.query(SUMS, some, by=ADMIN)).data["customers"]
        found |= {node.pop("externalId"): read(node) for node in page["nodes"]}
    return found


def read(node: dict[str, Any]) -> dict[str, Any]:
    """In the form of ``facts``."""
    times = {name: datetime.fromisoformat(node[name]) for name in ("firstOrderAt", "lastOrderAt")}
    [spend] = node["spend"]
    return {**node, **times, "spend": Decimal(spend["amount"])}


def compare(found: dict[str, Any], expected: dict[str, Any]) -> list[Any]:
    """Who differs, with both."""
    return [
        (key, found.get(key), expected.get(key))
        for key in sorted(found.keys() | expected.keys())
        if found.get(key) != expected.get(key)
    ]


if __name__ == "__main__":
    main()
