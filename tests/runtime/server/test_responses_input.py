from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.errors import RequestError
from paddock.server.responses_input import messages

CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c", "output": "42"}
SAID = {"type": "message", "role": "assistant", "content": "Wait."}
THOUGHT = {"type": "reasoning", "encrypted_content": "hm"}
PNG = b"\x89PNG"


def brief(*items: dict[str, Any]) -> list[tuple[str, str | None, str | None, int]]:
    """Role, text, thoughts and number of calls of each message."""
    return [
        (made.role, made.content, made.thinking, len(made.tool_calls or ()))
        for made in messages(list(items))
    ]


@pytest.mark.parametrize("given", [None, "", []])
def test_no_input_is_no_message(given: Any) -> None:
    assert messages(given) == []


def test_what_is_said_between_a_call_and_its_answer_belongs_to_the_call() -> None:
    assert brief(CALL, SAID, OUTPUT) == [
        ("assistant", "Wait.", None, 1),
        ("tool", "42", None, 0),
    ]


def test_what_is_said_behind_the_answer_is_a_message_of_its_own() -> None:
    assert brief(CALL, OUTPUT, SAID) == [
        ("assistant", "", None, 1),
        ("tool", "42", None, 0),
        ("assistant", "Wait.", None, 0),
    ]


def test_what_a_user_says_in_between_is_not_the_assistants() -> None:
    user = {"role": "user", "content": "Hurry."}
    assert [row[0] for row in brief(CALL, user, SAID, OUTPUT)] == [
        "assistant",
        "user",
        "assistant",
        "tool",
    ]


def test_thoughts_belong_to_what_follows_them() -> None:
    assert brief(THOUGHT, CALL, OUTPUT, THOUGHT, SAID) == [
        ("assistant", "", "hm", 1),
        ("tool", "42", None, 0),
        ("assistant", "Wait.", "hm", 0),
    ]


def test_thoughts_at_the_end_are_a_message_of_their_own() -> None:
    user = {"role": "user", "content": "x"}
    assert brief(user, THOUGHT)[-1] == ("assistant", "", "hm", 0)


def test_outputs_in_parts_keep_texts_and_images() -> None:
    url = "data:image/png;base64," + b64encode(PNG).decode()
    parts = [
        {"type": "input_text", "text": "a"},
        {"type": "input_image", "image_url": url},
        {"type": "input_image"},
        {"type": "input_text", "text": "b"},
    ]
    (message,) = messages([OUTPUT | {"output": parts}])
    assert (message.content, message.tool_call_id) == ("ab", "c")
    assert [image.read() for image in message.images or ()] == [PNG]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (5, "input must be a string or array: "),
        ({"role": "user"}, "input must be a string or array: "),
        ([{}], r"input\[0\]: input item missing required 'type' field"),
        (["x"], r"input\[0\]: input item missing required 'type' field"),
        ([SAID, {"type": "odd"}], r'input\[1\]: unknown input item type: "odd"'),
        (
            [SAID | {"content": [{"type": "odd"}]}],
            r"input\[0\]: content\[0\]: unknown content type: odd",
        ),
        ([SAID | {"content": 5}], r"input\[0\]: content must be a string or array"),
        ([CALL | {"arguments": "[]"}], "failed to parse function call arguments: "),
    ],
)
def test_what_cannot_be_read_is_named(given: Any, complaint: str) -> None:
    with pytest.raises(RequestError, match=complaint):
        messages(given)


def test_ids_of_another_type_are_taken_as_texts() -> None:
    (message,) = messages([OUTPUT | {"call_id": {"a": 1}}])
    assert message.tool_call_id == "{'a': 1}"


KEYS = ["type", "role", "content", "output", "call_id", "arguments", "text", "image_url", "name"]
KINDS = ["message", "reasoning", "function_call", "function_call_output", "input_text"]


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(KEYS),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.sampled_from([*KINDS, "user", "{}"]),
                lambda inside: (
                    st.lists(inside, max_size=2)
                    | st.dictionaries(st.sampled_from(KEYS), inside, max_size=2)
                ),
                max_leaves=5,
            ),
            max_size=4,
        ),
        max_size=4,
    )
)
def test_whatever_the_input_holds_it_is_taken_or_refused(items: list[Any]) -> None:
    try:
        made = messages(items)
    except RequestError:
        return
    assert all(message.role for message in made)
