"""Compares composition and planning with other implementations, on a corpus of small sets of subgraphs.

For each set: the supergraph means the same as the one that Apollo's composition makes, and others can read it, or both
refuse the set with the same codes. For each operation: the plan has no more fetches than that of Apollo's planner, made
of the same supergraph. `--verbose` prints what differs; words choose the sets whose names hold one of them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tests.conformance import oracle, ours
from tests.conformance.canonical import canonical
from tests.conformance.corpus import SubgraphSet, read_corpus
from tests.conformance.random_operations import random_operations
from tests.conformance.random_sets import random_sets

from rapport_gateway.supergraph.errors import CompositionProblem

_RANDOM = 150
_RANDOM_OPERATIONS = 8


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the table; `details` say what differs."""

    subject: str
    finding: str
    passed: bool
    details: tuple[str, ...] = ()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--verbose", action="store_true", help="print what differs")
    parser.add_argument("words", nargs="*", help="only sets whose names hold one of these")
    parser.add_argument("--random", type=int, default=_RANDOM, metavar="COUNT", help="how many random sets")
    parser.add_argument("--seed", type=int, default=2, help="of the random sets")
    options = parser.parse_args()
    made = random_sets(options.seed, options.random)
    sets = [*read_corpus(options.words), *(each for each in made if _is_asked_for(each, options.words))]
    urls = {name: f"http://{name}.test/graphql" for each in sets for name in each.subgraphs}
    own = [ours.composed(each, urls) for each in sets]
    sets = [_with_operations(each, made) for each, made in zip(sets, own, strict=True)]
    try:
        oracle.install()
        answers = oracle.ask(sets, urls, [made if isinstance(made, str) else None for made in own])
    except oracle.Unavailable as problem:
        print(f"conformance: {problem}", file=sys.stderr)
        return 2
    checks = [check for asked in zip(sets, answers, own, strict=True) for check in _checks(*asked)]
    _print(checks, verbose=options.verbose)
    failed = sum(not check.passed for check in checks)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed or not checks else 0


def _with_operations(each: SubgraphSet, made: str | list[CompositionProblem]) -> SubgraphSet:
    """Random operations for random sets, where they compose."""
    if each.is_to_be_refused is not None or not isinstance(made, str):
        return each
    return replace(each, operations=random_operations(made, each.name, _RANDOM_OPERATIONS))


def _is_asked_for(each: SubgraphSet, words: list[str]) -> bool:
    return not words or any(word in each.name for word in words)


def _checks(each: SubgraphSet, answer: dict[str, Any], own: str | list[CompositionProblem]) -> Iterator[Check]:
    yield _composition(each, answer, own)
    if "sdl" not in answer:
        return
    for operation, planned, peer in zip(each.operations, answer["planned"], answer["peers"], strict=True):
        subject = f"{each.name} / {operation.name}"
        # Planned on the same supergraph, so that a difference in composition does not hide one in planning.
        found = ours.fetches(answer["sdl"], operation.text)
        theirs, peers = planned.get("fetches"), peer.get("fetches", "-")
        finding = f"{found if isinstance(found, int) else 'no'} fetches, Apollo {theirs}, Hive {peers}"
        passed = isinstance(found, int) and (theirs is None or found <= theirs)
        details = [str(item) for item in (found, planned.get("failed")) if isinstance(item, str)]
        yield Check(subject, finding, passed, tuple(details))


def _composition(each: SubgraphSet, answer: dict[str, Any], own: str | list[CompositionProblem]) -> Check:
    if "codes" in answer:
        theirs = tuple(f"Apollo: {code} {text}" for code, text in zip(answer["codes"], answer["messages"], strict=True))
        if isinstance(own, str):
            return Check(each.name, f"composed, but Apollo refuses: {_codes(answer['codes'])}", False, theirs)
        codes = [problem.code for problem in own]
        same = set(codes) == set(answer["codes"])
        finding = (
            f"refused: {_codes(codes)}" if same else f"refused: {_codes(codes)}; Apollo: {_codes(answer['codes'])}"
        )
        details = () if same else (*(f"ours: {problem}" for problem in own), *theirs)
        return Check(each.name, finding, same and each.is_to_be_refused is not False, details)
    if not isinstance(own, str):
        finding = f"refused, but Apollo composes: {_codes([problem.code for problem in own])}"
        return Check(each.name, finding, False, tuple(f"ours: {problem}" for problem in own))
    mine, theirs = canonical(own), tuple(canonical(answer["sdl"]))
    differences = [f"not read by others: {reason}" for reason in answer["unread"]]
    differences += [f"only ours: {line}" for line in mine if line not in theirs]
    differences += [f"only Apollo: {line}" for line in theirs if line not in mine]
    finding = (
        f"supergraph differs in {len(differences)} facts" if differences else f"same supergraph ({len(mine)} facts)"
    )
    return Check(each.name, finding, not differences and not each.is_to_be_refused, tuple(differences))


def _codes(codes: list[str]) -> str:
    return ", ".join(sorted(set(codes)))


def _print(checks: list[Check], *, verbose: bool) -> None:
    width = max((len(check.subject) for check in checks), default=0)
    for check in checks:
        print(f"{'ok  ' if check.passed else 'FAIL'}  {check.subject.ljust(width)}  {check.finding}")
        if verbose and not check.passed:
            for line in check.details:
                print(f"        {line}")


if __name__ == "__main__":
    raise SystemExit(main())
