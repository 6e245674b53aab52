"""graphql-core's validation rules in one visitor.

`validate` runs the rules side by side, and for each document asks each of them anew for each kind of node what it has
for it, which takes a third of the time. What a class of rules has for which kind is always the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

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
        entering, leaving = _methods(kind)
        if not leaving:
            return EnterLeaveVisitor(None, None)
        return EnterLeaveVisitor(self._entering(entering) if entering else None, self._leaving(leaving))

    def _entering(self, steps: Sequence[tuple[int, _Visit]]) -> _Visit:
        rules, skipping = self._rules, self._skipping

        def enter(node: Node, *arguments: Any) -> None:
            for number, visit in steps:
                if skipping[number] is None:
                    result = visit(rules[number], node, *arguments)
                    if result is None:
                        continue
                    if result is SKIP or result is False:
                        skipping[number] = node
                    elif result is BREAK or result is True:
                        skipping[number] = BREAK

        return enter

    def _leaving(self, steps: Sequence[tuple[int, _Visit | None]]) -> _Visit:
        rules, skipping = self._rules, self._skipping

        def leave(node: Node, *arguments: Any) -> None:
            for number, visit in steps:
                if skipping[number] is node:
                    skipping[number] = None
                elif visit is not None and skipping[number] is None:
                    result = visit(rules[number], node, *arguments)
                    if result is BREAK or result is True:
                        skipping[number] = BREAK

        return leave


@cache
def _methods(kind: str) -> tuple[tuple[tuple[int, _Visit], ...], tuple[tuple[int, _Visit | None], ...]]:
    """By the number of the rule, what it does on entering and on leaving; only of rules that do either."""
    entering: list[tuple[int, _Visit]] = []
    leaving: list[tuple[int, _Visit | None]] = []
    for number, rule in enumerate(specified_rules):
        enter, leave = (_method(rule, step, kind) for step in ("enter", "leave"))
        if enter is not None:
            entering.append((number, enter))
        if enter is not None or leave is not None:
            leaving.append((number, leave))
    return tuple(entering), tuple(leaving)


def _method(rule: type[ASTValidationRule], step: str, kind: str) -> _Visit | None:
    return next((getattr(rule, name) for name in (f"{step}_{kind}", step) if hasattr(rule, name)), None)
