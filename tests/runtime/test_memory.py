import logging
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock import gguf, memory
from paddock.api import Options
from paddock.engine.backend import LoadSpec
from paddock.errors import OptionError, OutOfMemoryError
from paddock.settings import Settings

GIB = 2**30
LLAMA: dict[str, Any] = {
    "llama.block_count": 30,
    "llama.context_length": 8192,
    "llama.embedding_length": 576,
    "llama.attention.head_count": 9,
    "llama.attention.head_count_kv": 3,
}
PER_TOKEN = 30 * 3 * (64 + 64) * 2
BERT: dict[str, Any] = {
    "bert.block_count": 6,
    "bert.context_length": 512,
    "bert.embedding_length": 384,
    "bert.attention.head_count": 12,
}


def plan(
    metadata: dict[str, Any] = LLAMA,
    architecture: str = "llama",
    *,
    options: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    available: int = 64 * GIB,
    weights_size: int = GIB,
    is_embedding: bool = False,
    is_vision: bool = False,
    has_gpu: bool = False,
    gpus: tuple[int, ...] = (),
) -> LoadSpec:
    return memory.plan(
        Path("weights"),
        metadata,
        architecture,
        options=Options.parse(options),
        settings=Settings(**{"num_parallel": 0, "context_length": 0} | (settings or {})),
        available_memory=available,
        weights_size=weights_size,
        is_embedding=is_embedding,
        is_vision=is_vision,
        has_gpu=has_gpu,
        gpus=gpus,
    )


# -- cache -----------------------------------------------------------------------------------------


def test_a_token_takes_keys_and_values_of_every_layer() -> None:
    assert memory.kv_bytes_per_token(LLAMA, "llama") == PER_TOKEN


def test_layers_without_attention_take_nothing() -> None:
    hybrid = LLAMA | {"llama.block_count": 4, "llama.attention.head_count_kv": [0, 0, 3, 0]}
    assert memory.kv_bytes_per_token(hybrid, "llama") == 3 * 128 * 2


def test_named_head_sizes_go_before_the_model_width() -> None:
    sizes = {"llama.attention.key_length": 100, "llama.attention.value_length": 60}
    assert memory.kv_bytes_per_token(LLAMA | sizes, "llama") == 30 * 3 * 160 * 2


def test_without_kv_heads_every_head_counts() -> None:
    assert memory.kv_bytes_per_token(BERT, "bert") == 6 * 12 * 64 * 2


@given(
    st.dictionaries(
        st.sampled_from([*LLAMA, "llama.attention.key_length", "llama.attention.value_length"]),
        st.one_of(
            st.integers(-(2**63), 2**64 - 1),
            st.text(),
            st.floats(),
            st.booleans(),
            st.lists(st.one_of(st.integers(), st.text()), max_size=5),
        ),
    )
)
def test_no_metadata_breaks_the_estimate(metadata: dict[str, Any]) -> None:
    assert memory.kv_bytes_per_token(metadata, "llama") >= 0


# -- window ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "setting", "trained", "expected"),
    [
        (None, 0, 131072, 4096),
        (None, 16384, 131072, 16384),
        (2048, 16384, 131072, 2048),
        (1, 0, 8192, 4),
        (0, 0, 8192, 4),
        (-5, 0, 8192, 4),
        (4096, 0, 8192, 4096),
        (16384, 0, 8192, 8192),
        (None, 0, 512, 512),
        (None, 16384, 8192, 8192),
        (262144, 0, 0, 262144),
    ],
)
def test_the_window_is_what_was_asked_for_within_the_trained_one(
    asked: int | None, setting: int, trained: int, expected: int
) -> None:
    metadata = LLAMA | {"llama.context_length": trained}
    options = {} if asked is None else {"num_ctx": asked}
    assert plan(metadata, options=options, settings={"context_length": setting}).num_ctx == expected


@pytest.mark.parametrize(
    ("gpus", "overhead", "expected"),
    [
        ((), 0, 4096),
        ((16 * GIB,), 0, 4096),
        ((12 * GIB, 12 * GIB), 0, 32768),
        ((24 * GIB,), 2 * GIB, 4096),
        ((47 * GIB,), 0, 262144),
        ((GIB,), 2 * GIB, 4096),
    ],
)
def test_the_default_window_goes_by_the_memory_of_all_gpus(
    gpus: tuple[int, ...], overhead: int, expected: int
) -> None:
    metadata = LLAMA | {"llama.context_length": 0}
    spec = plan(metadata, settings={"gpu_overhead": overhead}, has_gpu=True, gpus=gpus)
    assert spec.num_ctx == expected
    named = {"gpu_overhead": overhead, "context_length": 8192}
    assert plan(metadata, settings=named, has_gpu=True, gpus=gpus).num_ctx == 8192


def test_a_default_window_whose_cache_does_not_fit_beside_the_weights_is_a_shorter_one() -> None:
    metadata = LLAMA | {"llama.context_length": 0, "llama.block_count": 300}
    fits = PER_TOKEN * 10 * 32768
    gpus = (48 * GIB,)
    assert PER_TOKEN * 10 * 262144 > 48 * GIB - 40 * GIB > fits
    spec = plan(metadata, weights_size=40 * GIB, has_gpu=True, gpus=gpus)
    assert spec.num_ctx == 32768
    assert plan(metadata, weights_size=47 * GIB, has_gpu=True, gpus=gpus).num_ctx == 4096


