import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import ggufs

from paddock import random_model
from paddock.api import Options
from paddock.engine import llama
from paddock.engine.backend import Choice, LoadSpec
from paddock.engine.llama import LlamaBackend, LlamaPooling, Weights, pooling_batch
from paddock.engine.loop import Engine
from paddock.engine.sequence import Chunk, Finished, FinishReason, Job, SamplingParams, Step
from paddock.errors import DecodeError, EngineClosedError, LoadError, OptionError
from paddock.memory import KV_TYPES, plan
from paddock.random_model import TINY, Shape
from paddock.settings import Settings
from paddock.stream import Channel, Plain, Stream

pytestmark = pytest.mark.engine

ONE = Shape(layers=1, width=32, heads=2, kv_heads=1, feed_forward=64, context=256)
Open = Callable[..., LlamaBackend]


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def load(opened: ExitStack) -> Callable[..., Weights]:
    def load(path: Path, *, vocab_only: bool = False, **spec: object) -> Weights:
        fields = {"num_ctx": 64, "num_thread": 1} | spec
        weights = Weights(LoadSpec(path, **fields), vocab_only=vocab_only)  # type: ignore[arg-type]
        opened.callback(weights.close)
        return weights

    return load


@pytest.fixture
def open_backend(opened: ExitStack, load: Callable[..., Weights]) -> Open:
    def open_backend(path: Path, **spec: object) -> LlamaBackend:
        fields = {"num_ctx": 128, "num_thread": 1} | spec
        weights = load(path, **fields)
        backend = LlamaBackend(weights, LoadSpec(path, **fields))  # type: ignore[arg-type]
        opened.callback(backend.close)
        return backend

    return open_backend


def evaluate(backend: LlamaBackend, slot: int, start: int, tokens: Sequence[int]) -> Choice:
    """The likeliest token after these, with the log-probabilities of the first ten."""
    backend.decode(Step((Chunk(slot, start, tokens, True),)))
    sampler = backend.sampler(SamplingParams(temperature=0, logprobs=10), tokens)
    choice = sampler.sample(len(tokens) - 1)
    sampler.close()
    return choice


def go_on(backend: LlamaBackend, slot: int, tokens: Sequence[int], known: int) -> list[Choice]:
    """Twelve greedy choices after `tokens`, of which the slot holds the first `known`."""
    choices = [evaluate(backend, slot, known, tokens[known:])]
    while len(choices) < 12:
        position = len(tokens) + len(choices) - 1
        choices.append(evaluate(backend, slot, position, [choices[-1].token]))
    return choices


def assert_same(left: list[Choice], right: list[Choice]) -> None:
    for one, other in zip(left, right, strict=True):
        assert one.token == other.token
        assert [v for _, v in one.top] == pytest.approx([v for _, v in other.top], abs=1e-3)


# -- vocabulary ------------------------------------------------------------------------------------


