"""``python -m rapport_shared.contracts [--check] [FOLDER]``: write the events' JSON Schemas and AsyncAPI documents.

With ``--check``, check those written.
"""

import argparse
import sys
from pathlib import Path

from rapport_shared.contracts.asyncapi import linked_documents
from rapport_shared.contracts.evolution import breaking_changes
from rapport_shared.contracts.examples import ExampleMissing
from rapport_shared.contracts.schemas import as_text, json_schemas


def main() -> int:
    """0 when all is well; 1 with one line per stale, missing, unknown or broken file.

    Exits with 2 where the example of an event lacks a value.
    """
    parser = argparse.ArgumentParser(prog="python -m rapport_shared.contracts")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("docs/events"))
    parser.add_argument("--check", action="store_true", help="write nothing, fail when the folder is not up to date")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    schemas = {f"{name}.schema.json": text for name, text in json_schemas().items()}
    try:
        documents = {f"asyncapi/{name}.json": as_text(document) for name, document in linked_documents().items()}
    except ExampleMissing as missing:
        parser.error(str(missing))
    problems = breaking_changes(_written(folder, "*.schema.json"), schemas)
    if arguments.check:
        written = _written(folder, "*.schema.json") | _written(folder, "asyncapi/*.json")
        problems += _stale(written, schemas | documents)
    elif not problems:
        _write(folder, schemas | documents)
    sys.stderr.writelines(f"{folder}: {problem}\n" for problem in sorted(problems))
    return 1 if problems else 0


def _written(folder: Path, pattern: str) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.glob(pattern)}


def _stale(written: dict[str, str], wanted: dict[str, str]) -> list[str]:
    problems = [f"{name} is missing" for name in wanted.keys() - written.keys()]
    problems += [
        f"{name} is not up to date" for name in wanted.keys() & written.keys() if written[name] != wanted[name]
    ]
    # A JSON Schema of nothing that is published is a breaking change, and told as that.
    unknown = [name for name in written.keys() - wanted.keys() if name.startswith("asyncapi/")]
    return problems + [f"{name} describes nothing that is published" for name in unknown]


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    sys.exit(main())
