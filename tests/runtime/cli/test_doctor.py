import sys
from pathlib import Path

import pytest

from paddock.cli import doctor
from paddock.cli.doctor import Finding, advisories, examine, gpu_finding, report
from paddock.cli.main import run
from paddock.runtime import Runtime


@pytest.fixture
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PADDOCK_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(Runtime, "_default", None)
    return tmp_path / "models"


def test_the_report_names_what_matters(own_models: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["doctor"]) == 0
    text = capsys.readouterr().out
    for topic in ("paddock", "Python", "machine", "engine", "GPU", "models", "langchain"):
        assert f" {topic} " in text
    assert str(own_models) in text


def test_a_gpu_that_is_not_used_is_worth_one_command():
    finding = gpu_finding(offloads=False, found="cuda")
    assert finding.state == "note"
    assert "NVIDIA" in finding.text
    assert "GGML_CUDA=on" in finding.remedy
    assert "llama-cpp-python" in finding.remedy


@pytest.mark.parametrize(("offloads", "found"), [(True, "cuda"), (False, None)])
def test_a_gpu_that_is_used_or_absent_needs_nothing(offloads: bool, found: None):
    assert gpu_finding(offloads=offloads, found=found).remedy == ""


def test_without_pip_the_command_is_for_uv(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor, "find_spec", lambda _: None)
    assert "uv pip install --python" in gpu_finding(offloads=False, found="rocm").remedy


@pytest.mark.parametrize(
    ("package", "version", "is_unsafe"),
    [
        ("jinja2", "3.1.5", True),
        ("jinja2", "3.1.6", False),
        ("jinja2", "3.10", False),
        ("llama-cpp-python", "0.3.9", True),
        ("llama-cpp-python", "0.3.36+cu124", False),
    ],
)
def test_versions_known_to_be_unsafe_are_named(package: str, version: str, is_unsafe: bool):
    found = list(advisories({package: version}.get))
    assert [finding.state for finding in found] == (["problem"] if is_unsafe else [])
    assert all(version in finding.text and package in finding.remedy for finding in found)


def test_a_disk_cache_is_told_to_be_out_of_use():
    (finding,) = advisories({"diskcache": "5.6.3"}.get)
    assert (finding.state, finding.remedy) == ("ok", "")
    assert "never uses it" in finding.text
    assert list(advisories({}.get)) == []


def test_the_worst_is_remedied_first():
    text = report(
        [
            Finding("ok", "a", "fine"),
            Finding("note", "b", "could be better", "polish"),
            Finding("problem", "c", "broken", "repair"),
        ]
    )
    assert text.endswith("This would help:\n\n  repair\n")
    assert report([Finding("ok", "a", "fine")]).endswith("Nothing needs to be done.\n")


def test_a_missing_engine_is_a_problem_with_a_remedy(
    own_models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    for name in ("paddock.engine.llama", "paddock.engine.sampling"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert run(["doctor"]) == 1
    text = capsys.readouterr().out
    assert "! engine" in text
    assert "pip install" in text


def test_a_models_folder_that_is_a_file_is_a_problem(own_models: Path):
    own_models.write_text("")
    (finding,) = [finding for finding in examine() if finding.topic == "models"]
    assert (finding.state, finding.text) == ("problem", f"{own_models} is no folder")
