import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from tests import ggufs

from paddock.engine.backend import LoadSpec
from paddock.engine.embedder import EmbeddingJob
from paddock.engine.loaded import LoadedModel, num_contexts
from paddock.engine.sequence import Job, SamplingParams, Token
from paddock.errors import EngineClosedError, LoadError, PaddockError
from paddock.stream import Channel, Plain, Stream

pytestmark = pytest.mark.engine

PROMPT = list(range(60, 100))


@pytest.fixture
def loaded(tiny_gguf: Path) -> Iterator[LoadedModel]:
    model = LoadedModel(LoadSpec(tiny_gguf, num_ctx=256, parallel=2, num_thread=1))
    yield model
    model.close()


def start(model: LoadedModel, count: int) -> Stream[object]:
    channel = Channel()
    job = Job(PROMPT, channel, SamplingParams(temperature=0), num_predict=count)
    model.engine().submit(job)
    return Stream(channel, Plain(), lambda items: items)


class Vectors:
    """Waits for what an embedder answers."""

    def __init__(self, model: LoadedModel, texts: list[list[int]]) -> None:
        self.found: dict[int, object] = {}
        self._all = threading.Event()
        self._count = len(texts)
        model.embedder().submit(EmbeddingJob(texts, self._done, self._done))

    def _done(self, index: int, outcome: "np.ndarray | PaddockError") -> None:
        self.found[index] = outcome
        if len(self.found) == self._count:
            self._all.set()

    def wait(self) -> list[object]:
        assert self._all.wait(20)
        return [self.found[index] for index in range(self._count)]


def test_one_copy_of_the_weights_answers_and_embeds(loaded: LoadedModel) -> None:
    alone = list(start(loaded, 30))
    running = start(loaded, 30)
    vectors = Vectors(loaded, [PROMPT, [5, 6], PROMPT]).wait()
    assert [item.text for item in running if isinstance(item, Token)] == [
        item.text for item in alone if isinstance(item, Token)
    ]
    assert all(isinstance(vector, np.ndarray) for vector in vectors)
    assert vectors[0] == pytest.approx(vectors[2], abs=1e-2)
    assert loaded.embedder() is loaded.embedder()
    assert loaded.engine() is loaded.engine()
    assert loaded.is_alive


def test_sizes_grow_with_what_is_opened(tiny_gguf: Path, loaded: LoadedModel) -> None:
    weights = loaded.size
    assert weights >= tiny_gguf.stat().st_size // 2
    loaded.engine()
    with_engine = loaded.size
    assert with_engine > weights
    loaded.embedder()
    assert loaded.size > with_engine
    assert loaded.size_vram <= loaded.size


def test_closing_ends_what_runs_and_refuses_what_comes(loaded: LoadedModel) -> None:
    running = start(loaded, -1)
    assert isinstance(next(running), Token)
    loaded.embedder()
    loaded.close()
    loaded.close()
    with pytest.raises(EngineClosedError):
        list(running)
    assert not loaded.is_alive
    for open_part in (loaded.engine, loaded.embedder):
        with pytest.raises(EngineClosedError, match="unloaded"):
            open_part()
    with pytest.raises(EngineClosedError, match="unloaded"):
        loaded.weights.tokenize("text")


def test_closing_from_several_threads_while_others_open_parts(tiny_gguf: Path) -> None:
    for _ in range(5):
        model = LoadedModel(LoadSpec(tiny_gguf, num_ctx=64, num_thread=1))
        failures: list[BaseException] = []

        def act(number: int, model: LoadedModel = model, failures: list = failures) -> None:
            try:
                if number % 2:
                    model.close()
                else:
                    list(start(model, 5))
                    Vectors(model, [[5, 6, 7]]).wait()
            except EngineClosedError:
                pass
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=act, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert not failures
        assert not any(thread.is_alive() for thread in threads)


def test_a_load_that_fails_leaves_nothing_behind(tiny_gguf: Path, tmp_path: Path) -> None:
    adapter = ggufs.lora(tmp_path / "lora.gguf", width=32)
    with pytest.raises(LoadError):
        LoadedModel(LoadSpec(tiny_gguf, num_ctx=64, adapters=(adapter,)))
    before = threading.active_count()
    model = LoadedModel(LoadSpec(tiny_gguf, num_ctx=0))
    with pytest.raises(PaddockError, match="num_ctx and num_batch must be positive"):
        model.engine()
    assert threading.active_count() == before
    model.close()


def test_a_load_that_nobody_wants_any_more_stops(tiny_gguf: Path) -> None:
    asked: list[bool] = []

    def is_wanted() -> bool:
        asked.append(len(asked) < 3)
        return asked[-1]

    with pytest.raises(EngineClosedError, match="while it was loading"):
        LoadedModel(LoadSpec(tiny_gguf, num_ctx=64), is_wanted=is_wanted)
    assert asked[:4] == [True, True, True, False]


def test_loading_and_closing_gives_the_memory_back(tiny_gguf: Path) -> None:
    def cycle() -> None:
        model = LoadedModel(LoadSpec(tiny_gguf, num_ctx=1024, parallel=4, num_thread=1))
        list(start(model, 3))
        Vectors(model, [[5, 6, 7]]).wait()
        model.close()

    for _ in range(5):
        cycle()
    process = psutil.Process()
    before = process.memory_info().rss
    for _ in range(20):
        cycle()
    assert process.memory_info().rss - before < 8 * 2**20


def test_an_adapted_model_closes_and_loads_again(tiny_gguf: Path, tmp_path: Path) -> None:
    adapter = ggufs.lora(tmp_path / "lora.gguf")
    spec = LoadSpec(tiny_gguf, num_ctx=128, num_thread=1, adapters=(adapter,))
    texts = []
    for _ in range(2):
        model = LoadedModel(spec)
        texts.append([item.text for item in start(model, 10) if isinstance(item, Token)])
        Vectors(model, [[5, 6, 7]]).wait()
        model.close()
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("size", "threads", "n_batch", "contexts"),
    [
        (50 * 2**20, 2, 512, 2),
        (50 * 2**20, 16, 512, 16),
        (50 * 2**20, 16, 2048, 4),
        (2**30, 16, 512, 4),
        (2**30, 2, 512, 1),
    ],
)
def test_small_models_embed_with_a_context_per_thread(
    size: int, threads: int, n_batch: int, contexts: int
) -> None:
    assert num_contexts(size, threads, n_batch) == contexts
