"""One structured prediction: an object of a pydantic class that grows with the model's JSON.

Knows schemas, partial JSON and LlamaIndex's events for it; knows no model and asks nothing.
"""

from functools import cached_property
from typing import Any, Generic, TypeVar

from llama_index.core.base.llms.types import ChatResponse
from llama_index.core.instrumentation.events.llm import (
    LLMStructuredPredictEndEvent,
    LLMStructuredPredictInProgressEvent,
    LLMStructuredPredictStartEvent,
)
from llama_index.core.program.utils import FlexibleModel, create_flexible_model
from llama_index.core.prompts import PromptTemplate
from llama_index_instrumentation import get_dispatcher
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

Output = TypeVar("Output", bound=BaseModel)

dispatcher = get_dispatcher(__name__)


class Structured(Generic[Output]):
    """Follows the responses of one prediction: `feed` those that stream in, then `finish`."""

    def __init__(
        self, output: type[Output], template: PromptTemplate, arguments: dict[str, Any]
    ) -> None:
        self._output = output
        self._text = ""
        self._last: Output | FlexibleModel | None = None
        dispatcher.event(
            LLMStructuredPredictStartEvent(
                output_cls=output, template=template, template_args=arguments
            )
        )

    def keywords(self, given: dict[str, Any] | None) -> dict[str, Any]:
        return {**(given or {}), "format": self._output.model_json_schema()}

    def feed(self, response: ChatResponse) -> list[Output | FlexibleModel]:
        """The object as far as it is written, if that is more than before."""
        self._text = response.message.content or ""
        found = self._partial()
        if found is None or found == self._last:
            return []
        self._last = found
        dispatcher.event(LLMStructuredPredictInProgressEvent(output=found))
        return [found]

    def finish(self) -> list[Output]:
        """The whole object, unless `feed` gave it. ValidationError if the answer was cut off."""
        found = self.whole(self._text)
        return [] if found == self._last else [found]

    def whole(self, text: str) -> Output:
        found = self._output.model_validate_json(text)
        dispatcher.event(LLMStructuredPredictEndEvent(output=found))
        return found

    @cached_property
    def _flexible(self) -> type[FlexibleModel]:
        return create_flexible_model(self._output)

    def _partial(self) -> Output | FlexibleModel | None:
        try:
            value = from_json(self._text, allow_partial="trailing-strings")
        except ValueError:
            return None
        for kind in (self._output, self._flexible):
            try:
                return kind.model_validate(value)
            except ValidationError:
                continue
        return None
