"""The conversation on a real model: what is typed is a list of lines, all else is what it is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paddock.cli.chat import Chat, adopt
from paddock.cli.editor import Interrupted
from paddock.cli.session import Session
from paddock.client import Client
from paddock.errors import PaddockError, RequestError
from paddock.random_model import write

FEW = {"num_predict": 4, "num_thread": 1, "seed": 1}
INTERRUPT = "\x03"


class Script:
    """Lines that were typed before. An INTERRUPT is Ctrl+C, with or without text before it."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = iter(lines)
        self.continued: list[bool] = []
        self.history: list[bool] = []

    def read(self, *, continues: bool = False) -> str:
        self.continued.append(continues)
        try:
            line = next(self._lines)
        except StopIteration:
            raise EOFError from None
        if line.endswith(INTERRUPT):
            raise Interrupted(had_text=len(line) > 1)
        return line

    def keep_history(self, keeps: bool) -> None:
        self.history.append(keeps)


Talk = Callable[..., Session]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Has `tiny`, and `shown`, which brings a system text and an example along."""
    folder = tmp_path_factory.mktemp("chat")
    with Client(models=folder / "models") as client:
        weights = write(folder / "tiny.gguf", type="Q8_0")
        client.create("tiny", from_=str(weights), parameters=FEW)
        client.create(
            "shown", from_="tiny", system="Be kind.", messages=[{"role": "user", "content": "Hi"}]
        )
        yield client


@pytest.fixture(scope="module")
def talk(client: Client) -> Talk:
    """Says lines to a model; gives the session as they left it."""

    def run(*lines: str, model: str = "tiny", script: Script | None = None) -> Session:
        session = Session(model)
        adopt(session, model, client.show(model))
        Chat(client, session, script or Script(list(lines))).run()
        return session

    return run


def roles(session: Session) -> list[str]:
    return [message.role for message in session.messages]


def test_messages_and_answers_take_turns(talk: Talk, capsys: pytest.CaptureFixture[str]):
    session = talk("hello", "  ", "and you?")
    assert roles(session) == ["user", "assistant", "user", "assistant"]
    answers = [message.content for message in session.messages[1::2]]
    assert capsys.readouterr().out == "".join(f"{answer}\n\n" for answer in answers) + "\n"


def test_quotes_open_a_message_of_several_lines(talk: Talk):
    script = Script(['"""one', "/bye", 'three"""', '"""four"""'])
    session = talk(script=script)
    assert [session.messages[at].content for at in (0, 2)] == ["one\n/bye\nthree", "four"]
    assert script.continued == [False, True, True, False, False]


def test_an_interrupt_drops_the_message_and_says_how_to_leave(
    talk: Talk, capsys: pytest.CaptureFixture[str]
):
    session = talk(f"half a line{INTERRUPT}", '"""one', INTERRUPT, INTERRUPT, "/bye", "unread")
    assert session.messages == []
    assert capsys.readouterr().out == "Use Ctrl + d or /bye to exit.\n" * 2


@pytest.mark.parametrize("line", ["/bye", "/exit", "/byebye", "/exit now"])
def test_commands_are_known_by_their_beginning(talk: Talk, line: str):
    script = Script([line, "unread"])
    talk(script=script)
    assert script.continued == [False]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("/frob it", "Unknown command '/frob'. Type /? for help"),
        ("/set frob", "Unknown command '/set frob'. Type /? for help"),
        ("/show frob", "Unknown command '/show frob'. Type /? for help"),
        ("/clear", "Cleared session context"),
        ("/set verbose", "Set 'verbose' mode."),
        ("/set quiet", "Set 'quiet' mode."),
        ("/set wordwrap", "Set 'wordwrap' mode."),
        ("/set nowordwrap", "Set 'nowordwrap' mode."),
        ("/setup verbose", "Set 'verbose' mode."),
        ("/set format json", "Set format to 'json' mode."),
        (
            "/set format xml",
            "Invalid or missing format. For 'json' mode use '/set format json'",
        ),
        ("/set noformat", "Disabled format."),
        ("/set parameter top_k 3", "Set parameter 'top_k' to '3'"),
        ("/set parameter stop a b", "Set parameter 'stop' to 'a, b'"),
        (
            "/set parameter top_k x y",
            'Couldn\'t set parameter: "invalid int value [x y]"',
        ),
        ("/set parameter frob 1", "Couldn't set parameter: \"unknown parameter 'frob'\""),
        ("/set system be   brief", "Set system message."),
        ("/set think hard", 'Couldn\'t set think: "hard"'),
        ("/load", "Usage:\n  /load <modelname>"),
        ("/load nothing", "Loading model 'nothing'\nCouldn't find model 'nothing'"),
        ("/save", "Usage:\n  /save <modelname>"),
        ("/save a/b/c/d/e", "error: The model name 'a/b/c/d/e' is invalid"),
        ("/show license", "No license was specified for this model."),
        ("/show system", "No system message was specified for this model."),
        ("/list none", "NAME    ID    SIZE    MODIFIED "),
    ],
)
def test_commands_answer(talk: Talk, capsys: pytest.CaptureFixture[str], line: str, shown: str):
    talk(line, "/bye")
    assert capsys.readouterr().out == f"{shown}\n"


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("/?", "Commands:"),
        ("/help", "Commands:"),
        ("/? set", "Settings:"),
        ("/? show", "/show modelfile"),
        ("/? shortcuts", "Ctrl + j"),
        ("/set", "Settings:"),
        ("/set system", "Settings:"),
        ("/set parameter top_k", "Common parameters:"),
        ("/show", "What can be shown:"),
        ("/show info", "architecture        llama"),
        ("/set think", 'warning: model "tiny" does not support thinking output'),
        ("/set nothink", 'warning: model "tiny" does not support thinking output'),
    ],
)
def test_help_and_facts_go_to_stderr(
    talk: Talk, capsys: pytest.CaptureFixture[str], line: str, word: str
):
    talk(line, "/bye")
    assert word in capsys.readouterr().err


