"""`rapport integrator`: other systems that consume events at the broker."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from rapport_cli.broker import open_broker
from rapport_cli.commands.common import Email, Gateway, Password, connected, run_command
from rapport_cli.console import out
from rapport_cli.integrators import Integrator, Integrators
from rapport_cli.settings import resolve_broker_api

app = typer.Typer(no_args_is_help=True, help="Users of the broker that read a queue of their own.")
API_SETTING: Final = "RAPPORT_BROKER_API_URL"

Name = Annotated[str, typer.Argument(help="What the integrator is called; its queue is integrator.NAME.")]
BrokerUrl = Annotated[
    str | None,
    typer.Option(
        "--broker-api",
        envvar=API_SETTING,
        help="RabbitMQ's management API as an administrator, http://user:password@host:15672/vhost. "
        "Default: the running system's .rapport/run.json.",
    ),
]


@app.command()
def add(
    name: Name,
    events: Annotated[list[str], typer.Option(help="Pattern of routing keys, such as customers.#; may be repeated.")],
    broker_api: BrokerUrl = None,
    gateway: Gateway = None,
    email: Email = None,
    password: Password = None,
) -> None:
    """Make an API key, a queue that gets these events, and a user who may read it and nothing else."""

    async def work(integrators: Integrators, vhost: str) -> None:
        _tell(await integrators.add(name, events), vhost)

    _run(work, broker_api, gateway, email, password)


@app.command("list")
def list_all(
    broker_api: BrokerUrl = None, gateway: Gateway = None, email: Email = None, password: Password = None
) -> None:
    """Show every integrator with its queue's events."""

    async def work(integrators: Integrators, _: str) -> None:
        for each in await integrators.all():
            out.print(f"{each.name} {each.user} {' '.join(each.events)}", markup=False, soft_wrap=True)

    _run(work, broker_api, gateway, email, password)


@app.command()
def rotate(
    name: Name, broker_api: BrokerUrl = None, gateway: Gateway = None, email: Email = None, password: Password = None
) -> None:
    """Give it another password; the present one ends at once."""

    async def work(integrators: Integrators, vhost: str) -> None:
        _tell(await integrators.rotate(name), vhost)

    _run(work, broker_api, gateway, email, password)


@app.command()
def remove(
    name: Name, broker_api: BrokerUrl = None, gateway: Gateway = None, email: Email = None, password: Password = None
) -> None:
    """Revoke its key; its user and its queue go, with what waits there."""

    async def work(integrators: Integrators, _: str) -> None:
        await integrators.remove(name)
        out.print(f"{name} is removed", markup=False)

    _run(work, broker_api, gateway, email, password)


def _run(
    work: Callable[[Integrators, str], Awaitable[None]],
    broker_api: str | None,
    gateway: str | None,
    email: str | None,
    password: str | None,
) -> None:
    async def run() -> int:
        api = resolve_broker_api(broker_api, start=Path.cwd())
        async with connected(gateway, email, password) as to, open_broker(api) as broker:
            await work(Integrators(to.session, broker), broker.vhost)
        return 0

    run_command(run())


def _tell(integrator: Integrator, vhost: str) -> None:
    """The password is shown this once."""
    lines = {"user": integrator.user, "password": integrator.password, "vhost": vhost, "queue": integrator.queue}
    for label, value in lines.items():
        out.print(f"{label} {value}", markup=False, soft_wrap=True)
