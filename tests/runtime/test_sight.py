"""Prompts with pictures, on real models: the answers are noise, but they tell what was seen."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests import seeing
from tests.pictures import picture, promising_png
from tests.projectors import KINDS
from tests.rows import picture as rows

from paddock.api import ChatRequest, Image
from paddock.client import Client
from paddock.engine.loop import Engine
from paddock.engine.media import Projector
from paddock.engine.picture import Piece, Placed
from paddock.engine.sequence import Job
from paddock.errors import (
    ContextLengthError,
    DeadlineError,
    GGUFError,
    RequestError,
    UnsupportedError,
)
from paddock.runtime import Runtime
from paddock.sight import tokens_and_pictures


class Letters:
    """A vocabulary of letters, with tokens around a text."""

    bos: int | None = 1
    eos: int | None = 2
    add_bos = True
    add_eos = True

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        assert not special
        return [ord(letter) for letter in text]


def see(image: Image) -> list[Piece]:
    return [[3], rows(-1 if image.value == b"a" else -2, 2), [4]]


IMAGES = [Image(value=b"a"), Image(value=b"b")]


def test_pictures_stand_where_the_text_has_their_places() -> None:
    ids, pictures = tokens_and_pictures(Letters(), "x[img-1]y[img-0]", IMAGES, see)
    assert ids == [1, ord("x"), 3, -2, -2, 4, ord("y"), 3, -1, -1, 4, 2]
    assert [(placed.start, placed.picture.mark) for placed in pictures] == [(3, -2), (8, -1)]


def test_behind_a_context_nothing_begins_anew() -> None:
    ids, pictures = tokens_and_pictures(Letters(), "[img-0]", IMAGES[:1], see, [9, 9])
    assert ids == [9, 9, 3, -1, -1, 4]
    assert isinstance(pictures[0], Placed)
    assert pictures[0].start == 3


# -- real models ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def eyes(tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client whose runtime has a model of each kind, and `blind` without a projector."""
    scratch = tmp_path_factory.mktemp("eyes")
    with Runtime(scratch / "models") as runtime:
        for kind in KINDS:
            seeing.add(runtime, kind, tiny_gguf, scratch)
        client = Client(runtime=runtime)
        options = {"num_thread": 1, "temperature": 0, "num_predict": 8}
        client.create("blind", from_=str(tiny_gguf), template=seeing.CHAT, parameters=options)
        yield client


def asked(*images: bytes, text: str = "what is it?") -> dict[str, Any]:
    return {"role": "user", "content": text, "images": list(images)}


def answer(client: Client, model: str, *messages: dict[str, Any], **fields: Any) -> Any:
    return client.chat(model, list(messages), **fields)


@pytest.mark.engine
@pytest.mark.parametrize("kind", list(KINDS))
def test_answers_depend_on_the_picture_and_on_nothing_else(eyes: Client, kind: str) -> None:
    first, second = picture(60, 40, noise=1), picture(60, 40, noise=2)
    seen = answer(eyes, kind, asked(first))
    other = answer(eyes, kind, asked(second))
    again = answer(eyes, kind, asked(first))
    nothing = answer(eyes, kind, {"role": "user", "content": "what is it?"})
    assert seen.message.content == again.message.content
    assert len({seen.message.content, other.message.content, nothing.message.content}) == 3
    assert seen.prompt_eval_count > nothing.prompt_eval_count


@pytest.mark.engine
@pytest.mark.parametrize("kind", list(KINDS))
def test_a_conversation_goes_on_behind_a_picture_that_is_not_evaluated_again(
    eyes: Client, kind: str
) -> None:
    opening = asked(picture(60, 40, noise=11))
    first = answer(eyes, kind, opening)
    reply = {"role": "assistant", "content": "a thing"}
    more = {"role": "user", "content": "and its colour?"}
    second = answer(eyes, kind, opening, reply, more)
    assert second.prompt_cached_count >= first.prompt_eval_count - 1
    eyes.generate(kind, keep_alive=0)  # unloads: what was evaluated is gone
    alone = answer(eyes, kind, opening, reply, more)
    assert not alone.prompt_cached_count
    assert alone.message.content == second.message.content


