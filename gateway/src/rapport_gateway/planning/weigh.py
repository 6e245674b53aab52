"""Weighing sets of entries against each other at one object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from rapport_gateway.planning.operation import QueryField
from rapport_gateway.planning.reach import Entry
from rapport_gateway.supergraph.field_sets import FieldSet

# Costs count fetches; among equals, the choice that has more fields earlier is cheaper by a trifle per field.
FETCH_COST = 1_000_000
_UNREACHABLE = 1_000_000 * FETCH_COST


Entering = tuple[str, str]
"""A subgraph that is entered at the object, and the text of the `@requires` that is sent along, if any."""
Entries = Mapping[Entering, int]
"""What is entered at the object itself, and what each of that costs; entered for several reasons, it costs once."""
NO_ENTRIES: Entries = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Option:
    """Entering a subgraph at the object, with the `@requires` that is sent along.

    `entries` is that and what is entered for the requirement; `below` is what the rest of the requirement costs.
    """

    entry: Entry
    requires: FieldSet | None
    entries: Entries
    below: int = 0

    @property
    def entering(self) -> Entering:
        return entering(self.entry, self.requires)

    @property
    def cost(self) -> int:
        return self.below + sum(self.entries.values())

    @property
    def fetches(self) -> int:
        """How many it takes to enter."""
        return max(self.entry.cost, self.cost // FETCH_COST)


def entering(entry: Entry, requires: FieldSet | None) -> Entering:
    return entry.graph, requires.text if requires else ""


class Assignment(NamedTuple):
    """The bits of a field to take from the current subgraph (`option` is None) or by an entry."""

    field: QueryField
    mask: int
    option: Option | None


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """`entries` are what is entered at the object, their costs being part of `cost`."""

    cost: int
    assignments: tuple[Assignment, ...]
    entries: Entries


class Gain(NamedTuple):
    """The bits that a subgraph gives by itself, and those it can lead to."""

    free: int
    through: int

    def within(self, other: Gain) -> bool:
        return self.free & ~other.free == 0 and self.through & ~other.through == 0


NO_GAIN = Gain(0, 0)


def union(gains: Iterable[Gain]) -> Gain:
    free = through = 0
    for gain in gains:
        free |= gain.free
        through |= gain.through
    return Gain(free, through)


class Weighing:
    """`wanted` are fields with their bits, `local` what the current subgraph can lead to, for each of them.

    `cost_below` tells what the fetches below a field cost, taken by an option (or None, locally).
    """

    def __init__(
        self,
        wanted: Sequence[tuple[QueryField, int]],
        local: Sequence[Gain],
        cost_below: Callable[[QueryField, Option | None, int], int],
    ) -> None:
        self._wanted = wanted
        self._cost_below = cost_below
        self._gains: dict[Option | None, Sequence[Gain]] = {None: local}
        self.options: list[Option] = []

    def add(self, option: Option, gains: Sequence[Gain]) -> None:
        """`gains` are by field, in the order of `wanted`."""
        self.options.append(option)
        self._gains[option] = gains

    def forced(self) -> Iterator[Option]:
        """The options that alone lead to some bit."""
        totals = {option: union(gains).through for option, gains in self._gains.items()}
        once = twice = 0
        for bits in totals.values():
            twice |= once & bits
            once |= bits
        return (option for option in self.options if totals[option] & once & ~twice)

    def evaluate(self, chosen: Sequence[Option]) -> Choice:
        """The best use of the chosen options: what several give is taken from the one that can be entered first."""
        chosen = sorted(chosen, key=lambda option: option.cost)
        entries = {key: cost for option in chosen for key, cost in option.entries.items()}
        cost = sum(option.below for option in chosen) + sum(entries.values())
        assignments: list[Assignment] = []
        for number, (field, wanted) in enumerate(self._wanted):
            remaining = wanted
            taken: dict[Option | None, int] = {}
            for option in chosen:
                gain = self._gains[option][number].free & remaining
                if gain & ~field.bit or (gain and gain == remaining):
                    taken[option] = gain
                    remaining &= ~gain & ~field.bit
            if remaining:
                inner, remaining = self._take_deeper(number, field, remaining, chosen, taken)
                cost += inner + (_UNREACHABLE if remaining else 0)
            for source, bits in taken.items():
                assignments.append(Assignment(field, bits, source))
                cost += bits.bit_count() * (source.fetches if source else 0)
        return Choice(cost, tuple(assignments), entries)

    def _take_deeper(
        self,
        number: int,
        field: QueryField,
        remaining: int,
        chosen: Sequence[Option],
        taken: dict[Option | None, int],
    ) -> tuple[int, int]:
        """Assign bits that need more fetches below the field; gives their cost and what is left."""
        total = 0
        while remaining:
            best: tuple[tuple[int, int], Option | None, int] | None = None
            for option in (None, *chosen):
                gain = self._gains[option][number].through & remaining
                if gain:
                    rank = (-gain.bit_count(), self._cost_below(field, option, gain))
                    if best is None or rank < best[0]:
                        best = (rank, option, gain)
            if best is None:
                break
            (_, cost), option, gain = best
            taken[option] = taken.get(option, 0) | gain
            total += cost
            remaining &= ~gain & ~field.bit
        return total, remaining
