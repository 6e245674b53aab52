"""Lists, searches, segment previews and imports of many customers, beside the bare driver on the same database.

    python tests/benchmarks/customers.py [--customers N] [--calls N] [--rows N]

Builds the customers (1,000,000 on the database that ``RAPPORT_MONGO_URL`` names, else fewer on the embedded one), then
asks the service's API in this process, and pymongo for the same records by the same condition, in turns, and prints a
table. Everything is in databases of its own, which are gone at the end.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pymongo
from pymongo import AsyncMongoClient
from pymongo.database import Database

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "helpers")]

from subgraph_client import SubgraphClient, TestIssuer  # noqa: E402  (a script finds the tests' helpers only now)

from rapport_customers.app import INDEXES, context_maker, pipeline_service  # noqa: E402
from rapport_customers.customers.inputs import condition  # noqa: E402
from rapport_customers.customers.model import Customer, CustomerKind, CustomerStage  # noqa: E402
from rapport_customers.customers.repository import CustomerRepository  # noqa: E402
from rapport_customers.customers.search import best_first  # noqa: E402
from rapport_customers.schema import build_schema  # noqa: E402
from rapport_customers.settings import Settings  # noqa: E402
from rapport_local.backing.find import find  # noqa: E402
from rapport_local.backing.given import MONGO_SETTING  # noqa: E402
from rapport_local.backing.model import Place  # noqa: E402
from rapport_local.ports import free_ports  # noqa: E402
from rapport_shared.access import Directory  # noqa: E402
from rapport_shared.actor import Actor  # noqa: E402
from rapport_shared.ids import new_id  # noqa: E402
from rapport_shared.messaging import ChangeFeed  # noqa: E402
from rapport_shared.mongo import Mongo, Order, PageRequest, create_indexes, every  # noqa: E402
from rapport_shared.mongo.client import READ_CONCERN, WRITE_CONCERN  # noqa: E402
from rapport_shared.mongo.paging import RANK  # noqa: E402
from rapport_shared.persistence import BOOKKEEPING_INDEXES  # noqa: E402
from rapport_shared.service import api_app  # noqa: E402

ADMIN: Final = Actor("usr_bench", "ADMIN", "ses_bench")
AT_ONCE: Final = 500
ROWS_AT_ONCE: Final = 50
TELL_EVERY: Final = 10_000
PATIENCE_MS: Final = 300_000
BEGAN: Final = datetime(2020, 1, 1, tzinfo=UTC)
SURNAMES, GIVEN = "王李张刘陈杨黄赵吴周徐孙马朱胡", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"
STAGES: Final = tuple(CustomerStage)
PAGE = "nodes { id name phone email stage tags orderCount createdAt } pageInfo { endCursor hasNextPage }"
LIST = f"query($search: String) {{ customers(first: 20, search: $search) {{ {PAGE} }} }}"
PREVIEW = f"query($rule: CustomerRuleInput!) {{ segmentPreview(rule: $rule, first: 20) {{ {PAGE} }} }}"
COLUMNS: Final = ["no", "name", "phone", "mail"]
FIELDS: Final = ["externalId", "name", "phone", "email"]
CUSTOMERS: Final = [index for index in INDEXES if index.collection == "customers"]


@dataclass(frozen=True)
class Desk:
    """The service, and the bare driver on its database; ``second`` is an empty database for the bare driver."""

    mongo: Mongo
    client: SubgraphClient
    bare: Database[dict[str, Any]]
    second: Database[dict[str, Any]]


@dataclass(frozen=True)
class Reading:
    """The same records by the API and by the bare driver."""

    name: str
    query: str
    variables: dict[str, Any]
    conditions: list[dict[str, Any]]
    """One after the other, until the page is full."""


def main() -> None:
    """Build, measure, print, drop."""
    asked = arguments()
    with tempfile.TemporaryDirectory() as folder, database(Path(folder)) as url:
        asyncio.run(measured(url, asked))


def arguments() -> argparse.Namespace:
    """As given, or as fits the database."""
    parser = argparse.ArgumentParser(description="Measure customers beside the bare driver.")
    usual = 1_000_000 if os.environ.get(MONGO_SETTING) else 20_000
    parser.add_argument("--customers", type=int, default=usual, help="how many there are (%(default)s)")
    parser.add_argument("--calls", type=int, default=100, help="of each query (%(default)s)")
    parser.add_argument("--rows", type=int, default=500, help="of the import (%(default)s)")
    return parser.parse_args()


@contextmanager
def database(folder: Path) -> Iterator[str]:
    """The address of the given database, or of one that is started here and ended at the end."""
    mongo, amqp, distribution, epmd = free_ports(4)
    place = Place(folder, folder / "logs", mongo, amqp, distribution, epmd, vhost="bench")
    place.logs.mkdir()
    found = find(place, env=os.environ, tell=lambda _: None, throw_away=True).database
    print(f"On {found.how}.", flush=True)
    try:
        found.launch()
        found.wait_ready()
        yield found.url
    finally:
        found.stop()


async def measured(url: str, asked: argparse.Namespace) -> None:
    """One table."""
    mongo = patient(url, new_id("bench"))
    driver: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(url, tz_aware=True, connectTimeoutMS=PATIENCE_MS)
    names = (mongo.database.name, f"{mongo.database.name}_bare")
    desk = Desk(mongo, api(mongo, url), driver[names[0]], driver[names[1]])
    try:
        build(desk, asked.customers)
        await pipeline_service(mongo).ensure_standard()
        print(f"\n| {asked.customers:,} customers | Rapport p50, p95 | bare driver p50, p95 | p50 as a multiple |")
        print("| --- | --- | --- | --- |")
        for reading in readings():
            await read(desk, reading, asked.calls)
        await imported(desk, asked)
    finally:
        for name in names if os.environ.get(MONGO_SETTING) else ():  # the embedded one goes with its folder
            driver.drop_database(name)
        driver.close()
        await mongo.close()


def patient(url: str, name: str) -> Mongo:
    """As a service connects, but it waits: of very many customers the embedded database reads all for one list."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(url, tz_aware=True, connectTimeoutMS=PATIENCE_MS)
    return Mongo(client, client.get_database(name, read_concern=READ_CONCERN, write_concern=WRITE_CONCERN))


