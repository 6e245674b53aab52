"""The process that reads large documents: python -m rapport_gateway.limits.read_apart; see reading_process.py.

Takes pickles from its standard input: schema, limits and costs first, then one after the other the text of a document,
or a body with the number of values that it may hold. Answers each with what was read, which is nothing for a body, or
with the errors that refuse it.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
from typing import BinaryIO

from graphql import build_schema

from rapport_gateway.errors import ErrorDict, RequestRefused
from rapport_gateway.limits.bodies import check_values
from rapport_gateway.limits.documents import DocumentReader, ReadDocument
from rapport_gateway.limits.limits import Limits

_NICENESS = 5  # where processors are short, requests come first
_NEVER = 1_000_000
_PICKLED_DEPTH = 10_000


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # it ends with the process that asks
    os.nice(_NICENESS)
    try:
        _answer(sys.stdin.buffer, sys.stdout.buffer)
    except (EOFError, BrokenPipeError):
        os._exit(0)


def _answer(questions: BinaryIO, answers: BinaryIO) -> None:
    sdl, limits, rules = pickle.load(questions)  # noqa: S301  (from the process that started this one)
    reader = DocumentReader(build_schema(sdl, assume_valid=True), limits, rules=rules, remembered=0)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEVER)  # what one document leaves behind is collected after it is answered
    while True:
        question = pickle.load(questions)  # noqa: S301
        answers.write(_pickled(_answered(question, reader, limits)))
        answers.flush()
        gc.collect()


def _pickled(answer: object) -> bytes:
    """Nodes in nodes take several levels each; how deep a document may be is limited before."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(_PICKLED_DEPTH)
    try:
        return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
    finally:
        sys.setrecursionlimit(usual)


def _answered(
    question: bytes | tuple[bytes, int], reader: DocumentReader, limits: Limits
) -> ReadDocument | list[ErrorDict] | None:
    try:
        if isinstance(question, bytes):
            return reader.read(question.decode("utf-8", "surrogatepass"))
        check_values(*question, limits)
    except RequestRefused as refusal:
        return refusal.errors
    return None


if __name__ == "__main__":
    main()
