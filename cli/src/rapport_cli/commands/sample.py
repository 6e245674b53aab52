"""`rapport sample load`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TaskID

from rapport_cli.commands.common import Connected, Email, Gateway, Password, connected, run_command
from rapport_cli.console import count_progress, out
from rapport_cli.errors import CliError
from rapport_cli.sample.accounts import read_accounts, write_accounts
from rapport_cli.sample.load import Loader
from rapport_cli.sample.marker import Marker, begin, find_markers, finish
from rapport_cli.sample.plan import make_plan
from rapport_cli.sample.staff import DEFAULT_SEED
from rapport_cli.session import Session
from rapport_cli.settings import RUN_FILE, find_run_file

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="A realistic bilingual company to look around in.")


class Scale(StrEnum):
    """Sizes of the company, in customers."""

    SMALL = "small"
    MEDIUM = "medium"
    FULL = "full"


CUSTOMERS = {Scale.SMALL: 40, Scale.MEDIUM: 80, Scale.FULL: 500}


@dataclass(frozen=True, slots=True)
class Order:
    """What to load and where to keep the passwords."""

    seed: int
    customers: int
    today: date | None
    accounts_file: Path


@app.callback()
def sample() -> None:
    """A realistic bilingual company to look around in."""


@app.command("load")
def load(
    *,
    customers: Annotated[int | None, typer.Option(min=1, max=9999, help="How many customers.")] = None,
    scale: Annotated[Scale, typer.Option(help="small: 40 customers, medium: 80, full: 500.")] = Scale.FULL,
    seed: Annotated[int, typer.Option(min=0, help="Another seed is another company.")] = DEFAULT_SEED,
    accounts_out: Annotated[
        Path | None, typer.Option(help="Passwords of the staff accounts. Default: sample-accounts.json in .rapport/.")
    ] = None,
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day the company's year ends. Default: today.")
    ] = None,
    gateway: Gateway = None,
    email: Email = None,
    password: Password = None,
) -> None:
    """Load staff, customers, a year of communications and tasks, through the public API.

    Can be repeated: what is there is found, what an interrupted run left out is added.
    """
    order = Order(
        seed=seed,
        customers=customers or CUSTOMERS[scale],
        today=today.date() if today else None,
        accounts_file=accounts_out or _default_accounts_file(),
    )

    async def work() -> int:
        async with connected(gateway, email, password) as to:
            return await _load(to, order)

    run_command(work())


async def _load(to: Connected, order: Order) -> int:
    markers = await find_markers(to.session, order.seed)
    end = _end_of_year(order, markers)
    complete = max((marker.customers for marker in markers if marker.done), default=0)
    described = f"seed {order.seed}, {order.customers} customers, as of {end}"
    if complete >= order.customers:
        out.print(f"The sample company is loaded already ({described}).", markup=False)
        return 0
    plan = make_plan(order.seed, end, order.customers)
    known = read_accounts(order.accounts_file)
    if markers and any(member.email not in known for member in plan.staff):
        message = f"The staff accounts exist, but {order.accounts_file} lacks their passwords; name the right file."
        raise CliError(message, code="ACCOUNTS_MISSING")
    accounts = write_accounts(order.accounts_file, plan.staff, known)
    begun = next((marker for marker in markers if marker.customers == order.customers), None)
    marker = begun or await begin(to.session, order.seed, order.customers, end)
    with count_progress() as progress:
        bars: dict[str, TaskID] = {}

        def advance(stage: str, more: int, total: int) -> None:
            if stage not in bars:
                bars[stage] = progress.add_task(stage, total=total)
            progress.advance(bars[stage], more)

        loader = Loader(
            plan.beyond(complete), to.session, lambda account: Session(to.client, account), accounts, advance
        )
        summary = await loader.load()
    await finish(to.session, marker, summary)
    out.print(f"The sample company is loaded ({described}): {summary}.", markup=False)
    out.print(f"Accounts: {order.accounts_file}", markup=False)
    return 0


def _end_of_year(order: Order, markers: Sequence[Marker]) -> date:
    """The day of an earlier load of the same seed, else the wanted one, else today."""
    if not markers:
        return order.today or datetime.now(UTC).date()
    known = markers[0].today
    if order.today not in {None, known}:
        message = f"Seed {order.seed} is loaded as of {known}; leave --today out, or choose another --seed."
        raise CliError(message, code="SAMPLE_EXISTS")
    return known


def _default_accounts_file() -> Path:
    run_file = find_run_file(Path.cwd())
    folder = run_file.parent if run_file else Path.cwd() / RUN_FILE.parent
    return folder / "sample-accounts.json"
