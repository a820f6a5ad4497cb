import pytest
from tests.benchmarks import prompts

from paddock.output.registry import PARSERS


def test_the_table_has_a_figure_for_everything(capsys: pytest.CaptureFixture[str]) -> None:
    prompts.main(rounds=1)
    lines = capsys.readouterr().out.splitlines()
    for name in (
        "rendering, Go template",
        "rendering, Jinja template",
        "bomb, Jinja, text, memory",
    ):
        assert any(line.startswith(name) for line in lines)
    assert len([line for line in lines if line.startswith("parsing, ")]) == len(PARSERS)
