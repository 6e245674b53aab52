"""graphql-core's validation rules in one visitor.

`validate` runs the rules side by side, and for each document asks each of them anew for each kind of node what it has
for it, which takes a third of the time. What a class of rules has for which kind is always the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, cast

from graphql import BREAK, SKIP, ASTValidationRule, GraphQLError, Node, ValidationContext, specified_rules
from graphql.language.visitor import EnterLeaveVisitor

_Visit = Callable[..., Any]


class AllRules(ASTValidationRule):
    """To be given to `validate` as the only rule: the same errors, in the same order."""

    context: ValidationContext

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._rules = [rule(context) for rule in specified_rules]
        # Per rule the node below which it does not look, or BREAK where it is done.
        self._skipping: list[Any] = [None] * len(self._rules)

    def report_error(self, error: GraphQLError) -> None:
        self.context.report_error(error)

    def get_enter_leave_for_kind(self, kind: str) -> EnterLeaveVisitor:
        """`visit` asks for it with each node."""
        found = self.enter_leave_map.get(kind)
        if found is None:
            found = self.enter_leave_map[kind] = self._made(kind)
        return found

    def _made(self, kind: str) -> EnterLeaveVisitor:
        pairs = [
            (number, *(getattr(self._rules[number], name) if name else None for name in names))
            for number, *names in _methods(kind)
        ]
        if not pairs:
            return EnterLeaveVisitor(None, None)
        steps = cast("list[tuple[int, _Visit | None, _Visit | None]]", pairs)
        return EnterLeaveVisitor(self._entering(steps), self._leaving(steps))

    def _entering(self, steps: list[tuple[int, _Visit | None, _Visit | None]]) -> _Visit:
        skipping = self._skipping
        entering = [(number, enter) for number, enter, _ in steps if enter is not None]

        def enter(node: Node, *arguments: Any) -> None:
            for number, visit in entering:
                if skipping[number] is None:
                    result = visit(node, *arguments)
                    if result is SKIP or result is False:
                        skipping[number] = node
                    elif result is BREAK or result is True:
                        skipping[number] = BREAK

        return enter

    def _leaving(self, steps: list[tuple[int, _Visit | None, _Visit | None]]) -> _Visit:
        skipping = self._skipping

        def leave(node: Node, *arguments: Any) -> None:
            for number, _, visit in steps:
                if skipping[number] is node:
                    skipping[number] = None
                elif visit is not None and skipping[number] is None:
                    result = visit(node, *arguments)
                    if result is BREAK or result is True:
                        skipping[number] = BREAK

        return leave


@cache
def _methods(kind: str) -> tuple[tuple[int, str | None, str | None], ...]:
    """By the number of the rule, the names of what it has for entering and leaving; only of rules that have any."""
    found = []
    for number, rule in enumerate(specified_rules):
        enter, leave = (_name(rule, step, kind) for step in ("enter", "leave"))
        if enter or leave:
            found.append((number, enter, leave))
    return tuple(found)


def _name(rule: type[ASTValidationRule], step: str, kind: str) -> str | None:
    return next((name for name in (f"{step}_{kind}", step) if hasattr(rule, name)), None)
