from array import array

import hypothesis.strategies as st
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from paddock.engine.cache import Placement, SlotTable, Wait, common_prefix


def _tokens(text: str) -> "array[int]":
    return array("i", list(text.encode()))


def _run(table: SlotTable, text: str, answer: str = "") -> Placement:
    """Place, evaluate and release a sequence."""
    placement = table.place(_tokens(text))
    assert isinstance(placement, Placement)
    slot = table.occupy(placement, _tokens(text + answer))
    table.advance(slot.index, len(slot.tokens) - slot.computed)
    table.release(slot.index)
    return placement


@given(st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3)))
def test_the_common_prefix_is_the_longest_equal_beginning(
    left: list[int], right: list[int]
) -> None:
    size = common_prefix(array("i", left), array("i", right))
    assert left[:size] == right[:size]
    assert size == min(len(left), len(right)) or left[size] != right[size]


def test_the_next_turn_goes_on_in_the_slot_of_the_last_one() -> None:
    table = SlotTable(4, 4096, can_truncate=True)
    first = _run(table, "hello", " world")
    second = _run(table, "hello world, and more")
    assert (second.slot, second.length) == (first.slot, len("hello world"))


def test_the_last_token_is_always_evaluated() -> None:
    table = SlotTable(2, 4096, can_truncate=True)
    _run(table, "hello")
    assert _run(table, "hello").length == len("hello") - 1


def test_conversations_that_alternate_do_not_wipe_each_other() -> None:
    table = SlotTable(4, 4096, can_truncate=True)
    system = "s" * 100
    one, two = system + "1" * 200, system + "2" * 200
    _run(table, one)
    _run(table, two)
    for _ in range(3):
        assert _run(table, one + "x").length == len(one)
        assert _run(table, two + "y").length == len(two)
        one, two = one + "x", two + "y"


def test_a_shared_beginning_is_copied_and_its_holder_kept() -> None:
    table = SlotTable(4, 4096, can_truncate=True)
    system = "s" * 100
    first = _run(table, system + "1" * 200)
    second = _run(table, system + "2" * 50)
    assert (second.source, second.length) == (first.slot, 100)
    assert second.slot != first.slot


def test_a_prefix_too_short_to_be_worth_a_copy_is_evaluated_again() -> None:
    table = SlotTable(4, 65536, can_truncate=True)
    _run(table, "s" * 100 + "1" * 200)
    assert _run(table, "s" * 100 + "2" * 200).length == 0


def test_the_only_slot_is_reused_in_place() -> None:
    table = SlotTable(1, 4096, can_truncate=True)
    _run(table, "abc" + "1" * 200)
    assert _run(table, "abc" + "2" * 200) == Placement(0, 0, 3)


def test_under_pressure_the_least_recently_used_goes_first() -> None:
    table = SlotTable(2, 4096, can_truncate=True)
    first = _run(table, "a" * 50)
    second = _run(table, "b" * 50)
    _run(table, "a" * 51)
    assert _run(table, "c" * 50).slot == second.slot != first.slot


def test_a_request_waits_for_a_prefix_that_is_being_computed() -> None:
    table = SlotTable(4, 4096, can_truncate=True)
    placement = table.place(_tokens("s" * 200 + "1"))
    assert isinstance(placement, Placement)
    slot = table.occupy(placement, _tokens("s" * 200 + "1"))
    assert table.place(_tokens("s" * 200 + "2")) == Wait(slot.index, 200)
    table.advance(slot.index, 200)
    assert table.place(_tokens("s" * 200 + "2")) == Placement(1, 0, 200)


def test_nothing_is_placed_while_every_slot_is_busy() -> None:
    table = SlotTable(1, 4096, can_truncate=True)
    placement = table.place(_tokens("a"))
    assert isinstance(placement, Placement)
    table.occupy(placement, _tokens("a"))
    assert table.place(_tokens("b")) is None


def test_what_a_context_shift_moved_is_never_matched() -> None:
    table = SlotTable(1, 4096, can_truncate=True)
    placement = table.place(_tokens("keep" + "x" * 100))
    assert isinstance(placement, Placement)
    slot = table.occupy(placement, _tokens("keep" + "x" * 100))
    table.advance(slot.index, 104)
    table.shifted(slot.index, 4, 50)
    table.release(slot.index)
    assert _run(table, "keep" + "x" * 50).length == 4


def test_nobody_waits_for_a_prefix_that_a_context_shift_moved() -> None:
    table = SlotTable(2, 64, can_truncate=True)
    running = array("i", [7] * 60)
    table.occupy(Placement(0, 0, 0), running)
    table.advance(0, 60)
    table.shifted(0, 4, 28)
    assert table.place(array("i", [7] * 50)) == Placement(1, 0, 0)