def api(mongo: Mongo, url: str) -> SubgraphClient:
    """The API process's app in this process."""
    issuer, feed, directory = TestIssuer(), ChangeFeed("customers"), Directory(mongo.database)
    app = api_app(
        Settings(mongo_url=url, database_prefix="bench"),
        service="customers",
        mongo=mongo,
        schema=build_schema(),
        feed=feed,
        make_context=context_maker(mongo, feed, policy=directory.policy),
        directory=directory,
        fetch_keys=issuer.key_set,
    )
    return SubgraphClient(app, issuer)


def documents(mongo: Mongo, numbers: range) -> list[dict[str, Any]]:
    """Customers as the repository stores them, the same at every run but for their ids."""
    repository, made = CustomerRepository(mongo.database), []
    for n in numbers:
        customer = Customer.create(new_id("cus"), details(n), now=BEGAN + timedelta(minutes=n))
        facts = {"order_count": n * 7919 % 50, "last_order_at": BEGAN + timedelta(hours=n % 50_000)}
        made.append({**repository.to_document(customer), "_id": customer.id, "version": 1, "facts": facts})
    return made


def details(n: int) -> dict[str, Any]:
    """One person; names repeat, numbers and addresses do not."""
    name = SURNAMES[n % 15] + GIVEN[n // 15 % 20] + GIVEN[n // 300 % 20]
    person = {"kind": CustomerKind.PERSON, "name": name, "phone": f"+86138{n:08d}", "email": f"c{n}@example.com"}
    return {**person, "external_id": f"b:{n}", "stage": STAGES[n % len(STAGES)], "owner_id": f"usr_{n % 200}"}


def build(desk: Desk, count: int) -> None:
    """Indexes first: the embedded database takes minutes for each index of a collection that is full already."""
    began = time.perf_counter()
    for index in (*BOOKKEEPING_INDEXES, *INDEXES):
        options: dict[str, Any] = {"partialFilterExpression": index.only} if index.only else {}
        desk.bare[index.collection].create_index(list(index.keys), name=index.name, unique=index.unique, **options)
    indexed = time.perf_counter()
    for first in range(0, count, AT_ONCE):
        batch = documents(desk.mongo, range(first, min(first + AT_ONCE, count)))
        desk.bare["customers"].insert_many(batch, ordered=False)
        if (first + AT_ONCE) % TELL_EVERY == 0:
            print(f"{first + AT_ONCE:,} after {time.perf_counter() - indexed:.0f} s", flush=True)
    seconds = time.perf_counter() - indexed
    print(f"{indexed - began:.0f} s for the indexes, {seconds:.0f} s for {count:,} customers.", flush=True)


def best_first_conditions(text: str) -> list[dict[str, Any]]:
    """What a search asks the database, rank by rank."""
    ranked = PageRequest(20, (Order(RANK),), ranks=best_first(text))
    return [every(condition(None, text), meets) for _, meets, _ in ranked.by_rank()]


def readings() -> list[Reading]:
    """What is asked for."""
    rule = {"orderCount": {"gte": 45}, "stage": {"eq": "LEAD"}}
    counted = {"deleted": False, "facts.order_count": {"$gte": 45}, "stage": "LEAD"}
    return [
        Reading("list, the newest 20", LIST, {}, [condition(None, None)]),
        *(
            Reading(f"search `{text}`", LIST, {"search": text}, best_first_conditions(text))
            for text in ("张伟", "zhangw", "00077", "c77@")
        ),
        Reading("segment preview", PREVIEW, {"rule": rule}, [counted]),
    ]


async def read(desk: Desk, reading: Reading, calls: int) -> None:
    """A line of the table; both must find the same records."""

    async def ours() -> list[str]:
        answer = await desk.client.query(reading.query, reading.variables, by=ADMIN)
        return [node["id"] for [page] in [answer.data.values()] for node in page["nodes"]]

    async def bare() -> list[str]:
        found: list[Any] = []
        for asked in reading.conditions:
            newest = desk.bare["customers"].find(asked).sort([("created_at", -1), ("_id", -1)])
            found += newest.limit(21 - len(found))
            if len(found) == 21:
                break
        return [document["_id"] for document in found][:20]

    if not await ours() or await ours() != await bare():
        raise SystemExit(f"{reading.name}: not the same records")
    print(line(reading.name, *await in_turns(ours, bare, calls)), flush=True)


async def in_turns(*asked: Any) -> tuple[list[float], list[float]]:
    """Milliseconds of each call."""
    *both, calls = asked
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(calls):
        for call, kept in zip(both, times, strict=True):
            began = time.perf_counter()
            await call()
            kept.append((time.perf_counter() - began) * 1000)
    return times


def line(name: str, ours: Sequence[float], bare: Sequence[float]) -> str:
    """Of the table."""
    cells = [
        f"{statistics.median(each):.1f} ms, {statistics.quantiles(each, n=20)[-1]:.1f} ms" for each in (ours, bare)
    ]
    return f"| {name} | {' | '.join(cells)} | {statistics.median(ours) / statistics.median(bare):.1f} |"


async def imported(desk: Desk, asked: argparse.Namespace) -> None:
    """Batches of rows by the API, with all that comes with each; the bare driver writes customers' documents only."""
    mapping = [{"field": field, "columns": [column]} for field, column in zip(FIELDS, COLUMNS, strict=True)]
    given = {"name": "bench", "columns": COLUMNS, "mapping": mapping}
    made = await desk.client.mutate("createCustomerImport", "customerImport { id }", given, by=ADMIN)
    await create_indexes(desk.mongo.client.get_database(desk.second.name), CUSTOMERS)
    times: tuple[list[float], list[float]] = ([], [])
    for first in range(0, asked.rows, ROWS_AT_ONCE):
        numbers = range(asked.customers + first, asked.customers + min(first + ROWS_AT_ONCE, asked.rows))
        people = [details(n) for n in numbers]
        rows = [[each["external_id"], each["name"], each["phone"], each["email"]] for each in people]
        batch = {"importId": made["customerImport"]["id"], "firstRow": first + 1, "rows": rows}
        stored = documents(desk.mongo, numbers)
        began = time.perf_counter()
        taken = await desk.client.mutate("addCustomerImportRows", "customerImport { created }", batch, by=ADMIN)
        between = time.perf_counter()
        desk.second["customers"].insert_many(stored)
        times[0].append((between - began) * 1000)
        times[1].append((time.perf_counter() - between) * 1000)
    if taken["customerImport"] != {"created": asked.rows}:
        raise SystemExit(f"not every row became a customer: {taken}")
    print(line(f"import, {ROWS_AT_ONCE} rows", *times))
    rates = [asked.rows / sum(each) * 1000 for each in times]
    print(f"\nImported {rates[0]:.0f} rows a second; the bare driver wrote {rates[1]:.0f} documents a second.")


if __name__ == "__main__":
    main()
