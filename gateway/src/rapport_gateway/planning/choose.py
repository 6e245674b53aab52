"""Which subgraph gives which field of an object, with the fewest fetches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, combinations

from rapport_gateway.planning.operation import QueryField
from rapport_gateway.planning.reach import Entry, Place, Reach
from rapport_gateway.planning.weigh import (
    FETCH_COST,
    NO_ENTRIES,
    NO_GAIN,
    Assignment,
    Choice,
    Gain,
    Option,
    Weighing,
    entering,
    union,
)
from rapport_gateway.supergraph.field_sets import FieldSet

_EXACT_UP_TO = 4
_Wanted = Sequence[tuple[QueryField, int]]
_Offer = tuple[FieldSet | None, Gain]
_NOTHING: _Offer = (None, NO_GAIN)


class Chooser:
    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._memo: dict[tuple[Place, tuple[int, ...], int, frozenset[str]], Choice] = {}
        self._kept: list[Sequence[QueryField]] = []  # the memo goes by identity, so what was asked must live on
        self._costing: set[tuple[Place, str, str]] = set()
        self._circular = False

    def choose(
        self, place: Place, fields: Sequence[QueryField], mask: int, preferred: frozenset[str] = frozenset()
    ) -> Choice:
        """Bits of `mask` that cannot be had are left out; the caller compares. Among equally cheap ways, one into the
        `preferred` subgraphs is taken."""
        key = (place, tuple(map(id, fields)), mask, preferred)
        choice = self._memo.get(key)
        if choice is None:
            choice = self._decide(place, fields, mask, preferred)
            if not self._costing:
                self._circular = False
            if not self._circular:  # an answer that left out what is being reckoned holds for the moment only
                self._kept.append(fields)
                self._memo[key] = choice
        return choice

    def entered(self, place: Place, fields: Sequence[QueryField], mask: int) -> frozenset[str]:
        """The subgraphs that are entered at the object itself."""
        return frozenset(graph for graph, _ in self.choose(place, fields, mask).entries)

    def _decide(self, place: Place, fields: Sequence[QueryField], mask: int, preferred: frozenset[str]) -> Choice:
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
            return Choice(0, tuple(local), NO_ENTRIES)
        best = _best(self._weighing(place, rest, preferred))
        return Choice(best.cost, (*local, *best.assignments), best.entries)

    def _weighing(self, place: Place, rest: _Wanted, preferred: frozenset[str]) -> Weighing:
        """The entries worth weighing: one that another beats in everything is left out."""

        def cost_below(field: QueryField, option: Option | None, mask: int) -> int:
            there = place if option is None else Place(place.type_name, option.entry.graph)
            return self.cost_below(there, field, mask)

        weighing = Weighing(rest, self._local(place, rest), cost_below)
        found: list[tuple[Option, list[Gain], Gain]] = []
        entries = self._reach.entries(place).values()
        for entry in sorted(entries, key=lambda entry: (entry.cost, entry.graph not in preferred)):
            offers = self._offers(place, entry, rest)
            for requires in self._requirements(place, entry, offers):
                option = self._option(place, entry, requires)
                if option is not None:
                    gains = [gain if _is_met(needed, requires) else NO_GAIN for needed, gain in offers]
                    found.append((option, gains, union(gains)))
        for option, gains in _not_beaten(found):
            weighing.add(option, gains)
        return weighing

    def _local(self, place: Place, rest: _Wanted) -> list[Gain]:
        if not place.graph:
            return [NO_GAIN] * len(rest)
        return [Gain(0, wanted & self._reach.through(place, field)) for field, wanted in rest]

    def _offers(self, place: Place, entry: Entry, rest: _Wanted) -> list[_Offer]:
        """Per field, what the entered subgraph requires for it and then gives."""
        offers: list[_Offer] = []
        for field, wanted in rest:
            via = self._reach.via(place.type_name, field, entry.graph)
            if via is None:
                offers.append(_NOTHING)
                continue
            through = wanted & self._reach.through_via(via, field)
            # Of a leaf, nothing is fetched below.
            is_leaf = field.children is None or not through
            free = through if is_leaf else wanted & self._reach.free_via(via, field)
            needed = self._reach.required(via.join, place.type_name, field) if through else None
            offers.append((needed, Gain(free, through)))
        return offers

    def _requirements(self, place: Place, entry: Entry, offers: Sequence[_Offer]) -> Iterator[FieldSet | None]:
        """The ways to enter: plainly, and with each requirement that can be met."""
        useful = [needed for needed, gain in offers if gain.through]
        if None in useful and entry.graph != place.graph:
            yield None
        for needed in {needed.text: needed for needed in useful if needed is not None}.values():
            if self._reach.can_send(place, entry, needed):
                yield needed

    def _option(self, place: Place, entry: Entry, requires: FieldSet | None) -> Option | None:
        own = {entering(entry, requires): entry.cost * FETCH_COST}
        if requires is None:
            return Option(entry, requires, own)
        guard = (place, entry.graph, requires.text)
        if guard in self._costing:
            self._circular = True
            return None
        self._costing.add(guard)
        try:
            template = self._reach.template(place.type_name, requires)
            needed = self.choose(place, template.fields, template.mask)
            below = needed.cost - sum(needed.entries.values())
            return Option(entry, requires, {**needed.entries, **own}, below)
        finally:
            self._costing.discard(guard)

    def cost_below(self, there: Place, field: QueryField, mask: int) -> int:
        """What the fetches below a field cost when `there` gives the field itself."""
        via = self._reach.via(there.type_name, field, there.graph, there.provided)
        if field.children is None or via is None:
            return 0
        cost = 0
        for group in field.children.groups:
            types = self._reach.present(group, via.join.graph, via.join.type_name)
            if types and group.wanted_mask & mask:
                below = Place(types[0], via.join.graph, via.provided)
                cost += self.choose(below, group.wanted, group.wanted_mask & mask).cost
        return cost


def _best(weighing: Weighing) -> Choice:
    """Options that alone lead to something are set; of the others, all sets are tried, or they are added one by one."""
    forced = tuple(weighing.forced())
    others = [option for option in weighing.options if option not in forced]
    if len(others) <= _EXACT_UP_TO:
        sets = chain.from_iterable(combinations(others, size) for size in range(len(others) + 1))
        return min((weighing.evaluate((*forced, *chosen)) for chosen in sets), key=lambda choice: choice.cost)
    chosen, best = forced, weighing.evaluate(forced)
    while others:
        tried = [(weighing.evaluate((*chosen, option)), option) for option in others]
        choice, option = min(tried, key=lambda step: step[0].cost)
        if choice.cost >= best.cost:
            break
        best, chosen = choice, (*chosen, option)
        others.remove(option)
    return best


def _not_beaten(found: Sequence[tuple[Option, list[Gain], Gain]]) -> Iterator[tuple[Option, list[Gain]]]:
    """Without the options that another one beats in everything, unless they are entered for a requirement anyway."""
    needed = {key for option, _, _ in found for key in option.entries if key != option.entering}
    kept: list[tuple[Gain, int]] = []
    for option, gains, total in found:
        cost = option.cost
        is_beaten = any(total.within(other) and other_cost <= cost for other, other_cost in kept)
        if not is_beaten or option.entering in needed:
            kept.append((total, cost))
            yield option, gains


def _is_met(needed: FieldSet | None, requires: FieldSet | None) -> bool:
    return needed is None or (requires is not None and needed.text == requires.text)
