import pytest

from paddock.cli.thinking import parse_think
from paddock.errors import RequestError


@pytest.mark.parametrize(
    ("text", "value"), [("", True), ("true", True), ("false", False), ("low", "low")]
)
def test_thinking_has_levels(text: str, value: object):
    assert parse_think(text) == value


def test_an_unknown_level_of_thinking_is_refused():
    with pytest.raises(RequestError) as caught:
        parse_think("hard")
    assert str(caught.value) == (
        'invalid value for --think: "hard" (must be true, false, high, medium, low, or max)'
    )