@given(st.text(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_text_survives_tokens(tiny: Weights, text: str) -> None:
    expected = text.encode("utf-8", "replace").decode()
    assert tiny.detokenize(tiny.tokenize(text, special=False, parse=False)) == expected


@pytest.fixture(scope="module")
def tiny(tiny_gguf: Path) -> Iterator[Weights]:
    weights = Weights(LoadSpec(tiny_gguf, num_ctx=0), vocab_only=True)
    yield weights
    weights.close()


def test_the_processor_is_a_device_with_memory_and_no_gpu() -> None:
    sizes = [size for kind, size in llama.devices() if kind == 0]
    assert len(sizes) == 1
    assert sizes[0] > 2**28
    assert len(llama.gpus()) <= len(llama.devices()) - 1


def test_special_tokens_are_read_only_where_asked(tiny: Weights) -> None:
    assert tiny.tokenize("<|im_end|>") == [tiny.eos]
    written = tiny.tokenize("<|im_end|>", parse=False)
    assert len(written) > 1
    assert tiny.detokenize(written) == "<|im_end|>"
    assert tiny.piece(tiny.eos or 0) == b""
    assert tiny.text_of(tiny.eos) == "<|im_end|>"
    assert tiny.text_of(None) == ""
    assert tiny.eos in tiny.end_tokens()


LONG = {
    "letters": "a" * 2**18,
    "digits": "7" * 2**18,
    "marks": "!" * 2**18,
    "blanks": " " * 2**18,
    "line ends": "\n" * 2**18,
    "emoji": "🤷" * 2**16,
    "words": "a b " * 2**16,
}


def test_no_text_overflows_the_stack_of_a_thread(tiny_gguf: Path, tmp_path: Path) -> None:
    """In a process of its own: what this guards against ends it."""
    path = tmp_path / "bloom.gguf"
    path.write_bytes(tiny_gguf.read_bytes().replace(b"gpt-2", b"bloom"))  # splits by std::regex
    code = f"""
import threading
from pathlib import Path
from paddock.engine.backend import LoadSpec
from paddock.engine.llama import Weights

weights = Weights(LoadSpec(Path({str(path)!r}), num_ctx=0), vocab_only=True)
def run():
    for text in {[(text[0:4], len(text)) for text in LONG.values()]!r}:
        whole = (text[0] * text[1])[: text[1]]
        assert weights.detokenize(weights.tokenize(whole)) == whole
threading.stack_size(2**20)
thread = threading.Thread(target=run)
thread.start()
thread.join()
print("done")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "done", done.stderr[-2000:]


@pytest.mark.parametrize("name", LONG)
def test_long_texts_are_tokenized_whole_in_any_vocabulary(
    name: str, load: Callable[..., Weights], tmp_path: Path
) -> None:
    pieces = ggufs.sentence_pieces(tmp_path / "v.gguf")
    path = random_model.write(tmp_path / "m.gguf", ONE, vocab=pieces, chat_template=None)
    weights = load(path, vocab_only=True)
    text = LONG[name]
    started = time.perf_counter()
    tokens = weights.tokenize(text)
    assert time.perf_counter() - started < 5
    assert tokens[0] == weights.bos
    assert weights.bos not in tokens[1:]
    assert weights.detokenize(tokens) == " " + text


def test_parts_of_a_text_give_the_tokens_of_the_whole(
    load: Callable[..., Weights], tmp_path: Path, tiny: Weights
) -> None:
    pieces = ggufs.sentence_pieces(tmp_path / "v.gguf")
    path = random_model.write(tmp_path / "m.gguf", ONE, vocab=pieces, chat_template=None)
    for weights in (load(path, vocab_only=True), tiny):
        for unit in (" the cat", " the cat\n", "\nthe cat", " cat. the"):
            one = weights.tokenize("x" + unit, special=False)
            start = weights.tokenize("x", special=False)
            assert one[: len(start)] == start
            tokens = weights.tokenize("x" + unit * 4000, special=False)
            assert tokens == start + one[len(start) :] * 4000


def test_closing_waits_for_those_who_read(tiny_gguf: Path) -> None:
    weights = Weights(LoadSpec(tiny_gguf, num_ctx=0), vocab_only=True)
    text = "the user is in the house " * 20_000
    expected = len(weights.tokenize(text))
    outcomes: list[object] = []

    def read() -> None:
        try:
            while True:
                outcomes.append(len(weights.tokenize(text)))
        except EngineClosedError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    weights.close()
    weights.close()
    for thread in threads:
        thread.join(20)
    assert [type(outcome) for outcome in outcomes].count(EngineClosedError) == 3
    assert all(outcome == expected for outcome in outcomes if isinstance(outcome, int))
    with pytest.raises(EngineClosedError, match="unloaded"):
        weights.piece(300, special=True)


# -- cells -----------------------------------------------------------------------------------------

PROMPT = list(range(60, 100))


@pytest.fixture(params=[False, True], ids=["streams", "one pool"])
def backend(request: pytest.FixtureRequest, tiny_gguf: Path, open_backend: Open) -> LlamaBackend:
    return open_backend(tiny_gguf, parallel=3, kv_unified=request.param)


@pytest.fixture
def fresh(tiny_gguf: Path, open_backend: Open) -> list[Choice]:
    """What a context that has seen nothing else says after the prompt."""
    return go_on(open_backend(tiny_gguf), 0, PROMPT, 0)


def test_a_slot_cut_back_goes_on_as_a_fresh_one(backend: LlamaBackend, fresh: list[Choice]) -> None:
    evaluate(backend, 1, 0, PROMPT[:25] + [7] * 30)
    assert backend.truncate(1, 25)
    assert_same(go_on(backend, 1, PROMPT, 25), fresh)
    assert backend.truncate(1, 39)
    assert_same(go_on(backend, 1, PROMPT, 39), fresh)
    assert backend.truncate(1, 0)
    assert_same(go_on(backend, 1, PROMPT, 0), fresh)


@pytest.mark.parametrize("length", [1, 20, 39])
def test_a_copied_prefix_is_as_good_as_an_evaluated_one(
    backend: LlamaBackend, fresh: list[Choice], length: int
) -> None:
    evaluate(backend, 0, 0, PROMPT)
    evaluate(backend, 2, 0, [9] * 50)  # what is copied over is gone
    assert backend.copy(0, 2, length)
    backend.decode(Step((Chunk(0, len(PROMPT), [5, 6, 7], False),)))  # and no longer shared
    assert_same(go_on(backend, 2, PROMPT, length), fresh)
    assert backend.truncate(0, len(PROMPT) - 1)
    assert_same(go_on(backend, 0, PROMPT, len(PROMPT) - 1), fresh)


def test_neighbours_in_a_step_do_not_touch_each_other(
    backend: LlamaBackend, fresh: list[Choice]
) -> None:
    backend.decode(
        Step((Chunk(0, 0, [5] * 9, True), Chunk(1, 0, PROMPT[:30], False), Chunk(2, 0, [8], True)))
    )
    backend.decode(Step((Chunk(0, 9, [6], True), Chunk(2, 1, [8] * 20, False))))
    assert_same(go_on(backend, 1, PROMPT, 30), fresh)


def test_a_shifted_slot_runs_on(backend: LlamaBackend) -> None:
    assert backend.facts.can_shift
    tokens = [60 + n % 90 for n in range(128)]
    evaluate(backend, 1, 0, tokens)
    for _ in range(3):
        backend.shift(1, 10, 50)
        for position in range(78, 128):
            assert evaluate(backend, 1, position, [position]).logprob is not None


def test_a_shift_moves_what_was_evaluated_and_drops_the_rest(backend: LlamaBackend) -> None:
    """After it, the slot holds kept and moved cells: cutting back to the kept ones is exact."""
    evaluate(backend, 0, 0, PROMPT)
    backend.shift(0, 10, 20)
    moved = evaluate(backend, 0, 20, [7])
    assert moved.logprob is not None
    assert backend.truncate(0, 10)
    shifted = evaluate(backend, 0, 10, PROMPT[10:])
    evaluate(backend, 1, 0, PROMPT[:10])
    assert_same([shifted], [evaluate(backend, 1, 10, PROMPT[10:])])


def test_a_step_without_room_is_an_error_and_the_context_lives_on(
    tiny_gguf: Path, open_backend: Open, fresh: list[Choice]
) -> None:
    backend = open_backend(tiny_gguf)
    assert backend.n_batch == 128
    evaluate(backend, 0, 0, [5] * 128)
    evaluate(backend, 0, 128, [5] * 128)  # the library rounds windows up to 256
    with pytest.raises(DecodeError, match="no room"):
        evaluate(backend, 0, 256, [5])
    backend.truncate(0, 0)
    assert_same(go_on(backend, 0, PROMPT, 0), fresh)


def run(
    engine: Engine, tokens: Sequence[int], count: int, *, without: Iterable[int] = ()
) -> tuple[str, Finished]:
    channel = Channel()
    bias = tuple((token, -math.inf) for token in without)
    params = SamplingParams(temperature=0, logit_bias=bias)
    engine.submit(Job(tokens=tokens, channel=channel, params=params, num_predict=count))
    *texts, finished = Stream(channel, Plain(), list)
    return "".join(token.text for token in texts), finished


def test_a_cancelled_answer_leaves_a_slot_that_is_as_good_as_new(
    tiny_gguf: Path, open_backend: Open
) -> None:
    engine = Engine(open_backend(tiny_gguf, num_ctx=256, parallel=2))
    try:
        expected, _ = run(engine, PROMPT, 30)
        for _ in range(3):
            channel = Channel()
            engine.submit(Job(tokens=[*PROMPT[:-5], 9, 9], channel=channel, num_predict=200))
            stream = Stream(channel, Plain(), list)
            next(stream)
            stream.close()
            again, finished = run(engine, PROMPT, 30)
            assert again == expected
            assert finished.cached_count >= 35
    finally:
        engine.close()


@pytest.mark.parametrize("kind", ["f32", "q8_0"])
def test_a_cache_of_another_type_takes_its_size_and_answers_alike(
    kind: str, tmp_path: Path, open_backend: Open
) -> None:
    path = random_model.write(tmp_path / "wide.gguf", replace(TINY, width=128), type="Q8_0")
    plain = open_backend(path, num_ctx=2048)
    other = open_backend(path, num_ctx=2048, kv_type=KV_TYPES[kind], flash_attention=True)
    cells = (backend.footprint.total for backend in (plain, other))
    smaller, larger = sorted(cells)
    assert (plain.footprint.total == smaller) is (kind == "f32")
    assert smaller < larger
    mine, its = evaluate(plain, 0, 0, PROMPT), evaluate(other, 0, 0, PROMPT)
    assert mine.token == its.token
    assert its.top[0][1] == pytest.approx(mine.top[0][1], abs=0.1)


def test_a_quantised_cache_without_flash_attention_is_a_load_error(
    tmp_path: Path, open_backend: Open
) -> None:
    path = random_model.write(tmp_path / "wide.gguf", replace(TINY, width=128))
    with pytest.raises(LoadError, match=r"(?i)flash"):
        open_backend(path, kv_type=KV_TYPES["q8_0"], flash_attention=False)


def test_an_answer_goes_on_beyond_the_window(tiny_gguf: Path, open_backend: Open) -> None:
    engine = Engine(open_backend(tiny_gguf, num_ctx=256))
    try:
        _, finished = run(engine, PROMPT, 700)
        assert finished.reason is FinishReason.LENGTH
        assert finished.eval_count == 700
    finally:
        engine.close()


# -- adapters and other architectures --------------------------------------------------------------


def test_an_adapter_changes_the_answer(
    tiny_gguf: Path, open_backend: Open, fresh: list[Choice], tmp_path: Path
) -> None:
    adapter = ggufs.lora(tmp_path / "lora.gguf")
    adapted = open_backend(tiny_gguf, adapters=(adapter,))
    choices = go_on(adapted, 0, PROMPT, 0)
    assert choices[0].top != fresh[0].top
    assert [choice.token for choice in choices] != [choice.token for choice in fresh]


@pytest.mark.parametrize("unfit", [{"width": 32}, {"architecture": "mamba"}])
def test_an_unfit_adapter_is_a_load_error(
    tiny_gguf: Path, tmp_path: Path, unfit: dict[str, object]
) -> None:
    adapter = ggufs.lora(tmp_path / "lora.gguf", **unfit)  # type: ignore[arg-type]
    with pytest.raises(LoadError, match=r"cannot apply the adapter lora\.gguf: .*mismatch|shape"):
        Weights(LoadSpec(tiny_gguf, num_ctx=64, adapters=(adapter,)))


def test_a_model_is_no_adapter_and_a_text_no_model(tiny_gguf: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.gguf"
    text.write_text("no model at all")
    with pytest.raises(LoadError, match="cannot apply the adapter tiny"):
        Weights(LoadSpec(tiny_gguf, num_ctx=64, adapters=(tiny_gguf,)))
    with pytest.raises(LoadError, match="cannot apply the adapter text"):
        Weights(LoadSpec(tiny_gguf, num_ctx=64, adapters=(text,)))
    with pytest.raises(LoadError, match="cannot load text"):
        Weights(LoadSpec(text, num_ctx=64))
    with pytest.raises(LoadError, match="cannot load gone"):
        Weights(LoadSpec(tmp_path / "gone.gguf", num_ctx=64))


def test_a_recurrent_model_cannot_be_cut_back_and_answers_right(
    tiny_gguf: Path, open_backend: Open, tmp_path: Path
) -> None:
    path = ggufs.mamba(tmp_path / "mamba.gguf", tiny_gguf)
    backend = open_backend(path, parallel=2)
    assert not backend.facts.can_truncate
    expected = go_on(open_backend(path), 0, PROMPT, 0)
    backend.decode(Step((Chunk(0, 0, PROMPT[:30], False), Chunk(1, 0, [9] * 12, False))))
    assert backend.copy(0, 1, 30)
    assert_same(go_on(backend, 1, PROMPT, 30), expected)
    assert not backend.truncate(1, 20)
    assert_same(go_on(backend, 1, PROMPT, 0), expected)
    assert_same(go_on(backend, 0, PROMPT, 30), expected)


def test_a_recurrent_model_runs_in_the_engine(
    tiny_gguf: Path, open_backend: Open, tmp_path: Path
) -> None:
    path = ggufs.mamba(tmp_path / "mamba.gguf", tiny_gguf)
    backend = open_backend(path, num_ctx=256, parallel=2)
    engine = Engine(backend)
    try:
        text, finished = run(engine, PROMPT, 20)
        assert run(engine, [9, 9, 9], 20)[0] != text
        assert run(engine, PROMPT, 20)[0] == text
        follow = [*finished.tokens, 5, 6]
        longer, more = run(engine, follow, 20)
        assert more.cached_count == len(finished.tokens) - 1  # the last was chosen, not evaluated
        for other in ([8, 8, 8], [9, 9, 9]):
            run(engine, other, 20)
        again, more = run(engine, follow, 20)
        assert (again, more.cached_count) == (longer, 0)
        beyond = run(engine, PROMPT, 400, without=backend.facts.end_tokens)[1]
        assert beyond.eval_count == 400
    finally:
        engine.close()


# -- sizes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("num_batch", [1, 64, 100, 512, 2048])
@pytest.mark.parametrize("parallel", [1, 3, 8, 31, 64])
def test_every_planned_shape_can_be_filled(
    num_batch: int, parallel: int, tiny_gguf: Path, open_backend: Open
) -> None:
    metadata = {"llama.context_length": 2048, "llama.block_count": 2}
    spec = plan(
        tiny_gguf,
        metadata,
        "llama",
        options=Options(num_batch=num_batch, num_ctx=100),
        settings=Settings(num_parallel=parallel),
        available_memory=2**34,
        weights_size=0,
        is_embedding=False,
    )
    backend = open_backend(
        tiny_gguf, num_ctx=spec.num_ctx, num_batch=spec.num_batch, parallel=spec.parallel
    )
    size = min(spec.num_ctx, backend.n_batch // parallel)
    step = Step(tuple(Chunk(slot, 0, [5] * size, True) for slot in range(parallel)))
    backend.decode(step)
    sampler = backend.sampler(SamplingParams(temperature=0), [5])
    assert len({sampler.sample(size * (slot + 1) - 1).token for slot in range(parallel)}) == 1
    sampler.close()


def test_impossible_contexts_are_refused(tiny_gguf: Path, load: Callable[..., Weights]) -> None:
    weights = load(tiny_gguf)
    for spec in (
        LoadSpec(tiny_gguf, num_ctx=0),
        LoadSpec(tiny_gguf, num_ctx=64, parallel=0),
        LoadSpec(tiny_gguf, num_ctx=64, parallel=257),
    ):
        with pytest.raises(OptionError, match="cannot open a context"):
            LlamaBackend(weights, spec)


@pytest.mark.parametrize("wanted", [1, 63, 64, 100, 300, 500, 513, 1000, 2048, 2049])
def test_embedding_contexts_of_any_size_can_be_filled(
    wanted: int, tiny_gguf: Path, load: Callable[..., Weights]
) -> None:
    weights = load(tiny_gguf)
    pooling = LlamaPooling(weights, wanted)
    try:
        assert pooling.n_batch >= wanted
        one = pooling.embed([PROMPT], threads=1)[0]
        many = pooling.embed([PROMPT[:8]] * 63 + [PROMPT[:8]], threads=1)
        assert len(many) == 64
        assert one.shape == (weights.n_embd,)
        full = pooling.embed([[5] * (pooling.n_batch - 40), PROMPT], threads=2)
        cosine = full[1] @ one / (np.linalg.norm(full[1]) * np.linalg.norm(one))
        assert cosine > 0.9995
    finally:
        pooling.close()
        pooling.close()


def test_embedding_contexts_have_sizes_that_are_known_to_work() -> None:
    assert [pooling_batch(n) for n in (1, 512, 513, 4096, 5000)] == [512, 512, 1024, 4096, 8192]
