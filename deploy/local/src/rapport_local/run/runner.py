"""The steps of `make run`, in order."""

import os
import time
from contextlib import ExitStack
from typing import Any

from rapport_local.backing import BackingServices, backing_services
from rapport_local.processes.child import Child
from rapport_local.run.console import Console
from rapport_local.run.options import Options, read_options, require_free_ports
from rapport_local.run.sample import load_sample_data
from rapport_local.run.signals import Stopped, stop_signals
from rapport_local.run.state import kept_admin, only_one, write_private
from rapport_local.run.watch import Watch
from rapport_local.system.system import System
from rapport_local.system.table import Addresses

_LOOK_SECONDS = 0.5


def run(console: Console) -> None:
    """Start everything, watch it, and end it all when told to. Raises CannotRun with nothing left running."""
    with ExitStack() as stack:
        try:
            stack.enter_context(stop_signals())
            _run(stack, read_options(os.environ), console)
        except Stopped:
            console.step("stopping")
            stack.close()
            console.done("stopped, nothing is left running")


def _run(stack: ExitStack, options: Options, console: Console) -> None:
    stack.enter_context(only_one(options.state))
    require_free_ports(options.ports)
    console.step("backing services")
    backing = stack.enter_context(backing_services(options.place(), tell=console.detail))
    system = _start(stack, options, backing, console)
    run_file = options.state / "run.json"
    stack.callback(run_file.unlink, missing_ok=True)
    children = [*backing.database.children, *backing.broker.children, *system.processes.values()]
    watch = Watch(children, console.warn)
    accounts = [{"email": system.admin.email, "password": system.admin.password, "role": "ADMIN"}]
    write_private(run_file, _description(system, backing, accounts, children))
    if options.sample_data:
        console.step("sample data")
        accounts += load_sample_data(system, options.state)
        write_private(run_file, _description(system, backing, accounts, children))
    console.show_what_to_try(system.gateway, system.subgraphs, accounts, run_file)
    while True:
        if watch.look():
            write_private(run_file, _description(system, backing, accounts, children))
        time.sleep(_LOOK_SECONDS)


def _start(stack: ExitStack, options: Options, backing: BackingServices, console: Console) -> System:
    addresses = Addresses(
        mongo_url=backing.mongo_url,
        amqp_url=backing.amqp_url,
        database_prefix=options.database_prefix,
        supergraph=str(options.state / "supergraph.graphql"),
        ports=options.ports,
    )
    system = System(addresses, kept_admin(options.state, os.environ), logs=options.logs)
    console.step("migrations and supergraph")
    system.prepare()
    console.step(f"{len(system.processes)} processes")
    stack.callback(system.stop)
    system.start(each_ready=lambda name: console.detail(f"{name} is ready"))
    return system


def _description(
    system: System, backing: BackingServices, accounts: list[dict[str, str]], children: list[Child]
) -> dict[str, Any]:
    return {
        "gateway": system.gateway,
        "subgraphs": system.subgraphs,
        "accounts": accounts,
        "mongo": backing.mongo_url,
        "amqp": backing.amqp_url,
        "processes": [{"name": child.name, "pid": child.pid} for child in children],
    }
