import pytest

from paddock.errors import TemplateError
from paddock.template.limits import BYTES, DEPTH, STEPS, VALUE_BYTES, Budget


def test_a_value_weighs_as_much_as_its_text() -> None:
    inner = ["x" * 1000]
    once, twice = Budget(None).weight([inner]), Budget(None).weight([inner, inner])
    assert once > 1000
    assert twice > 2000


def test_weighing_what_refers_to_itself_many_times_is_quick() -> None:
    budget, value = Budget(None), ["x"]
    for _ in range(200):
        value = [value, value]
    assert budget.weight(value) > 2**200


def test_steps_run_out() -> None:
    budget = Budget(None)
    budget.step(STEPS // 2)
    with pytest.raises(TemplateError, match="steps"):
        budget.step(STEPS)


def test_bytes_run_out_although_each_value_is_small() -> None:
    budget, text = Budget(None), "x" * (VALUE_BYTES // 2)
    for _ in range(2 * BYTES // VALUE_BYTES):
        budget.made(text)
    with pytest.raises(TemplateError, match="too much text"):
        budget.made(text)


def test_one_value_may_not_be_too_large() -> None:
    with pytest.raises(TemplateError, match="too much text"):
        Budget(None).made("x" * (VALUE_BYTES + 1000))


def test_large_input_raises_the_limits() -> None:
    text = "x" * VALUE_BYTES
    assert Budget(text).made(text + text) == text + text


def test_depth_runs_out() -> None:
    budget = Budget(None)
    for _ in range(DEPTH):
        budget.descend()
    budget.ascend()
    budget.descend()
    with pytest.raises(TemplateError, match="deep"):
        budget.descend()


def test_large_numbers_are_refused() -> None:
    assert Budget(None).made(2**62) == 2**62
    with pytest.raises(TemplateError, match="number"):
        Budget(None).made(2**63)


def test_only_iterators_are_drained() -> None:
    budget, items = Budget(None), [1, 2]
    assert budget.drained(iter(items)) == items
    assert budget.drained(items) is items
    assert budget.drained("ab") == "ab"
