"""Which subgraph gives which field of an object, with the fewest fetches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import NamedTuple

from rapport_gateway.planning.operation import QueryField
from rapport_gateway.planning.reach import Entry, Place, Reach
from rapport_gateway.supergraph.field_sets import FieldSet

_EXACT_UP_TO = 4
# Costs count fetches; among equals, the choice that has more fields earlier is cheaper by a trifle per field.
_FETCH = 1_000_000
_UNREACHABLE = 1_000_000 * _FETCH


@dataclass(frozen=True, slots=True, eq=False)
class Option:
    """Entering a subgraph at the object, with the `@requires` that is sent along. The order breaks ties."""

    entry: Entry
    requires: FieldSet | None
    cost: int
    order: int


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """The bits of a field to take from the current subgraph (`option` is None) or by an entry."""

    field: QueryField
    mask: int
    option: Option | None


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    cost: int
    assignments: tuple[Assignment, ...]


class _Gain(NamedTuple):
    """The bits that an entry gives by itself, and those it can lead to."""

    free: int
    through: int

    def plus(self, other: _Gain) -> _Gain:
        return _Gain(self.free | other.free, self.through | other.through)

    def within(self, other: _Gain) -> bool:
        return self.free & ~other.free == 0 and self.through & ~other.through == 0


class Chooser:
    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._memo: dict[tuple[Place, tuple[int, ...], int], Choice] = {}
        self._costing: set[tuple[Place, int]] = set()
        self._kept: list[Sequence[QueryField]] = []

    def choose(self, place: Place, fields: Sequence[QueryField], mask: int) -> Choice:
        """Bits of `mask` that cannot be had are left out; the caller compares."""
        key = (place, tuple(id(field) for field in fields), mask)
        choice = self._memo.get(key)
        if choice is None:
            self._kept.append(fields)
            choice = self._memo[key] = self._decide(place, fields, mask)
        return choice

    def _decide(self, place: Place, fields: Sequence[QueryField], mask: int) -> Choice:
        local: list[Assignment] = []
        rest: list[tuple[QueryField, int]] = []
        for field in fields:
            wanted = field.mask & mask
            taken = wanted & self._reach.free(place, field) if place.graph else 0
            if taken & ~field.bit or (taken and taken == wanted):
                local.append(Assignment(field, taken, None))
                wanted &= ~taken & ~field.bit
            if wanted:
                rest.append((field, wanted))
        if not rest:
            return Choice(0, tuple(local))
        options = self._options(place, rest)
        best = min(
            (self._evaluate(place, rest, subset) for subset in _subsets(options)),
            key=lambda choice: choice.cost,
        )
        if len(options) > _EXACT_UP_TO:
            best = self._greedy(place, rest, options)
        return Choice(best.cost, (*local, *best.assignments))

    # -- options

    def _options(self, place: Place, rest: Sequence[tuple[QueryField, int]]) -> list[Option]:
        """The entries worth weighing: one that another beats in everything is left out."""
        options: list[Option] = []
        gains: list[_Gain] = []
        for entry in sorted(self._reach.entries(place).values(), key=lambda entry: entry.cost):
            for requires, gain in self._gains(place, entry, rest):
                cost = self._entry_cost(place, entry, requires)
                if cost is not None and not any(
                    gain.within(other) and option.cost <= cost for option, other in zip(options, gains, strict=True)
                ):
                    options.append(Option(entry, requires, cost, len(options)))
                    gains.append(gain)
        return options

    def _gains(
        self, place: Place, entry: Entry, rest: Sequence[tuple[QueryField, int]]
    ) -> Iterable[tuple[FieldSet | None, _Gain]]:
        """Per requirement of the entered subgraph, what an entry with it gives; the plain entry first."""
        by_text: dict[str, tuple[FieldSet, _Gain]] = {}
        there = Place(place.type_name, entry.graph)
        plain = _Gain(0, 0)
        for field, wanted in rest:
            requires = self._reach.requirement(place.type_name, field, entry.graph)
            gain = _Gain(
                wanted & self._reach.free(there, field, required=True),
                wanted & self._reach.through(there, field, required=True),
            )
            if requires is None:
                plain = plain.plus(gain)
            elif gain.through and self._reach.satisfiable(place, requires):
                held = by_text.get(requires.text)
                by_text[requires.text] = (requires, gain.plus(held[1]) if held else gain)
        if plain.through and entry.graph != place.graph:
            yield None, plain
        for requires, gain in by_text.values():
            yield requires, gain.plus(plain)

    def _entry_cost(self, place: Place, entry: Entry, requires: FieldSet | None) -> int | None:
        if requires is None:
            return entry.cost * _FETCH
        guard = (place, id(requires))
        if guard in self._costing:
            return None
        self._costing.add(guard)
        try:
            template = self._reach.template(place.type_name, requires)
            return entry.cost * _FETCH + self.choose(place, template.groups[0].fields, template.mask).cost
        finally:
            self._costing.discard(guard)

    # -- subsets

    def _greedy(self, place: Place, rest: Sequence[tuple[QueryField, int]], options: Sequence[Option]) -> Choice:
        chosen: tuple[Option, ...] = ()
        best = self._evaluate(place, rest, chosen)
        while True:
            steps = [(self._evaluate(place, rest, (*chosen, o)), o) for o in options if o not in chosen]
            if not steps:
                return best
            choice, option = min(steps, key=lambda step: step[0].cost)
            if choice.cost >= best.cost:
                return best
            best, chosen = choice, (*chosen, option)

    def _evaluate(self, place: Place, rest: Sequence[tuple[QueryField, int]], subset: Sequence[Option]) -> Choice:
        cost = sum(option.cost for option in subset)
        assignments: list[Assignment] = []
        for field, wanted in rest:
            remaining = wanted
            taken: dict[Option | None, int] = {}
            for option in subset:
                gain = self._free(place, field, option) & remaining
                if gain & ~field.bit or (gain and gain == remaining):
                    taken[option] = gain
                    remaining &= ~gain & ~field.bit
            inner, remaining = self._take_deeper(place, field, remaining, subset, taken)
            cost += inner + (_UNREACHABLE if remaining else 0)
            for source, bits in taken.items():
                assignments.append(Assignment(field, bits, source))
                cost += bits.bit_count() * (source.entry.cost if source else 0)
        return Choice(cost, tuple(assignments))

    def _take_deeper(
        self,
        place: Place,
        field: QueryField,
        remaining: int,
        subset: Sequence[Option],
        taken: dict[Option | None, int],
    ) -> tuple[int, int]:
        """Assign bits that need more fetches below the field; gives their cost and what is left."""
        total = 0
        while remaining:
            best: tuple[int, int, int, Option | None] | None = None
            for order, option in enumerate((None, *subset)):
                gain = self._through(place, field, option) & remaining
                if gain:
                    cost = self._cost_below(place, field, option, gain)
                    candidate = (-gain.bit_count(), cost, order, option)
                    if best is None or candidate[:3] < best[:3]:
                        best = candidate
            if best is None:
                break
            gain = self._through(place, field, best[3]) & remaining
            taken[best[3]] = taken.get(best[3], 0) | gain
            total += best[1]
            remaining &= ~gain
            if taken:
                remaining &= ~field.bit
        return total, remaining

    def _free(self, place: Place, field: QueryField, option: Option) -> int:
        return self._reach.free(self._there(place, option), field, required=self._has_required(place, field, option))

    def _through(self, place: Place, field: QueryField, option: Option | None) -> int:
        if option is None:
            return self._reach.through(place, field) if place.graph else 0
        return self._reach.through(self._there(place, option), field, required=self._has_required(place, field, option))

    def _has_required(self, place: Place, field: QueryField, option: Option) -> bool:
        requires = self._reach.requirement(place.type_name, field, option.entry.graph)
        return requires is None or (option.requires is not None and option.requires.text == requires.text)

    def _there(self, place: Place, option: Option) -> Place:
        return Place(place.type_name, option.entry.graph)

    def _cost_below(self, place: Place, field: QueryField, option: Option | None, mask: int) -> int:
        there = place if option is None else self._there(place, option)
        via = self._reach.via(place.type_name, field, there.graph, there.provided)
        if field.children is None or via is None:
            return 0
        cost = 0
        for group in field.children.groups:
            types = self._reach.present(group, there.graph, via.join.type_name)
            if types and group.mask & mask:
                cost += self.choose(Place(types[0], there.graph, via.provided), group.fields, group.mask & mask).cost
        return cost


def _subsets(options: Sequence[Option]) -> Iterable[tuple[Option, ...]]:
    if len(options) > _EXACT_UP_TO:
        return ((),)
    return chain.from_iterable(combinations(options, size) for size in range(len(options) + 1))
