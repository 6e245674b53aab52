"""From text to a valid document within the limits: length → parse → measure → validate → estimate."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    Lexer,
    OperationDefinitionNode,
    Source,
    Token,
    get_introspection_query,
    parse,
    validate,
)
from graphql.language.parser import Parser
from graphql.validation.rules import overlapping_fields_can_be_merged
from graphql.validation.validate import ValidationAbortedError

from rapport_gateway.errors import (
    GRAPHQL_PARSE_FAILED,
    GRAPHQL_VALIDATION_FAILED,
    ErrorDict,
    RequestRefused,
    error,
)
from rapport_gateway.limits.cost import Cost, Estimator
from rapport_gateway.limits.evident import EvidentlyValid
from rapport_gateway.limits.limits import Limits
from rapport_gateway.limits.measure import FragmentCycle, Size, measure
from rapport_gateway.limits.reading_process import ReadingProcess
from rapport_gateway.limits.refusal import COUNT_CAP, DocumentRefused, Refusals, limit_error
from rapport_gateway.limits.rules import NO_RULES, CostRules
from rapport_gateway.limits.tokens import has_more_tokens
from rapport_gateway.limits.validation import AllRules
from rapport_gateway.limits.variables import check_variables
from rapport_gateway.tracing import Stages

_MOST_WITH_SUGGESTIONS = 5  # each compares a name with all that are possible in its place
_MAX_ERRORS = 50
LONG_DOCUMENT = 1_000
"""Characters; reading fewer takes some milliseconds at most."""
_RULES = (AllRules,)
_USUAL_NESTING = 50
_WEIGHTLESS_CHARACTERS = 1_000
_MAX_MESSAGE_LENGTH = 1_000  # characters; messages quote what the client sent


def _unmeasured(_: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True, eq=False)
class ReadDocument:
    """`costs` are by operation name, None for the operation that has none; `weight` is for a cache."""

    document: DocumentNode
    costs: Mapping[str | None, Cost]
    weight: int


class DocumentReader:
    """Reads what clients send to one schema; remembers what it refused, for the next time."""

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits,
        *,
        rules: CostRules = NO_RULES,
        remembered: int = 1000,
        stages: Stages = _unmeasured,
        apart: ReadingProcess | None = None,
    ) -> None:
        """`apart` reads what is long, if there is one."""
        self._stages = stages
        self._apart = apart
        self._schema = schema
        self._limits = limits
        self._estimator = Estimator(schema, limits.assumed_list_size, rules)
        self._evident = EvidentlyValid(schema, limits.max_field_comparisons)
        self._refusals = Refusals(remembered)

    def read(self, text: str) -> ReadDocument:
        """Raises DocumentRefused with the limit that the document passes, or every syntax or validation error."""
        self.check_known(text)
        try:
            if self._apart is None or len(text) <= LONG_DOCUMENT:
                return self._read(text)
            with self._stages("read"):
                return self._apart.read(text, self._read)
        except DocumentRefused as refusal:
            self._refusals.remember(text, refusal)
            raise

    def check_known(self, text: str) -> None:
        """What takes no time: the document's length, and whether it was refused before. Raises DocumentRefused."""
        limit = self._limits.max_document_length
        if len(text) > limit:
            raise _exceeded("document_length", limit, "the document's characters", len(text))
        self._refusals.check(text)

    def check_request(self, variables: Mapping[str, Any]) -> None:
        """The variables as they come, before they are coerced. Raises RequestRefused."""
        check_variables(variables, self._limits)

    def check_cost(self, cost: Cost, coerced: Mapping[str, Any]) -> None:
        """Raises RequestRefused when the operation may cost too much with these variables."""
        objects = cost.objects(coerced)
        if objects > self._limits.max_cost:
            what = "objects that the answer may hold, by the sizes of its lists"
            raise RequestRefused([limit_error("cost", self._limits.max_cost, what, objects)])

    def _read(self, text: str) -> ReadDocument:
        with self._stages("parse"):
            document, size = self._parsed(text)
        with self._stages("validate"):
            if size.totals.nesting > _USUAL_NESTING or not self._evident.holds(document):
                _validate(self._schema, document, text, self._limits)
            costs = self._costs(document)
        return ReadDocument(document, costs, size.steps + len(text) // _WEIGHTLESS_CHARACTERS)

    def _parsed(self, text: str) -> tuple[DocumentNode, Size]:
        limits = self._limits
        document = _parse(text, limits)
        definitions = len(document.definitions)
        if definitions > limits.max_definitions:
            raise _exceeded("definitions", limits.max_definitions, "operations and fragments", definitions)
        try:
            size = measure(document)
        except FragmentCycle as cycle:
            message = f"Cannot spread fragment '{cycle.args[0]}' within itself."
            raise DocumentRefused([error(_short(message), GRAPHQL_VALIDATION_FAILED)]) from None
        _check(size, limits)
        return document, size

    def _costs(self, document: DocumentNode) -> dict[str | None, Cost]:
        costs: dict[str | None, Cost] = {}
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                cost = self._estimator.cost(document, node)
                costs[node.name.value if node.name else None] = cost
                self._check_estimate(cost)
        return costs

    def _check_estimate(self, cost: Cost) -> None:
        if cost.unsliced and self._limits.max_cost < COUNT_CAP:
            message = f"'{cost.unsliced[0]}' must be given exactly one of the arguments that limit its length."
            raise DocumentRefused([error(_short(message), GRAPHQL_VALIDATION_FAILED)])
        if cost.height > self._limits.max_height:
            what = "fields, those of the same name in the same place counted once"
            raise _exceeded("height", self._limits.max_height, what, cost.height)
        if cost.introspection and cost.introspection > self._max_introspection:
            what = "objects that introspection may give, twice what the full query needs"
            raise _exceeded("introspection", self._max_introspection, what, cost.introspection)

    @cached_property
    def _max_introspection(self) -> int:
        """Enough for what tools ask for, whatever the size of the schema."""
        document = parse(get_introspection_query(input_value_deprecation=True))
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        return 2 * self._estimator.cost(document, operations[0]).introspection


def _parse(text: str, limits: Limits) -> DocumentNode:
    if has_more_tokens(text, limits.max_tokens):
        raise _exceeded("tokens", limits.max_tokens, "the document's tokens")
    lexer = Lexer(Source(text))
    token: Token | None = lexer.token
    try:
        # Only errors need locations, and they are most of what would be kept, and sent from one process to another.
        return Parser(lexer.source, lexer=lexer, max_tokens=limits.max_tokens, no_location=True).parse_document()
    except RecursionError:
        raise _exceeded("nesting", limits.max_nesting, "brackets nested in brackets") from None
    except GraphQLError as problem:
        # That the parser has given up is told from wrong syntax by the message only.
        if problem.message.endswith("tokens. Parsing aborted."):
            raise _exceeded("tokens", limits.max_tokens, "the document's tokens") from None
        raise DocumentRefused([_formatted(problem, GRAPHQL_PARSE_FAILED)]) from None
    finally:
        while token is not None:  # tokens that know both neighbours are left to the garbage collector, others just go
            token.prev, token = None, token.next


def _check(size: Size, limits: Limits) -> None:
    """Raises DocumentRefused for the first limit that is passed."""
    totals = size.totals
    if size.introspects and not limits.introspection:
        raise DocumentRefused([error("Introspection is turned off.", GRAPHQL_VALIDATION_FAILED)])
    for name, what, actual, maximum in (
        ("depth", "fields nested in fields", totals.depth, limits.max_depth),
        ("nesting", "selection sets nested in selection sets", totals.nesting, limits.max_nesting),
        ("selections", "selections with fragments expanded", totals.selections, limits.max_selections),
        ("root_fields", "fields of one operation's root", totals.root_fields, limits.max_root_fields),
        ("aliases", "aliases in one operation", totals.aliases, limits.max_aliases),
        ("directives", "directives", size.directives, limits.max_directives),
        (
            "directives_per_location",
            "directives in one place",
            size.directives_per_location,
            limits.max_directives_per_location,
        ),
        ("literal_values", "values written into the document", size.literal_values, limits.max_literal_values),
        ("input_depth", "lists and objects nested in arguments", size.literal_depth, limits.max_input_depth),
    ):
        if actual > maximum:
            raise _exceeded(name, maximum, what, actual)


def _validate(schema: GraphQLSchema, document: DocumentNode, text: str, limits: Limits) -> None:
    # The rule reads its budget when a validation starts. A comparison of two fields costs two units.
    overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 2 * limits.max_field_comparisons
    problems = validate(schema, document, _RULES, max_errors=_MAX_ERRORS, hide_suggestions=True)
    if not problems:
        return
    last = problems[-1]
    if isinstance(last, ValidationAbortedError) and not last.message.startswith("Too many"):
        what = "comparisons of fields with the same name in one place"
        raise _exceeded("field_comparisons", limits.max_field_comparisons, what)
    hides = not limits.suggestions or len(problems) > _MOST_WITH_SUGGESTIONS
    located = parse(text, max_tokens=limits.max_tokens)
    problems = validate(schema, located, _RULES, max_errors=_MAX_ERRORS, hide_suggestions=hides)
    raise DocumentRefused([_formatted(problem, GRAPHQL_VALIDATION_FAILED) for problem in problems])


def _exceeded(limit: str, maximum: int, what: str, actual: int | None = None) -> DocumentRefused:
    return DocumentRefused([limit_error(limit, maximum, what, actual)])


def _formatted(problem: GraphQLError, code: str) -> ErrorDict:
    result: dict[str, Any] = {"message": _short(problem.message)}
    if problem.locations:
        result["locations"] = [location.formatted for location in problem.locations]
    result["extensions"] = {"code": code}
    return result


def _short(message: str) -> str:
    return message if len(message) <= _MAX_MESSAGE_LENGTH else message[:_MAX_MESSAGE_LENGTH] + "…"
