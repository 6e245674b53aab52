"""``python -m rapport_shared.contracts [--check] [FOLDER]``: write the events' JSON Schemas, or check those written."""

import argparse
import sys
from pathlib import Path

from rapport_shared.contracts.schemas import breaking_changes, json_schemas


def main() -> int:
    """0 when all is well; 1 with one line per stale, missing, unknown or broken schema."""
    parser = argparse.ArgumentParser(prog="python -m rapport_shared.contracts")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("docs/events"))
    parser.add_argument("--check", action="store_true", help="write nothing, fail when the folder is not up to date")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    wanted = {f"{name}.schema.json": text for name, text in json_schemas().items()}
    written = {path.name: path.read_text("utf-8") for path in folder.glob("*.schema.json")}
    problems = breaking_changes(written, wanted)
    if arguments.check:
        problems += [f"{name} is not up to date" for name in wanted if written.get(name, wanted[name]) != wanted[name]]
        problems += [f"{name} is missing" for name in wanted.keys() - written.keys()]
    elif not problems:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in wanted.items():
            (folder / name).write_text(text, "utf-8")
    sys.stderr.writelines(f"{folder}: {problem}\n" for problem in sorted(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
