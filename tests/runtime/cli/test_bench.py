import json
import subprocess
import sys
from pathlib import Path

import pytest

from paddock import random_model
from paddock.cli import bench
from paddock.cli.bench import Arrivals, Plan, embed_texts, paired, steady_rate, text_of
from paddock.cli.main import run


def test_the_ratio_is_the_median_of_the_rounds_ratios():
    ours = {0: 1.0, 1: 90.0, 2: 20.0, 3: 95.0}
    theirs = {0: 1.0, 1: 100.0, 2: 100.0, 3: 100.0}
    mine, reference, ratio = paired(ours.__getitem__, theirs.__getitem__, rounds=3)
    assert (mine, reference, ratio) == (90.0, 100.0, 0.9)


def test_rounds_take_turns_in_going_first_after_a_warm_up():
    order: list[str] = []

    def rate(name: str):
        def measured(number: int) -> float:
            order.append(f"{name}{number}")
            return 1.0

        return measured

    paired(rate("a"), rate("b"), rounds=2)
    assert order == ["a0", "b0", "a1", "b1", "b2", "a2"]


def test_the_rate_counts_only_while_all_answers_run():
    early = Arrivals([0.0, 1.0, 2.0, 3.0], tokens=4)
    late = Arrivals([1.0, 2.0, 3.0, 4.0, 5.0], tokens=5)
    assert steady_rate([early, late]) == pytest.approx(2.0)


def test_tokens_without_text_are_spread_over_the_parts():
    assert steady_rate([Arrivals([0.0, 1.0, 2.0], tokens=6)]) == pytest.approx(2.0)


def test_answers_that_never_ran_together_have_no_rate():
    assert steady_rate([Arrivals([0.0, 1.0], 2), Arrivals([5.0, 6.0], 2)]) == 0.0


def test_texts_have_the_tokens_asked_for_and_are_the_same_every_time():
    def tokenize(text: str) -> list[int]:
        return list(range(len(text.encode()) // 2))

    text = text_of(("a", 1), 100, tokenize)
    assert 100 <= len(tokenize(text)) < 110
    assert text == text_of(("a", 1), 100, tokenize)
    assert text != text_of(("a", 2), 100, tokenize)


def test_embedding_texts_have_eight_to_a_hundred_and_twenty_words():
    texts = embed_texts()
    lengths = [len(text.split()) for text in texts]
    assert len(texts) == bench.EMBED_TEXTS
    assert min(lengths) >= 8
    assert max(lengths) <= 120
    assert texts == embed_texts()


def test_the_window_holds_the_longest_sequence():
    assert Plan().window == 1280
    assert Plan(prefix_tokens=16, prompt_tokens=16).window == 256


@pytest.mark.parametrize("arguments", [["bench"], ["bench", "x", "--random", "tiny"]])
def test_bench_wants_a_model_or_random_weights(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
):
    assert run(arguments) == 1
    assert "paddock list" in capsys.readouterr().err


def test_bench_refuses_what_is_no_list_of_numbers(capsys: pytest.CaptureFixture[str]):
    assert run(["bench", "x", "--sequences", "1,many"]) == 1
    assert 'invalid argument "1,many" for "--sequences" flag' in capsys.readouterr().err


def test_the_command_line_loads_no_engine_until_it_measures():
    script = "import sys, paddock.cli.main; sys.exit('llama_cpp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.engine
def test_bench_measures_a_completion_model_in_all_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("PADDOCK_MODELS", str(tmp_path / "models"))
    model = random_model.write(tmp_path / "tiny.gguf")
    short = ["--sequences", "1,3", "--tokens", "8", "--prompt-tokens", "32", "--rounds", "1"]
    arguments = ["bench", str(model), "--json", *short, "--prefix-tokens", "64"]
    assert run(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert [(pair["measure"], pair["sequences"]) for pair in report["results"]] == [
        ("prompt", 1),
        ("generation", 1),
        ("generation", 3),
    ]
    assert all(pair["paddock"] > 0 and pair["bare"] > 0 for pair in report["results"])
    assert report["shared_prefix"]["cached"] >= 60