def test_only_a_window_that_was_asked_for_is_reported_when_it_is_cut(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        plan(BERT, "bert", is_embedding=True)
        assert not caplog.text
        plan(options={"num_ctx": 9000})
    assert "num_ctx 9000" in caplog.text
    assert "8192" in caplog.text


def test_a_cache_that_nothing_can_count_is_refused() -> None:
    endless = {"llama.context_length": 0}
    with pytest.raises(OptionError, match=r"num_ctx.*at most 536870911.*not 2147483647"):
        plan(endless, options={"num_ctx": 2**31 - 1}, settings={"num_parallel": 4})


# -- parallel --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "expected"), [(8, 8), (7, 4), (4, 4), (2, 2), (1, 1), (0, 1)])
def test_the_automatic_number_of_sequences_fits_an_eighth_of_the_memory(
    share: int, expected: int
) -> None:
    available = GIB + 8 * share * 4096 * PER_TOKEN
    assert plan(available=available).parallel == expected


def test_the_setting_decides_the_number_of_sequences_if_there_is_one() -> None:
    assert plan(settings={"num_parallel": 3}, available=0).parallel == 3
    assert plan(settings={"num_parallel": 10**9}).parallel == memory.MAX_PARALLEL


def test_embedding_models_have_one_sequence() -> None:
    assert plan(BERT, "bert", settings={"num_parallel": 4}, is_embedding=True).parallel == 1


# -- batch -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "num_ctx", "parallel", "expected"),
    [
        (None, 4096, 1, 512),
        (None, 256, 1, 256),
        (None, 256, 4, 512),
        (1024, 4096, 1, 1024),
        (8192, 2048, 2, 4096),
        (500, 4096, 1, 448),
        (1, 4096, 1, 64),
        (None, 4, 1, 64),
    ],
)
def test_batches_come_in_steps_within_the_window(
    asked: int | None, num_ctx: int, parallel: int, expected: int
) -> None:
    options = {"num_ctx": num_ctx} | ({} if asked is None else {"num_batch": asked})
    spec = plan(options=options, settings={"num_parallel": parallel})
    assert spec.num_batch == expected


@pytest.mark.parametrize(
    ("asked", "trained", "num_ctx", "expected"),
    [
        (None, 512, None, 512),
        (None, 40960, 40960, 2048),
        (1024, 40960, 40960, 1024),
        (None, 500, None, 512),
        (None, 512, 100, 128),
    ],
)
def test_a_text_of_the_whole_window_fits_an_embedding_batch(
    asked: int | None, trained: int, num_ctx: int | None, expected: int
) -> None:
    options = {"num_batch": asked, "num_ctx": num_ctx}
    set_options = {name: value for name, value in options.items() if value is not None}
    metadata = BERT | {"bert.context_length": trained}
    assert plan(metadata, "bert", options=set_options, is_embedding=True).num_batch == expected


@given(st.integers(1, 2**31 - 1), st.integers(-4, 2**20), st.integers(0, 100), st.booleans())
def test_every_plan_keeps_to_sizes_the_engine_survives(
    num_batch: int, num_ctx: int, parallel: int, is_embedding: bool
) -> None:
    spec = plan(
        options={"num_batch": num_batch, "num_ctx": num_ctx},
        settings={"num_parallel": parallel},
        is_embedding=is_embedding,
    )
    assert spec.num_batch % 64 == 0
    assert 64 <= spec.num_batch <= max(64, -(-spec.num_ctx * spec.parallel // 64) * 64)
    assert 4 <= spec.num_ctx <= 8192


# -- placement and threads -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("use_mmap", "num_gpu", "has_gpu", "expected"),
    [
        (None, None, False, False),
        (None, None, True, True),
        (None, 0, True, False),
        (None, 10, True, True),
        (True, None, False, True),
        (False, None, True, False),
    ],
)
def test_without_a_gpu_weights_are_read_unless_mapping_is_asked_for(
    use_mmap: bool | None, num_gpu: int | None, has_gpu: bool, expected: bool
) -> None:
    options = {"use_mmap": use_mmap, "num_gpu": num_gpu}
    assert plan(options=options, has_gpu=has_gpu).use_mmap is expected


def test_the_cache_is_of_the_type_that_is_set_where_heads_fit_it() -> None:
    names = gguf.TYPE_NAMES
    for name in ("f32", "f16", "q8_0", "q4_0"):
        spec = plan(settings={"kv_cache_type": name, "flash_attention": True})
        assert (names[spec.kv_type].lower(), spec.flash_attention) == (name, True)
    odd = LLAMA | {"llama.attention.key_length": 80}
    assert names[plan(odd, settings={"kv_cache_type": "q8_0"}).kv_type] == "F16"
    with pytest.raises(OptionError, match=r'kv_cache_type must be one of .*, not "q9_9"'):
        plan(settings={"kv_cache_type": "q9_9"})
    whole, half = (
        memory.kv_bytes_per_token(LLAMA, "llama", memory.KV_TYPES[n]) for n in ("f32", "f16")
    )
    assert whole == 2 * half == 2 * PER_TOKEN


@pytest.mark.parametrize(("asked", "expected"), [(None, -1), (-1, -1), (-7, -1), (0, 0), (12, 12)])
def test_a_negative_number_of_gpu_layers_means_as_many_as_fit(
    asked: int | None, expected: int
) -> None:
    assert plan(options={"num_gpu": asked}).num_gpu == expected


def test_the_other_options_arrive_as_they_are() -> None:
    spec = plan(options={"main_gpu": 1, "num_thread": 3})
    assert (spec.main_gpu, spec.num_thread) == (1, 3)
    assert (plan().main_gpu, plan().num_thread) == (None, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_batch", 0),
        ("num_batch", -1),
        ("num_thread", -1),
        ("num_thread", 100_000),
        ("main_gpu", -1),
    ],
)
def test_nonsense_is_refused_with_the_option_the_value_and_the_range(name: str, value: int) -> None:
    with pytest.raises(OptionError, match=rf'option "{name}" must be between .* not {value}$'):
        plan(options={name: value})


