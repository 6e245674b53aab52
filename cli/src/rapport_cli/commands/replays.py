"""`rapport replay`: what the log has of a period, to a queue again."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from rapport_cli.client import Json
from rapport_cli.commands.common import Connected, Email, Gateway, Password, connected, run_command
from rapport_cli.console import out
from rapport_cli.errors import CliError

POLL_SECONDS: Final = 0.5
REPLAY: Final = "id status sent failure"
START: Final = f"""mutation Start($input: StartReplayInput!) {{
  startReplay(input: $input) {{ replay {{ {REPLAY} }} userErrors {{ code message }} }}
}}"""
STATE: Final = f"query State($id: ID!) {{ replay(id: $id) {{ {REPLAY} }} }}"


def replay(
    since: Annotated[str, typer.Option("--from", help="Time of the first event, such as 2026-03-01T00:00:00Z.")],
    queue: Annotated[str, typer.Option("--to", help="A queue that exists at the broker; none of Rapport's own.")],
    until: Annotated[str | None, typer.Option(help="Before which time events end. Default: now.")] = None,
    events: Annotated[list[str] | None, typer.Option(help="Pattern of routing keys; may be given again.")] = None,
    gateway: Gateway = None,
    email: Email = None,
    password: Password = None,
) -> None:
    """Send events of the log to a queue again, in the log's order, and wait for the end."""

    async def work() -> int:
        period = {"since": _time(since), "until": None if until is None else _time(until)}
        given = {"queue": queue, "events": events or ["#"], **{key: at for key, at in period.items() if at}}
        async with connected(gateway, email, password) as to:
            state = await _ended(to, await _started(to, given))
        if state["status"] != "DONE":
            raise CliError(f"{state['sent']} events were sent, then the replay failed.", code=str(state["failure"]))
        out.print(f"{state['sent']} events sent to {queue}", markup=False)
        return 0

    run_command(work())


async def _started(to: Connected, given: Json) -> Json:
    payload = (await to.session.execute(START, {"input": given}))["startReplay"]
    if payload["userErrors"]:
        error = payload["userErrors"][0]
        raise CliError(error["message"], code=error["code"])
    started: Json = payload["replay"]
    return started


async def _ended(to: Connected, state: Json) -> Json:
    while state["status"] == "RUNNING":
        await asyncio.sleep(POLL_SECONDS)
        state = (await to.session.execute(STATE, {"id": state["id"]}, repeatable=True))["replay"]
    return state


def _time(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CliError(f"{text} is no ISO 8601 time.", code="BAD_TIME") from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()
