"""What the user sees in the terminal."""

from rich.console import Console as RichConsole
from rich.markup import escape

from rapport_local.run.page import page_url
from rapport_local.run.running import Running
from rapport_local.system.table import GRAPHQL_PATH, HEALTH_PATH, METRICS_PATH, READY_PATH

_EXAMPLE_QUERY = "{ me { name role } customers(first: 3) { totalCount nodes { name owner { name } } } }"


class Console:
    """Numbered steps with details below them, and problems as they happen."""

    def __init__(self) -> None:
        self._out = RichConsole(highlight=False, soft_wrap=True)
        self._steps = 0

    def step(self, name: str) -> None:
        self._steps += 1
        self._out.print(f"[bold cyan]{self._steps}[/] {escape(name)}")

    def detail(self, text: str) -> None:
        self._out.print(f"  {escape(text)}", style="dim")

    def warn(self, text: str) -> None:
        self._out.print(f"[yellow]![/] {escape(text)}")

    def fail(self, text: str) -> None:
        self._out.print(f"[bold red]✗[/] {escape(text)}")

    def done(self, text: str) -> None:
        self._out.print(f"[green]✓[/] {escape(text)}")

    def show_what_to_try(self, running: Running) -> None:
        """The address, one account, one request to paste, and where the rest is written."""
        gateway, first = running.system.gateway, running.accounts[0]
        self.done(f"Rapport runs: {gateway}")
        self.detail(f"sign in as {first['email']} with password {first['password']}")
        base = gateway.removesuffix(GRAPHQL_PATH)
        self.detail(
            f"health {base}{HEALTH_PATH}, readiness {base}{READY_PATH}, metrics {base}{METRICS_PATH}; services too"
        )
        self.detail(f"logs of every process: {running.system.logs}")
        if page := page_url(gateway):
            self.detail(f"in a browser: {page}")
        self.detail(f"all {len(running.accounts)} accounts, addresses and processes: {running.file}")
        self._out.print("Try:")
        self._out.print(escape(_sign_in_and_query(gateway, first)), style="bold")
        self._out.print("Ctrl-C stops everything.")


def _sign_in_and_query(gateway: str, account: dict[str, str]) -> str:
    sign_in = (
        f'{{"query":"mutation {{ signIn(input: {{email: \\"{account["email"]}\\", '
        f'password: \\"{account["password"]}\\"}}) {{ accessToken }} }}"}}'
    )
    return "\n".join(
        [
            f"TOKEN=$(curl -s {gateway} -H 'content-type: application/json' \\",
            f'  -d \'{sign_in}\' | sed \'s/.*"accessToken":"\\([^"]*\\)".*/\\1/\')',
            f"curl -s {gateway} -H 'content-type: application/json' -H \"authorization: Bearer $TOKEN\" \\",
            f'  -d \'{{"query":"{_EXAMPLE_QUERY}"}}\'',
        ]
    )
