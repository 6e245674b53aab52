"""The corpus: one file per set of subgraphs, cut at lines that begin with `#:`.

`#: subgraph NAME` begins a subgraph. Federation's usual directives are imported for it, unless the line ends with
`(as is)`. `#: queries` begins the operations to plan. Sets named `refused-…` must not compose.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse, print_ast

FOLDER = Path(__file__).parent / "corpus"
IMPORTS = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external",
  "@requires", "@provides", "@shareable", "@override", "@inaccessible", "@tag", "@extends"])
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
    def is_to_be_refused(self) -> bool:
        return self.name.startswith("refused-")


def read_corpus(words: list[str]) -> list[SubgraphSet]:
    """The sets whose names hold one of the words; all when there are none."""
    files = sorted(FOLDER.glob("*.graphql"))
    return [_read(file) for file in files if not words or any(word in file.stem for word in words)]


def _read(file: Path) -> SubgraphSet:
    subgraphs: dict[str, str] = {}
    operations: list[Operation] = []
    for part in file.read_text(encoding="utf-8").split("#: ")[1:]:
        title, _, body = part.partition("\n")
        if title == "queries":
            operations = _operations(body)
        elif title.startswith("subgraph "):
            name = title.removeprefix("subgraph ").removesuffix(_AS_IS)
            subgraphs[name] = body if title.endswith(_AS_IS) else IMPORTS + body
        else:
            raise ValueError(f"{file.name}: unknown part {title!r}")
    return SubgraphSet(file.stem, subgraphs, operations)


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
