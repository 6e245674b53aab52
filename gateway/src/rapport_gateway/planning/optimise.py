"""Third pass: fewer fetches. Fetches of one subgraph at one place that do not need each other become one."""

from __future__ import annotations

from rapport_gateway.planning.fetch_graph import FetchGraph, Step, StepSelection, can_send_together


def optimise(graph: FetchGraph) -> list[Step]:
    """The steps that remain, each after those it depends on."""
    steps = _ordered(graph.steps)
    merged = True
    while merged:
        merged = _merge_one(steps)
    return _ordered(steps)


def levels(steps: list[Step]) -> dict[Step, int]:
    """How many fetches must have ended before each step can start. Steps come after their dependencies."""
    found: dict[Step, int] = {}
    for step in steps:
        found[step] = 1 + max((found[before] for before in step.after), default=-1)
    return found


def _merge_one(steps: list[Step]) -> bool:
    depth = levels(steps)
    ancestors = _ancestors(steps)
    by_place: dict[tuple[str, object], list[Step]] = {}
    for step in steps:
        if step.is_entity:
            by_place.setdefault((step.graph, step.path), []).append(step)
    for same in by_place.values():
        for number, first in enumerate(same):
            for second in same[number + 1 :]:
                if first in ancestors[second] or second in ancestors[first]:
                    continue
                if not can_send_together(first.inputs, second.inputs):
                    continue
                early, late = sorted((first, second), key=lambda step: (depth[step], step.number))
                if depth[early] == depth[late] or not any(early in step.after for step in steps):
                    _merge(steps, early, late)
                    return True
    return False


def _merge(steps: list[Step], gone: Step, kept: Step) -> None:
    _merge_selection(gone.selection, kept.selection)
    kept.add_inputs(gone.inputs)
    kept.keys |= gone.keys
    kept.contexts |= gone.contexts
    kept.after |= gone.after
    for step in steps:
        if gone in step.after:
            step.after.discard(gone)
            step.after.add(kept)
    steps.remove(gone)
    steps[:] = _ordered(steps)


def _merge_selection(source: StepSelection, target: StepSelection) -> None:
    target.with_typename |= source.with_typename
    for type_name, fields in source.by_type.items():
        present = target.by_type.setdefault(type_name, {})
        for key, field in fields.items():
            held = present.setdefault(key, field)
            if held is not field and held.children is not None and field.children is not None:
                _merge_selection(field.children, held.children)


def _ordered(steps: list[Step]) -> list[Step]:
    done: dict[Step, None] = {}
    waiting = sorted(steps, key=lambda step: step.number)
    while waiting:
        ready = [step for step in waiting if all(before in done for before in step.after)]
        if not ready:
            raise AssertionError("fetches depend on each other in a circle")
        done.update(dict.fromkeys(ready))
        waiting = [step for step in waiting if step not in done]
    return list(done)


def _ancestors(steps: list[Step]) -> dict[Step, set[Step]]:
    found: dict[Step, set[Step]] = {}
    for step in steps:
        found[step] = set(step.after).union(*(found[before] for before in step.after))
    return found
