"""The steps of `make run`, in order."""

import os
import time
from contextlib import ExitStack

from rapport_local.backing import BackingServices, backing_services
from rapport_local.run.console import Console
from rapport_local.run.options import Options, read_options, require_free_ports
from rapport_local.run.page import page_settings
from rapport_local.run.running import Running
from rapport_local.run.sample import SampleData, sample_accounts
from rapport_local.run.signals import Stopped, stop_signals
from rapport_local.run.state import kept_admin, kept_key, only_one
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
    run_file = options.state / "run.json"
    # A run that was killed could not remove it.
    run_file.unlink(missing_ok=True)
    require_free_ports(options.ports)
    console.step("backing services")
    backing = stack.enter_context(backing_services(options.place(), tell=console.detail))
    running = Running(_start(stack, options, backing, console), backing, run_file)
    stack.callback(running.forget)
    watch = Watch(running.children, console.warn)
    sample = _start_sample(stack, options, running, console) if options.sample_data else None
    ready = False
    while True:
        changed = watch.look()
        if not ready and not (sample and sample.loading.running):
            _show(sample, options, running, console)
            ready = True
        elif ready and changed:
            running.describe()
        time.sleep(_LOOK_SECONDS)


def _start_sample(stack: ExitStack, options: Options, running: Running, console: Console) -> SampleData:
    console.step(f"sample data (Rapport answers already: {running.system.gateway})")
    sample = SampleData(running.system, options)
    stack.callback(sample.loading.end)
    sample.loading.start()
    return sample


def _show(sample: SampleData | None, options: Options, running: Running, console: Console) -> None:
    if sample and sample.loading.exit_code:
        console.warn("the sample data is not complete: the next start goes on with it")
    running.accounts += sample_accounts(options)
    running.describe()
    console.show_what_to_try(running)


def _start(stack: ExitStack, options: Options, backing: BackingServices, console: Console) -> System:
    addresses = Addresses(
        mongo_url=backing.mongo_url,
        amqp_url=backing.amqp_url,
        database_prefix=options.database_prefix,
        supergraph=str(options.state / "supergraph.graphql"),
        ports=options.ports,
        service_key=kept_key(options.state, os.environ, "RAPPORT_SERVICE_KEY"),
        suppression_key=kept_key(options.state, os.environ, "RAPPORT_SUPPRESSION_KEY"),
        broker_api_url=backing.broker.api_of(backing.amqp_url),
    )
    env = page_settings() | os.environ
    system = System(addresses, kept_admin(options.state, os.environ), logs=options.logs, base_env=env)
    console.step("migrations and supergraph")
    system.prepare()
    console.step(f"{len(system.processes)} processes")
    stack.callback(system.stop)
    system.start(each_ready=lambda name: console.detail(f"{name} is ready"))
    return system
