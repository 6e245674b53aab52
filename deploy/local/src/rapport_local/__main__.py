"""`python -m rapport_local`: run the system, or keep the committed schemas up to date."""

import argparse
import sys

from rapport_local.errors import CannotRun
from rapport_local.run.console import Console
from rapport_local.run.runner import run
from rapport_local.schemas import check_schemas, write_schemas


def main() -> int:
    """Exit code 1 when something cannot be done; the reason is one line."""
    parser = argparse.ArgumentParser(prog="python -m rapport_local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="start everything on this machine, until Ctrl-C")
    schema = commands.add_parser("schema", help="write services/*/schema.graphql from the code")
    schema.add_argument("--check", action="store_true", help="only say which are stale")
    options = parser.parse_args()
    console = Console()
    try:
        if options.command == "run":
            run(console)
        elif options.check:
            check_schemas()
        else:
            write_schemas()
    except CannotRun as error:
        console.fail(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
