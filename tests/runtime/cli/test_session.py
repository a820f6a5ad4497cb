import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.api import Message
from paddock.cli.session import Session, parameter_texts, save_request


def said(session: Session) -> list[tuple[str, str | None]]:
    return [(message.role, message.content) for message in session.messages]


def test_a_model_that_can_think_does_unless_told_otherwise():
    session = Session("m", capabilities=("completion", "thinking"))
    assert session.asked_think is True
    session.thinks_by_itself = False
    assert session.asked_think is None
    session.think = False
    assert session.asked_think is False
    assert Session("m").asked_think is None


def test_a_system_text_follows_another_without_words_between():
    session = Session("m")
    session.set_system("one", replaces=True)
    session.set_system("two", replaces=True)
    assert said(session) == [("system", "two")]
    session.set_system("three", replaces=False)
    assert said(session) == [("system", "two"), ("system", "three")]


def test_clearing_keeps_the_system_text():
    session = Session("m")
    session.set_system("be brief", replaces=True)
    session.messages.append(Message(role="user", content="hi"))
    session.clear()
    assert said(session) == [("system", "be brief")]
    empty = Session("m", messages=[Message(role="user", content="hi")])
    empty.clear()
    assert empty.messages == []


@pytest.mark.parametrize(
    ("model", "parent", "base"),
    [("m", "", "m"), ("m", "p", "p"), ("m", "D:\\x\\y", "m"), ("m:cloud", "p", "m:cloud")],
)
def test_a_saved_model_comes_from_its_parent_where_that_is_a_name(
    model: str, parent: str, base: str
):
    assert save_request(Session(model, parent=parent), "new") == {"model": "new", "from": base}


def test_saving_keeps_the_examples_and_what_was_said():
    session = Session(
        "m",
        model_messages=(Message(role="user", content="a"),),
        messages=[Message(role="assistant", content="b")],
        options={"top_k": 3},
    )
    request = save_request(session, "new")
    assert [message["content"] for message in request["messages"]] == ["a", "b"]
    assert request["parameters"] == {"top_k": 3}


def test_options_are_listed_one_value_a_line():
    options = {"stop": ["a", "b"], "use_mmap": True, "top_p": 0.5, "temperature": 2.0}
    assert parameter_texts(options) == [
        ("stop", "a"),
        ("stop", "b"),
        ("use_mmap", "true"),
        ("top_p", "0.5"),
        ("temperature", "2"),
    ]


@given(st.text(), st.text())
def test_any_model_can_be_saved_from_itself_or_its_parent(model: str, parent: str):
    assert save_request(Session(model, parent=parent), "new").get("from", "") in (model, parent)