def test_a_model_that_cannot_roll_back_only_continues_exactly_where_it_stands() -> None:
    table = SlotTable(2, 4096, can_truncate=False)
    _run(table, "a" * 50)
    assert _run(table, "a" * 40).length == 0
    assert _run(table, "a" * 60).length == 50


class Accounting(RuleBasedStateMachine):
    """Any run of submissions, progress, shifts and ends keeps the books straight."""

    def __init__(self) -> None:
        super().__init__()
        self.table = SlotTable(3, 4096, can_truncate=True)
        self.held: dict[int, list[int]] = {0: [], 1: [], 2: []}
        """What a context would really hold in true positions."""

    @rule(text=st.text("ab", min_size=1, max_size=40))
    def submit(self, text: str) -> None:
        tokens = _tokens(text)
        placement = self.table.place(tokens)
        if isinstance(placement, Placement):
            prefix = list(tokens[: placement.length])
            assert self.held[placement.source][: placement.length] == prefix
            assert placement.length < len(tokens)
            self.table.occupy(placement, tokens)
            self.held[placement.slot] = prefix
        elif placement is None:
            assert self.table.num_free == 0

    @precondition(lambda self: self.table.num_free < 3)
    @rule(data=st.data())
    def progress(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from([s for s in self.table.slots if s.busy]))
        left = len(slot.tokens) - slot.computed
        count = data.draw(st.integers(0, left))
        if slot.sound == slot.computed:
            self.held[slot.index].extend(slot.tokens[slot.computed : slot.computed + count])
        self.table.advance(slot.index, count)

    @precondition(lambda self: any(s.busy and s.computed >= 4 for s in self.table.slots))
    @rule(data=st.data())
    def shift(self, data: st.DataObject) -> None:
        slot = data.draw(
            st.sampled_from([s for s in self.table.slots if s.busy and s.computed >= 4])
        )
        keep = data.draw(st.integers(0, slot.computed - 2))
        discard = (slot.computed - keep) // 2
        self.table.shifted(slot.index, keep, discard)
        del self.held[slot.index][keep:]

    @precondition(lambda self: self.table.num_free < 3)
    @rule(data=st.data(), fails=st.booleans())
    def end(self, data: st.DataObject, fails: bool) -> None:
        slot = data.draw(st.sampled_from([s for s in self.table.slots if s.busy]))
        if fails:
            self.table.forget([slot.index])
            self.held[slot.index] = []
        else:
            self.table.release(slot.index)

    @invariant()
    def books_are_straight(self) -> None:
        for slot in self.table.slots:
            assert 0 <= slot.sound <= slot.computed <= len(slot.tokens)
            assert list(slot.tokens[: slot.reusable]) == self.held[slot.index][: slot.reusable]
            assert slot.busy or slot.computed == len(slot.tokens)


TestAccounting = Accounting.TestCase
TestAccounting.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def _seen(*parts: str | int) -> "array[int]":
    """Texts, and pictures of five rows by their marks."""
    tokens = array("i")
    for part in parts:
        tokens.extend(part.encode() if isinstance(part, str) else [part] * 5)
    return tokens


def _held(table: SlotTable, tokens: "array[int]", computed: int | None = None) -> None:
    placement = table.place(tokens)
    assert isinstance(placement, Placement)
    slot = table.occupy(placement, tokens)
    table.advance(slot.index, (len(tokens) if computed is None else computed) - slot.computed)
    table.release(slot.index)


def test_the_same_picture_is_a_prefix_and_another_is_not() -> None:
    table = SlotTable(1, 4096, can_truncate=True)
    _held(table, _seen("see ", -1, " what is it"))
    same = table.place(_seen("see ", -1, " who is it"))
    other = table.place(_seen("see ", -2, " what is it"))
    assert isinstance(same, Placement)
    assert isinstance(other, Placement)
    assert (same.length, other.length) == (len("see ") + 5 + len(" wh"), len("see "))


def test_half_a_picture_is_of_no_use() -> None:
    table = SlotTable(1, 4096, can_truncate=True)
    _held(table, _seen("see ", -1, " what"), computed=len("see ") + 3)
    placement = table.place(_seen("see ", -1, " what"))
    assert isinstance(placement, Placement)
    assert placement.length == len("see ")


def test_one_picture_is_a_prefix_of_two_equal_ones_only_as_a_whole() -> None:
    table = SlotTable(1, 4096, can_truncate=True)
    _held(table, _seen("a", -1, -1, "b"))
    placement = table.place(_seen("a", -1, "b"))
    assert isinstance(placement, Placement)
    assert placement.length == 1 + 5
