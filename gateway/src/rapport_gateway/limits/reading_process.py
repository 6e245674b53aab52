"""Large documents and bodies are read in a process of their own.

A thread would do to keep the event loop free, but not to keep it quick: the interpreter lets one thread run at a time,
and when the machine takes the processor from the one that reads, the loop waits with it.
"""

from __future__ import annotations

import logging
import pickle
import subprocess
import sys
from collections.abc import Callable
from threading import Lock
from typing import IO, TYPE_CHECKING, Any

from graphql import GraphQLSchema, print_schema

from rapport_gateway.errors import INTERNAL_SERVER_ERROR, ErrorDict, RequestRefused, refused
from rapport_gateway.limits.limits import Limits
from rapport_gateway.limits.refusal import DocumentRefused
from rapport_gateway.limits.rules import CostRules

if TYPE_CHECKING:
    from rapport_gateway.limits.documents import ReadDocument

_LOG = logging.getLogger("rapport_gateway.reading")
_LOST = (OSError, EOFError, pickle.UnpicklingError)
_MODULE = "rapport_gateway.limits.read_apart"
_END_SECONDS = 5.0


class ReadingProcess:
    """Reads one document or body at a time, for one schema. Its methods wait: they are not for the loop's thread."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, rules: CostRules) -> None:
        self._schema = schema
        self._limits = limits
        self._rules = rules
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()
        self._is_closed = False

    def start(self) -> None:
        """So that the first document need not wait for it. A process that cannot be started is told in the log."""
        with self._lock:
            self._running()

    def read(self, text: str, otherwise: Callable[[str], ReadDocument]) -> ReadDocument:
        """What was read has no locations. `otherwise` reads where there is no process. Raises RequestRefused."""
        answer: ReadDocument | list[ErrorDict] = self._asked(
            text.encode("utf-8", "surrogatepass"), lambda: otherwise(text)
        )
        if isinstance(answer, list):
            raise DocumentRefused(answer)
        return answer

    def check_body(self, body: bytes, most: int) -> None:
        """Whether it is JSON that holds no more than so many values; nobody looks where there is no process. Raises
        RequestRefused."""
        answer = self._asked((body, most), lambda: None)
        if isinstance(answer, list):
            raise RequestRefused(answer)

    def _asked(self, question: object, otherwise: Callable[[], Any]) -> Any:
        """What the process answers, a list of errors where it refuses."""
        with self._lock:
            process = self._running()
            if process is None:
                return otherwise()
            try:
                _send(process, question)
                return pickle.load(_pipe(process.stdout))  # noqa: S301  (our own)
            except _LOST:
                self._lost(process)
                raise refused("The request could not be read.", INTERNAL_SERVER_ERROR, 500) from None

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            if self._process is not None:
                _end(self._process)
                self._process = None

    def _running(self) -> subprocess.Popen[bytes] | None:
        if self._process is None and not self._is_closed:
            try:
                command = [sys.executable, "-m", _MODULE]
                self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
                _send(self._process, (print_schema(self._schema), _plain(self._limits), self._rules))
            except _LOST as problem:
                _LOG.warning("large documents are read in this process: no other can be started (%s)", problem)
                if self._process is not None:
                    self._lost(self._process)
        return self._process

    def _lost(self, process: subprocess.Popen[bytes]) -> None:
        _LOG.error("the process that reads large documents ended, the next one starts another")
        _end(process)
        self._process = None


def _plain(limits: Limits) -> Limits:
    """Without what settings hold besides: keys are nobody else's business."""
    return Limits(**{name: getattr(limits, name) for name in Limits.__slots__})


def _send(process: subprocess.Popen[bytes], message: object) -> None:
    pipe = _pipe(process.stdin)
    pickle.dump(message, pipe, pickle.HIGHEST_PROTOCOL)
    pipe.flush()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101  (it was asked for)
    return pipe


def _end(process: subprocess.Popen[bytes]) -> None:
    """It ends when nothing more can come."""
    for pipe in (process.stdin, process.stdout):
        try:
            _pipe(pipe).close()
        except OSError:
            continue
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
