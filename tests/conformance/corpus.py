"""The corpus: sets of subgraphs, in files that are cut at lines that begin with `#:`.

A file holds one set, or several that begin with `#: set NAME` each. `#: subgraph NAME` begins a subgraph. Federation's
directives are imported for it, unless the line ends with `(as is)`. `#: queries` begins the operations to plan. Sets
in files named `refused-…` must not compose.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse, print_ast

FOLDER = Path(__file__).parent / "corpus"
IMPORTS = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external",
  "@requires", "@provides", "@shareable", "@override", "@inaccessible", "@tag", "@extends", "@interfaceObject",
  "@composeDirective", "@authenticated", "@requiresScopes", "@policy", "@cost", "@listSize", "@context",
  "@fromContext"])
"""
_AS_IS = " (as is)"


@dataclass(frozen=True, slots=True)
class Operation:
    """`text` is a whole document: the operation and the fragments of its file."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class SubgraphSet:
    name: str
    subgraphs: dict[str, str]
    operations: list[Operation]

    @property
    def is_to_be_refused(self) -> bool | None:
        """None when either may be."""
        return None if self.name.startswith("random-") else self.name.startswith("refused-")


def read_corpus(words: list[str]) -> list[SubgraphSet]:
    """The sets whose names hold one of the words; all when there are none."""
    sets = [each for file in sorted(FOLDER.glob("*.graphql")) for each in _read(file)]
    return [each for each in sets if not words or any(word in each.name for word in words)]


def _read(file: Path) -> Iterator[SubgraphSet]:
    whole, *others = ("\n" + file.read_text(encoding="utf-8")).split("\n#: set ")
    if whole.strip():
        yield _read_set(file.stem, whole)
    for part in others:
        name, _, text = part.partition("\n")
        yield _read_set(f"{file.stem}/{name}", "\n" + text)


def _read_set(name: str, text: str) -> SubgraphSet:
    subgraphs: dict[str, str] = {}
    operations: list[Operation] = []
    for part in text.split("\n#: ")[1:]:
        title, _, body = part.partition("\n")
        if title == "queries":
            operations = _operations(body)
        elif title.startswith("subgraph "):
            subgraph = title.removeprefix("subgraph ").removesuffix(_AS_IS)
            subgraphs[subgraph] = body if title.endswith(_AS_IS) else IMPORTS + body
        else:
            raise ValueError(f"{name}: unknown part {title!r}")
    return SubgraphSet(name, subgraphs, operations)


def _operations(text: str) -> list[Operation]:
    definitions = parse(text).definitions
    fragments = "\n".join(print_ast(node) for node in definitions if isinstance(node, FragmentDefinitionNode))
    found = []
    for node in definitions:
        if isinstance(node, OperationDefinitionNode):
            own = print_ast(node)
            spread = {name for name in fragments.split() if f"...{name}" in own.replace("... ", "...")}
            found.append(Operation(node.name.value if node.name else "?", f"{own}\n{fragments}" if spread else own))
    return found
