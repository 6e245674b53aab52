"""Sets of subgraphs made at random, from a seed: small schemas that mostly agree, and some that do not."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.conformance.corpus import IMPORTS, SubgraphSet

_LEAVES = ("Int", "String", "Float", "Boolean", "ID", "Color", "Stamp")
_ENTITIES = ("Ant", "Bee", "Cow")
_VALUES = ("Size", "Spot")
_NAMES = ("red", "tall", "near", "wide")
_COLORS = ("RED", "BLUE", "GREEN")
_SUBGRAPHS = ("one", "two", "three")
_SOME, _FEW, _RARE = 0.5, 0.15, 0.03
"""How probable things are."""


def random_sets(seed: int, count: int) -> Iterator[SubgraphSet]:
    """The same for the same seed."""
    for number in range(count):
        yield SubgraphSet(f"random-{seed}-{number}", _World(Random(f"{seed}/{number}")).subgraphs(), [])


class _World:
    """What the subgraphs of one set agree on: the usual types of fields, arguments and results."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._fields = {
            owner: {name: self._usual_type() for name in _NAMES} for owner in (*_ENTITIES, *_VALUES, "Query", "Animal")
        }
        self._arguments = {owner: random.choice(_NAMES) for owner in self._fields}
        self._keys = {name: random.choice(("id", "id", "id code", "code")) for name in _ENTITIES}
        self._moved = random.random() < _SOME
        self._care = random.choice((1.0, 1.0, 1.0, 0.9))

    def subgraphs(self) -> dict[str, str]:
        names = _SUBGRAPHS[: self._random.choice((2, 2, 3))]
        return {name: self._subgraph(name, first=name == names[0]) for name in names}

    def _likely(self, probability: float) -> bool:
        return self._random.random() < probability

    def _usual_type(self) -> str:
        base = self._random.choice((*_LEAVES, *_LEAVES, *_ENTITIES, *_VALUES, "Animal", "Thing"))
        return self._random.choice(("{}", "{}", "{}", "{}!", "[{}]", "[{}!]!")).format(base)

    def _subgraph(self, name: str, *, first: bool) -> str:
        parts = [self._object("Query", name, first=first)]
        entities = [entity for entity in _ENTITIES if first or self._likely(0.7)]
        parts += [self._object(entity, name, first=first) for entity in entities]
        text = "\n".join(part for part in parts if part)
        while missing := [item for item in self._leaf_types(name) if item in text and not _defines(text, item)]:
            text += "\n" + self._leaf_types(name)[missing[0]]
        while missing := [item for item in (*_ENTITIES, *_VALUES) if item in text and not _defines(text, item)]:
            text += "\n" + self._object(missing[0], name, first=first)
        while missing := [item for item in self._leaf_types(name) if item in text and not _defines(text, item)]:
            text += "\n" + self._leaf_types(name)[missing[0]]
        return IMPORTS + text

    def _leaf_types(self, name: str) -> dict[str, str]:
        colors = [color for color in _COLORS if not self._likely(_FEW / 2)] or ["RED"]
        hidden = " @inaccessible" if self._likely(_RARE) else ""
        members = [entity for entity in _ENTITIES if self._likely(0.8)] or ["Ant"]
        nullable = self._random.choice(("Int", "Int", "Int!"))
        return {
            "Stamp": f"scalar Stamp {'@tag(name: ' + chr(34) + name + chr(34) + ')' if self._likely(_FEW) else ''}",
            "Filter": f"input Filter {{ least: {nullable} most: Int {'color: Color' if self._likely(_SOME) else ''} }}",
            "Color": f"enum Color {{ {' '.join(colors)}{hidden} }}",
            "Thing": f"union Thing = {' | '.join(members)}",
            "Animal": f"interface Animal {{ id: ID! {'' if self._likely(0.7) else 'code: String'} }}",
        }

    def _object(self, owner: str, subgraph: str, *, first: bool) -> str:
        is_entity = owner in _ENTITIES
        keys = self._keys.get(owner, "")
        chosen = [name for name in _NAMES if self._likely(_SOME)] or [_NAMES[0]]
        shared = not is_entity and owner != "Query"
        lines = ["id: ID!", "code: String"] if is_entity else []
        fields = [self._field(owner, name, subgraph, first=first, shared=shared) for name in chosen]
        head = f"type {owner}"
        if is_entity:
            head += " implements Animal" if self._likely(0.8) else ""
            head += f' @key(fields: "{keys}")' if self._likely(self._care) else ""
            head += ' @key(fields: "id", resolvable: false)' if self._likely(_RARE) else ""
        if shared and self._likely(self._care):
            head += " @shareable"
        lines = [line if "id" in keys or "id:" not in line else line + " @shareable" for line in lines]
        lines = [line if "code" in keys or "code:" not in line else line + " @shareable" for line in lines]
        return f"{self._described(owner)}{head} {{ {' '.join([*lines, *fields, *self._required(owner, chosen)])} }}"

    def _required(self, owner: str, taken: list[str]) -> list[str]:
        """A field that needs one of another subgraph."""
        free = [name for name in _NAMES if name not in taken and _is_leaf(self._fields[owner][name])]
        if owner not in _ENTITIES or not free or not self._likely(_FEW):
            return []
        needed = free[0]
        declared = f"{needed}{self._argument(owner, needed)}: {self._fields[owner][needed]} @external"
        return [declared, f'sum{self._random.randrange(9)}: Int @requires(fields: "{needed}")']

    def _field(self, owner: str, name: str, subgraph: str, *, first: bool, shared: bool) -> str:
        type_ = self._fields[owner][name]
        if self._likely(_FEW):
            type_ = type_.removesuffix("!") if type_.endswith("!") else f"{type_}!"
        if not self._likely(self._care):
            type_ = self._usual_type()
        directives = [] if shared or not self._likely(self._care) else ["@shareable"]
        if not first and self._moved and self._likely(_FEW):
            directives.append(f'@override(from: "{_SUBGRAPHS[0]}")')
        if self._likely(_RARE):
            directives.append("@inaccessible")
        if self._likely(_FEW):
            directives.append(f'@tag(name: "{subgraph}")')
        if self._likely(_RARE):
            directives.append('@deprecated(reason: "old")')
        return f"{self._described(name)}{name}{self._argument(owner, name)}: {type_} {' '.join(directives)}"

    def _argument(self, owner: str, name: str) -> str:
        if self._arguments[owner] != name:
            return ""
        default = self._random.choice(("", "", " = 1"))
        extra = ", by: Filter" if self._likely(_FEW) else ""
        return f"(max: Int{'!' if self._likely(_FEW) else ''}{default}{extra})"

    def _described(self, name: str) -> str:
        return f'"About {name}, {self._random.choice("ab")}" ' if self._likely(_FEW) else ""


def _defines(text: str, name: str) -> bool:
    return any(f"{kind} {name} " in text for kind in ("type", "enum", "scalar", "input", "union", "interface"))


def _is_leaf(type_text: str) -> bool:
    return type_text.strip("[]!") in _LEAVES