def test_settings_reach_the_session(talk: Talk):
    script = Script(
        ["/set format json", "/set parameter top_k 3", "/set history", "/set nohistory", "/bye"]
    )
    session = talk(script=script)
    assert (session.format, session.options) == ("json", {"top_k": 3})
    assert script.history == [True, False]


def test_a_format_shapes_the_answer(talk: Talk):
    session = talk("/set parameter num_predict 60", "/set format json", "hello")
    assert (session.messages[1].content or "").lstrip().startswith("{")


def test_a_system_text_may_have_several_lines(talk: Talk):
    session = talk('/set system """be', 'brief"""', "/clear", "/bye")
    assert session.system == "be\nbrief"
    assert roles(session) == ["system"]


def test_statistics_follow_an_answer_when_asked_for(talk: Talk, capsys: pytest.CaptureFixture[str]):
    talk("/set verbose", "hello", "/bye")
    assert "eval rate:            " in capsys.readouterr().err


def test_a_session_can_be_saved_and_loaded(
    talk: Talk, client: Client, capsys: pytest.CaptureFixture[str]
):
    session = talk("/set parameter top_k 3", "/set system be brief", "hello", "/save kept", "/bye")
    assert capsys.readouterr().out.endswith("Created new model 'kept'\n")
    kept = client.show("kept")
    assert kept.system == "be brief"
    assert [message.role for message in kept.messages or []] == roles(session)
    loaded = talk("/set parameter top_p 0.5", "hi", "/load kept", "/bye")
    assert (loaded.model, loaded.options, loaded.messages) == ("kept", {"top_p": 0.5}, [])
    shown = capsys.readouterr().out
    assert "Loading model 'kept'\n>>> hello\n" in shown


def test_an_unknown_model_leaves_the_session_as_it_was(talk: Talk):
    session = talk("hello", "/load nothing", "/bye")
    assert session.model == "tiny"
    assert roles(session) == ["user", "assistant"]


def test_the_examples_of_a_model_are_shown_first(talk: Talk, capsys: pytest.CaptureFixture[str]):
    talk("/bye", model="shown")
    assert capsys.readouterr().out == ">>> Hi\n"


def test_the_modelfile_shows_what_the_session_sets(talk: Talk, capsys: pytest.CaptureFixture[str]):
    talk("/set system Be brief.", "/set parameter seed 7", "/show modelfile", model="shown")
    text = capsys.readouterr().out
    assert "# FROM shown:latest\n\nFROM " in text
    assert "SYSTEM Be brief.\n" in text
    assert "Be kind." not in text
    assert "PARAMETER seed 7\n" in text
    assert "PARAMETER seed 1\n" not in text
    assert "PARAMETER num_predict 4\n" in text


def test_parameters_of_the_model_and_of_the_session_are_told_apart(
    talk: Talk, capsys: pytest.CaptureFixture[str]
):
    talk("/set parameter stop x y", "/show parameters", "/bye")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["Model", "defined", "parameters:"] in lines
    assert ["num_predict", "4"] in lines
    assert lines.index(["User", "defined", "parameters:"]) < lines.index(["stop", "x"])


def test_the_system_text_of_the_session_goes_before_the_models(
    talk: Talk, capsys: pytest.CaptureFixture[str]
):
    talk("/show system", "/set system Be brief.", "/show system", model="shown")
    assert "Be kind.\nSet system message.\nBe brief.\n" in capsys.readouterr().out


def test_the_facts_of_a_model_hold_the_system_text_of_the_session(
    talk: Talk, capsys: pytest.CaptureFixture[str]
):
    talk("/show info", "/set system Be brief.", "/show info", model="shown")
    before, after = capsys.readouterr().err.split("  Model\n")[1:]
    assert "  System\n    Be kind.    \n" in before
    assert "  System\n    Be brief.    \n" in after


def test_an_error_of_the_model_ends_the_conversation(talk: Talk):
    with pytest.raises(PaddockError):
        talk("/set parameter num_ctx 99999999", "hello", "unread")


def test_thinking_that_the_model_cannot_do_is_only_reported(
    talk: Talk, capsys: pytest.CaptureFixture[str]
):
    session = talk("/set think", "hello", "/set nothink", "hello")
    assert roles(session) == ["user", "user", "assistant"]
    assert 'error: "tiny" does not support thinking' in capsys.readouterr().out


def test_models_without_eyes_read_paths_as_text(talk: Talk, tmp_path: Path):
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    session = talk(f"what is {picture}")
    assert session.messages[0].images is None
    assert str(picture) in (session.messages[0].content or "")


def test_models_with_eyes_get_the_picture(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    session = Session("tiny", capabilities=("completion", "vision"))
    with pytest.raises(PaddockError, match="images"):
        Chat(client, session, Script([f"{picture} what is it"])).run()
    assert session.messages[0].content == "what is it"
    assert session.messages[0].images is not None
    assert f"Added image '{picture}'" in capsys.readouterr().err
    picture.write_text("no picture")
    with pytest.raises(RequestError, match="invalid file type"):
        Chat(client, session, Script([f"{picture} what is it"])).run()
    assert "Couldn't process file:" in capsys.readouterr().err
