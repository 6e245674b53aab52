"""What logs say of failures."""

import pytest
from pymongo.errors import OperationFailure

from rapport_shared.logs import failure_facts


@pytest.mark.parametrize(
    ("failure", "facts"),
    [
        (OperationFailure("王芳 did it", 251), {"kind": "OperationFailure", "number": 251}),
        (ValueError("王芳 did it"), {"kind": "ValueError"}),
    ],
)
def test_a_failure_is_told_without_what_it_says(failure: Exception, facts: dict[str, object]) -> None:
    with pytest.raises(type(failure)) as raised:
        raise failure
    told = failure_facts(raised.value)
    stack = str(told.pop("stack"))
    assert told == facts
    assert __file__ in stack
    assert "王芳" not in stack
