import pickle
from typing import Any

import pytest
from langchain_core.language_models import ModelProfile

from langchain_paddock import ChatPaddock
from langchain_paddock._profile import LazyProfile, profile_of
from paddock import ShowResponse

SHOWN = ShowResponse(
    capabilities=["completion", "tools", "thinking"],
    parameters="temperature                    0\nnum_ctx                        2048",
    modelinfo={"llama.context_length": 8192},
    template="{{ .ThinkLevel }}",
)
NOTHING: dict[str, Any] = {"num_ctx": None, "num_predict": None, "fallback": None}


@pytest.mark.parametrize(
    ("asked", "window", "limit"),
    [
        ({}, 2048, 2048),
        ({"num_ctx": 512}, 512, 512),
        ({"num_ctx": 100_000}, 8192, 8192),
        ({"num_predict": 100}, 2048, 100),
        ({"num_predict": -1}, 2048, 2048),
    ],
)
def test_the_window_is_the_one_that_requests_get(asked: Any, window: int, limit: int) -> None:
    profile = profile_of("m", SHOWN, **(NOTHING | asked))
    assert profile["max_input_tokens"] == window
    assert profile["max_output_tokens"] == limit


def test_capabilities_are_told() -> None:
    profile = profile_of("m", SHOWN, **NOTHING)
    assert profile["tool_calling"]
    assert profile["tool_choice"]
    assert profile["structured_output"]
    if "reasoning_effort_levels" in ModelProfile.__annotations__:  # not in every core
        assert profile["reasoning_effort_levels"] == ["low", "medium", "high"]
    assert not profile["image_inputs"]
    plain = profile_of("m", ShowResponse(capabilities=["completion"]), **NOTHING)
    assert plain["max_input_tokens"] == 4096
    assert not plain["tool_calling"]
    assert "reasoning_effort_levels" not in plain


class Shows:
    """A runtime that knows the model only from the second question on."""

    def __init__(self, fake: Any) -> None:
        self.asked = 0
        self.settings = fake().settings

    def show(self, request: Any) -> ShowResponse:
        from paddock import ModelNotFoundError

        self.asked += 1
        if self.asked == 1:
            raise ModelNotFoundError(request.model)
        return SHOWN


def test_it_is_read_when_first_looked_at_and_again_while_the_model_is_missing(fake: Any) -> None:
    runtime = Shows(fake)
    model = ChatPaddock(model="m", runtime=runtime)  # type: ignore[arg-type]
    assert runtime.asked == 0
    assert model.profile is not None
    assert not model.profile
    assert model.profile.get("tool_calling")
    assert model.profile["name"] == "m"
    assert {**model.profile} == dict(model.profile) == profile_of("m", SHOWN, **NOTHING)
    assert runtime.asked == 2


def test_a_profile_of_the_callers_own_is_kept(hello: Any) -> None:
    model = ChatPaddock(model="tiny", runtime=hello, profile={"max_input_tokens": 7})
    assert model.profile == {"max_input_tokens": 7}
    assert pickle.loads(pickle.dumps(model)).profile == {"max_input_tokens": 7}
    assert isinstance(pickle.loads(pickle.dumps(ChatPaddock(model="m"))).profile, LazyProfile)