@pytest.mark.engine
def test_another_picture_shares_only_the_text_before_it(eyes: Client) -> None:
    first, second = (
        asked(picture(noise=21), text="x[img]y"),
        asked(picture(noise=22), text="x[img]y"),
    )
    before = answer(eyes, "llava", first)
    after = answer(eyes, "llava", second)
    text = answer(eyes, "llava", {"role": "user", "content": "x"}).prompt_eval_count
    assert after.prompt_cached_count < text
    assert before.prompt_eval_count == after.prompt_eval_count


@pytest.mark.engine
@pytest.mark.parametrize("kind", list(KINDS))
def test_several_pictures_in_several_messages_have_their_order(eyes: Client, kind: str) -> None:
    one, two, three = (picture(60, 40, noise=number) for number in (31, 32, 33))

    def told(*images: bytes) -> float:
        talk = [asked(*images[:2]), {"role": "assistant", "content": "two"}, asked(*images[2:])]
        # A picture counts 768 tokens where messages are cut, though it has four here.
        said = answer(eyes, kind, *talk, logprobs=True, truncate=False)
        return said.logprobs[0].logprob

    told_so = told(one, two, three)
    assert abs(told(two, one, three) - told_so) > 1e-3
    assert abs(told(three, two, one) - told_so) > 1e-3
    assert told(one, two, three) == pytest.approx(told_so, abs=1e-3)


@pytest.mark.engine
def test_generate_sees_with_a_template_and_raw_and_places_are_the_callers(eyes: Client) -> None:
    file = picture(noise=4)
    plain = eyes.generate("llava", "what is it?", images=[file])
    rendered = "<|im_start|>user\n[img-0]what is it?<|im_end|>\n<|im_start|>assistant\n"
    raw = eyes.generate("llava", rendered, images=[file], raw=True)
    assert plain.response == raw.response
    assert plain.context is not None
    assert min(plain.context) >= 0, "the picture is no token"
    elsewhere = eyes.generate("llava", "what [img-0] is it?", images=[file], raw=True)
    assert elsewhere.response != raw.response
    assert eyes.generate("llava", "and then?", context=plain.context).response


@pytest.mark.engine
def test_a_text_streams_beside_pictures_as_if_it_were_alone(eyes: Client) -> None:
    hello = {"role": "user", "content": "hello " * 3}
    options = {"num_predict": 60}
    alone = answer(eyes, "gemma3", hello, options=options).message.content
    answers: list[str] = []

    def look(number: int) -> None:
        seen = asked(picture(30, 30, noise=100 + number))
        answers.append(answer(eyes, "gemma3", seen).message.content)

    threads = [threading.Thread(target=look, args=(number,)) for number in range(4)]
    stream = eyes.chat("gemma3", [hello], stream=True, options=options)
    text = next(iter(stream)).message.content or ""
    for thread in threads:
        thread.start()
    text += "".join(part.message.content or "" for part in stream)
    for thread in threads:
        thread.join()
    assert text == alone
    assert len(set(answers)) == 4


