"""The figures of a run."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from reliability.checker import LOST, TWICE, Violation


@dataclass(frozen=True)
class Size:
    """How much of everything: kills over at least so many seconds, crashes at each point."""

    kills: int
    seconds: float
    repeats: int
    seed: int


@dataclass
class Summary:
    """Collected along the run, told in one line at its end."""

    kills: int = 0
    crash_points: int = 0
    repeats: int = 0
    networks: int = 0
    mutants: int = 0
    caught: int = 0
    violations: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)

    def found(self, violations: Iterable[Violation]) -> None:
        """Count what was found in the design itself, not in its mutants."""
        self.violations.update(violation.kind for violation in violations)

    def line(self) -> str:
        """Such as ``12 kills, 8 crash points x 3, 12 bad networks, 10 of 10 mutants caught, 0 lost, 0 twice``."""
        other = sum(count for kind, count in self.violations.items() if kind not in {LOST, TWICE})
        return (
            f"{self.kills} kills, {self.crash_points} crash points x {self.repeats}, "
            f"{self.networks} bad networks, "
            f"{self.caught} of {self.mutants} mutants caught, "
            f"{self.violations[LOST]} lost, {self.violations[TWICE]} twice" + (f", {other} other" if other else "")
        )