def test_only_set_load_options_are_explicit() -> None:
    options = Options(num_ctx=4096, temperature=0.1, use_mmap=False, stop=["x"])
    assert memory.explicit(options) == {"num_ctx", "use_mmap"}
    assert memory.explicit(Options()) == frozenset()


# -- memory ----------------------------------------------------------------------------------------


def test_a_cache_larger_than_the_memory_is_refused_before_the_load() -> None:
    spec = LoadSpec(weights=Path("weights"), num_ctx=8192, parallel=2)
    needed = 8192 * 2 * PER_TOKEN
    memory.require_room(spec, LLAMA, "llama", available_memory=needed, weights_size=2 * needed)
    with pytest.raises(OutOfMemoryError, match=r"8192 tokens for 2 .* smaller num_ctx"):
        memory.require_room(spec, LLAMA, "llama", available_memory=needed - 1, weights_size=1)


def test_weights_larger_than_the_memory_are_mapped_unless_that_is_forbidden() -> None:
    small = {"num_ctx": 4}
    assert not plan(options=small, available=2 * GIB, weights_size=GIB).use_mmap
    assert plan(options=small, available=2 * GIB, weights_size=3 * GIB).use_mmap
    spec = plan(options=small | {"use_mmap": False}, available=2 * GIB, weights_size=3 * GIB)
    with pytest.raises(OutOfMemoryError, match=r"weights need 3\.0 GiB.*use_mmap"):
        memory.require_room(spec, LLAMA, "llama", available_memory=2 * GIB, weights_size=3 * GIB)


def cgroup(folder: Path, limit: str, used: int, inactive: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {inactive}\nslab 1\n")


@pytest.fixture
def membership(tmp_path: Path) -> Path:
    path = tmp_path / "cgroup"
    path.write_text("4:memory:/elsewhere\n0::/outer/inner\n")
    return path


def test_the_tightest_cgroup_limits_the_memory(tmp_path: Path, membership: Path) -> None:
    cgroup(tmp_path / "outer", "5000", used=4000, inactive=500)
    cgroup(tmp_path / "outer" / "inner", "4000", used=1000)
    assert memory.available_memory(cgroups=tmp_path, membership=membership) == 1500


def test_a_full_cgroup_leaves_nothing(tmp_path: Path, membership: Path) -> None:
    cgroup(tmp_path / "outer", "1000", used=4000)
    assert memory.available_memory(cgroups=tmp_path, membership=membership) == 0


def test_an_unlimited_cgroup_leaves_what_the_system_has(tmp_path: Path, membership: Path) -> None:
    cgroup(tmp_path / "outer" / "inner", "max", used=1000)
    available = memory.available_memory(cgroups=tmp_path, membership=membership)
    assert 0 < available <= psutil.virtual_memory().total


def test_without_cgroups_the_system_decides(tmp_path: Path) -> None:
    assert memory.available_memory(cgroups=tmp_path, membership=tmp_path / "none") > 0


# -- models that see -------------------------------------------------------------------------------


def test_a_model_that_sees_has_a_window_that_pictures_fit_into() -> None:
    assert plan(options={"num_ctx": 64}, is_vision=True).num_ctx == 2048
    assert plan(options={"num_ctx": 3000}, is_vision=True).num_ctx == 3000
    short = LLAMA | {"llama.context_length": 512}
    assert plan(short, options={"num_ctx": 64}, is_vision=True).num_ctx == 512


@pytest.mark.parametrize(("architecture", "least"), [("llama", -1), ("qwen2vl", 1024)])
def test_models_that_find_things_in_images_see_them_in_enough_tokens(
    architecture: str, least: int
) -> None:
    metadata = {key.replace("llama", architecture): value for key, value in LLAMA.items()}
    assert plan(metadata, architecture, is_vision=True).image_min_tokens == least