# -- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.engine
@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([b"no picture"], "none of the formats"),
        ([picture(noise=1)[:200]], "damaged"),
        ([promising_png(30_000, 30_000)], "too many pixels"),
        ([picture(), b"GIF89a"], "an image"),
        ([b"ID3\x03"], "audio"),
    ],
)
def test_bad_pictures_are_named_and_the_next_good_one_is_seen(
    eyes: Client, images: Sequence[bytes], message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        answer(eyes, "llava", asked(*images))
    assert answer(eyes, "llava", asked(picture(1, 1))).message.content


@pytest.mark.engine
def test_a_picture_needs_a_place_and_a_text_behind_it(eyes: Client) -> None:
    with pytest.raises(RequestError, match=r"has no place in the prompt; write \[img-0\]"):
        eyes.generate("llava", "what is it?", images=[picture()], raw=True)
    with pytest.raises(RequestError, match="cannot end with an image"):
        eyes.generate("llava", "see [img-0]", images=[picture()], raw=True)


@pytest.mark.engine
def test_more_rows_than_the_window_holds_are_an_error_and_not_a_cut(eyes: Client) -> None:
    crowd = [picture(60, 40, noise=number) for number in range(4)]
    with pytest.raises(ContextLengthError, match="the prompt has 4"):
        answer(eyes, "qwen2vl", asked(*crowd))


@pytest.mark.engine
def test_a_model_without_a_projector_does_not_see(eyes: Client) -> None:
    with pytest.raises(UnsupportedError, match="does not support images"):
        answer(eyes, "blind", asked(picture()))


@pytest.mark.engine
def test_a_projector_that_would_end_the_process_is_refused_before_it_is_read(
    eyes: Client, tiny_gguf: Path, tmp_path: Path
) -> None:
    good = KINDS["llava"](tmp_path / "good.gguf")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "text.gguf").hardlink_to(tiny_gguf)
    file = bytearray(good.read_bytes())
    at = file.index(b"clip.vision.patch_size") + len("clip.vision.patch_size") + 4
    file[at : at + 4] = bytes(4)
    (tmp_path / "bad" / "projector.gguf").write_bytes(file)
    eyes.create("bad", from_=str(tmp_path / "bad"), template=seeing.CHAT)
    with pytest.raises(GGUFError, match="patch_size is 0"):
        answer(eyes, "bad", asked(picture()))


@pytest.mark.engine
def test_a_vision_model_has_a_window_that_pictures_fit_into(eyes: Client) -> None:
    answer(eyes, "llava", asked(picture()), options={"num_ctx": 64})
    (loaded,) = (row for row in eyes.ps().models if row.model == "llava:latest")
    assert loaded.context_length == 2048


@pytest.mark.engine
def test_the_projector_counts_in_the_size_of_the_loaded_model(eyes: Client) -> None:
    eyes.generate("llava", keep_alive=0)

    def size() -> int:
        return next(row.size for row in eyes.ps().models if row.model == "llava:latest")

    answer(eyes, "llava", {"role": "user", "content": "hi"})
    blind = size()
    answer(eyes, "llava", asked(picture()))
    assert size() > blind


@pytest.mark.engine
def test_a_request_that_is_given_up_while_its_pictures_are_read_never_reaches_the_engine(
    eyes: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    encode, submitted = Projector.encode, list[Job]()

    def slowly(self: Projector, file: bytes, check: Callable[[], None]) -> list[Piece]:
        begun.set()
        assert go_on.wait(10)
        return encode(self, file, check)

    answer(eyes, "llava", asked(picture()))  # loaded
    monkeypatch.setattr(Projector, "encode", slowly)
    monkeypatch.setattr(Engine, "submit", lambda _, job: submitted.append(job))
    request = ChatRequest(model="llava", messages=[asked(picture(noise=9))])
    stream = eyes.runtime.chat(request)
    assert begun.wait(10)
    stream.close()
    go_on.set()
    for thread in [each for each in threading.enumerate() if each.name == "paddock-call"]:
        thread.join()
    assert not submitted


@pytest.mark.engine
def test_a_deadline_and_a_call_off_are_heeded_before_each_picture(
    eyes: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = Projector.encode

    def slowly(self: Projector, *args: Any) -> Any:
        time.sleep(0.05)
        return encode(self, *args)

    monkeypatch.setattr(Projector, "encode", slowly)
    request = ChatRequest(model="llava", messages=[asked(picture(noise=9))], timeout=0.01)
    with pytest.raises(DeadlineError, match="while its images were read"):
        eyes.runtime.chat(request).result()
    flag = threading.Event()
    flag.set()
    off = ChatRequest(model="llava", messages=[asked(picture(noise=9))], cancel=flag)
    ended = eyes.runtime.chat(off).result()
    assert (ended.done_reason, ended.message.content) == ("cancelled", "")
