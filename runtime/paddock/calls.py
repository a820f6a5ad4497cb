"""One request on its way from a model's name to the engine: resolve, lease, prompt, submit.

Knows the order of the checks (the reference's) and what each step needs; knows no client and no
thread: `Call.start` and `Call.serve` run wherever the Runtime puts them, and never wait.
"""

import math
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from paddock import prompt, vision
from paddock.api import (
    ChatRequest,
    GenerateRequest,
    Image,
    Message,
    Options,
    RunRequest,
    Think,
    Tool,
)
from paddock.constraint import Choice, answer_grammar, read_choice
from paddock.dialogue import Reading, dialogue_for, dialogue_of_template
from paddock.durations import parse_keep_alive
from paddock.engine import gbnf
from paddock.engine.picture import Piece, Placed
from paddock.engine.sequence import Finished, FinishReason, Job, SamplingParams
from paddock.errors import (
    ContextLengthError,
    DeadlineError,
    LoadError,
    OptionError,
    RequestError,
    UnsupportedError,
)
from paddock.models import Model
from paddock.respond import Empty, Prepared, Preview
from paddock.sight import See, tokens_and_pictures
from paddock.stream import Cancelled, Channel
from paddock.template.go import GoTemplate

if TYPE_CHECKING:
    from paddock.engine.llama import Weights
    from paddock.engine.loaded import LoadedModel
    from paddock.scheduler import Lease

R = TypeVar("R", bound="TimedRequest")

MIN_PROMPT_LIMIT = 1 << 20
"""Characters that a prompt may always have; above, 32 per token of the window. Nothing longer can
fit, and tokenising it would only take long."""


MAX_STOPS: Final = 1000
MAX_STOP_LENGTH: Final = 1 << 16
"""Each is looked for after every token, on the thread that all answers of a model come from:
100,000 of them took seconds a token."""

_ENDLESS: Final = 1 << 30
"""A window that holds any prompt."""


class TimedRequest(Protocol):
    """What every request for a loaded model has."""

    model: str
    options: Options | None
    keep_alive: float | str | None


class Host(Protocol):
    """What a call needs from the runtime."""

    def resolve(self, name: str) -> Model: ...

    def lease(
        self, model: Model, options: Options, keep_alive: int | None
    ) -> "Future[Lease[LoadedModel]]": ...

    def unload(self, model: Model) -> None: ...

    def run(self, channel: Channel, work: Callable[[], None], *, apart: bool = False) -> None:
        """Run `work` on a worker, or `apart` from those that others wait for, where it takes
        seconds; what it raises fails the channel."""
        ...


class Call(ABC, Generic[R]):
    """What every request that needs a loaded model goes through."""

    def __init__(self, host: Host, request: R, channel: Channel) -> None:
        self._host = host
        self._request = request
        self._channel = channel
        self._started = time.monotonic_ns()

    def start(self) -> None:
        """Find the model, check the request, and ask for a lease."""
        request = self._request
        keep_alive = None if request.keep_alive is None else parse_keep_alive(request.keep_alive)
        self._model = model = self._host.resolve(request.model)
        if self.is_unload(keep_alive):
            self._host.unload(model)
            self._answer(Empty("unload"))
            return
        self.check(model)
        asked = request.options or Options()
        check_window(model, asked)
        self._options = asked.over(model.parameters)
        future = self._host.lease(model, self._options, keep_alive)
        self._channel.on_cancel(future.cancel)
        future.add_done_callback(self._leased)

    def _leased(self, future: "Future[Lease[LoadedModel]]") -> None:
        if not future.cancelled():
            self._host.run(
                self._channel, lambda: self._begin(future.result()), apart=self.takes_long()
            )

    def _begin(self, lease: "Lease[LoadedModel]") -> None:
        # The lease ends with the answer: finished, failed, or nobody listening any more.
        self._channel.on_end(lease.release)
        if self._channel.cancelled:
            return
        try:
            self.serve(lease.loaded)
        except LoadError:
            # A window for which there is no room must not stay loaded and refuse smaller ones.
            self._host.unload(self._model)
            raise

    def _answer(self, *items: object) -> None:
        for item in items:
            self._channel.put(item)
        self._channel.finish()

    def elapsed(self) -> int:
        """Nanoseconds since the request came."""
        return time.monotonic_ns() - self._started

    # what differs

    def is_unload(self, keep_alive: int | None) -> bool:
        """Whether the request only asks to give the model's memory back."""
        return False

    def takes_long(self) -> bool:
        """Whether `serve` works for seconds before the engine does."""
        return False

    def check(self, model: Model) -> None:
        """Refuse what the model cannot do, before anything is loaded."""

    @abstractmethod
    def serve(self, loaded: "LoadedModel") -> None:
        """Hand the work to the engine, or answer at once."""


def check_window(model: Model, asked: Options) -> None:
    """No window, or one beyond what the model was trained for, cannot work. Raises OptionError.

    (Reference: cuts it silently, and the caller never learns why text goes missing.)
    """
    if asked.num_ctx is not None and asked.num_ctx < 1:
        raise OptionError(
            f'option "num_ctx" must be positive, not {asked.num_ctx}; leave it out for the default'
        )
    trained = model.gguf.get("context_length") if model.weights else None
    if asked.num_ctx is not None and isinstance(trained, int) and 0 < trained < asked.num_ctx:
        raise OptionError(
            f'option "num_ctx" must be at most {trained}, the length that "{model.name.short}" was '
            f"trained for, not {asked.num_ctx}"
        )


# -- generation ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prompt as text, and what takes the answer to it apart."""

    text: str
    reading: Reading | None = None
    """None: the answer is all content."""
    leading_bos: str = ""
    """BOS text that the prompt begins with, where it is not the tokenizer's own."""
    dropped: int = 0
    """Tokens of the messages that did not fit."""
    dropped_count: int = 0
    """How many messages those are."""
    images: Sequence[Image] = ()
    """By the numbers that they have in the text."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A prompt as the engine takes it."""

    ids: list[int]
    original_count: int | None = None
    """Tokens before the prompt was cut; None if it was not."""
    reading: Reading | None = None
    text: str = ""
    """What they were made of, before any of them were cut off."""
    dropped_count: int = 0
    """Messages that were left out."""
    num_images: int = 0
    pictures: tuple[Placed, ...] = ()


class _CalledOffError(Exception):
    """The request was called off before it came to the engine."""


Q = TypeVar("Q", bound="ChatRequest | GenerateRequest")


class RunCall(Call[Q]):
    """What chat and generate share."""

    verb = "generate"
    is_completion = True

    def check(self, model: Model) -> None:
        request = self._request
        if "completion" not in model.capabilities:
            raise UnsupportedError(f'"{request.model}" does not support {self.verb}')
        if request.think and "thinking" not in model.capabilities:
            raise UnsupportedError(f'"{request.model}" does not support thinking')
        wanted = {name: getattr(request, name) for name in ("format", "grammar", "choices")}
        given = [name for name, value in wanted.items() if value]
        if len(given) > 1:
            raise RequestError(f"{' and '.join(given)} constrain the answer; give one of them")
        if self.has_images():
            self._check_sight(model)

    def _check_sight(self, model: Model) -> None:
        if "vision" not in model.capabilities:
            raise UnsupportedError(f'"{model.name.short}" does not support images')
        if self._request.debug_render_only:
            return
        if not model.projectors:
            raise UnsupportedError(
                f'the vision of "{model.name.short}" is inside of its weights, where paddock '
                "cannot read it; make the model of a GGUF and a projector (mmproj) beside it"
            )
        vision.check(model.parts[0])

    def takes_long(self) -> bool:
        return self.has_images()

    @abstractmethod
    def is_empty(self) -> bool: ...

    @abstractmethod
    def has_images(self) -> bool: ...

    def is_unload(self, keep_alive: int | None) -> bool:
        return self.is_empty() and keep_alive == 0

    def serve(self, loaded: "LoadedModel") -> None:
        engine = loaded.engine()
        load_duration = self.elapsed()  # a first request's context is opened here, not before
        if self.is_empty():
            self._answer(Empty("load"))
            return
        request = self._request
        if request.debug_render_only:
            tokens = self.tokens(loaded.weights, engine.n_ctx)
            self._answer(Preview(tokens.text, tokens.num_images))
            return
        # Loading does not count: a deadline for an answer would fail the first one only.
        deadline = None if request.timeout is None else time.monotonic() + request.timeout
        try:
            tokens = self.tokens(loaded.weights, engine.n_ctx, self._sight(loaded, deadline))
        except _CalledOffError:
            end = Finished(FinishReason.CANCELLED, 0, 0, 0, 0, 0)
            self._answer(Prepared(load_duration, context_length=engine.n_ctx), end)
            return
        reading = tokens.reading
        params = sampling_params(self._options, request)
        # Chosen here, so that the answer can tell what it was, and be had again.
        seed = params.seed if params.seed >= 0 else secrets.randbits(31)
        job = Job(
            tokens=tokens.ids,
            channel=self._channel,
            params=replace(params, seed=seed, grammar=self.grammar(reading)),
            num_predict=prompt.predict_budget(self._options.num_predict or None, engine.n_ctx),
            num_keep=_num_keep(self._options),
            shift=self._may_shift(),
            stop=tuple(self._options.stop or ()),
            deadline=deadline,
            shown=_shown(loaded.weights, reading.preserved) if reading else {},
            is_called_off=None if request.cancel is None else request.cancel.is_set,
            pictures=tokens.pictures,
        )
        prepared = Prepared(
            load_duration,
            tokens.original_count,
            self.keeps_context(),
            reading.parser() if reading else None,
            tokens.dropped_count,
            engine.n_ctx,
            seed,
        )
        self._channel.put(prepared)
        engine.submit(job)

    def _sight(self, loaded: "LoadedModel", deadline: float | None) -> See:
        """What reads an image, unless nobody waits for the answer any more."""
        request, channel = self._request, self._channel

        def check() -> None:
            if channel.cancelled:
                raise Cancelled
            if channel.called_off or (request.cancel is not None and request.cancel.is_set()):
                raise _CalledOffError
            if deadline is not None and time.monotonic() >= deadline:
                raise DeadlineError("the request's deadline passed while its images were read")

        def see(image: Image) -> list[Piece]:
            return loaded.projector().encode(image.read(), check)

        return see

    def keeps_context(self) -> bool:
        return False

    def tools(self) -> list[Tool]:
        return []

    def choice(self) -> Choice:
        """What is asked for in the matter of tools."""
        return Choice()

    def is_strict(self) -> bool:
        """Calls follow the schemas of their tools, forced or not."""
        return False

    def is_parallel(self) -> bool:
        """An answer may hold several calls."""
        return True

    def grammar(self, reading: Reading | None) -> str | None:
        """What the answer has to follow. Thinking goes before it, where there is to be any."""
        request = self._request
        one = f"root ::= {gbnf.one_of(request.choices)}" if request.choices else None
        return answer_grammar(
            reading,
            format=request.format,
            grammar=one or request.grammar,
            tools=self.tools(),
            choice=self.choice(),
            may_think=self.may_think_first(),
            strict=self.is_strict(),
            parallel=self.is_parallel(),
        )

    def think(self) -> Think:
        """Reference: a model that can think does so unless the request says otherwise."""
        asked = self._request.think
        if asked is None and "thinking" in self._model.capabilities:
            return True
        return asked

    def may_think_first(self) -> bool:
        """Whether what an answer must follow begins only behind its thinking."""
        return bool(self.think())

    def parser_think(self) -> Think:
        """What a parser that the config names gets to know of it."""
        return self.think()

    @abstractmethod
    def tokens(self, weights: "Weights", n_ctx: int, see: See | None = None) -> Tokens:
        """The prompt; without `see` its images' places stay text."""

    def _may_shift(self) -> bool:
        config = self._model.config
        families = [config.model_family, *(config.model_families or ())]
        return prompt.may_shift(self._request.shift, families)

    # prompts

    def _render(self, weights: "Weights", messages: list[Message], n_ctx: int) -> Rendered:
        """The prompt of the messages that fit."""
        request, model = self._request, self._model
        config = model.config
        messages = prompt.without_old_thinking(messages, config.model_family, model.name.model)
        dialogue = dialogue_for(
            model,
            tools=self.tools(),
            think=self.think(),
            parser_think=self.parser_think(),
            bos_text=weights.text_of(weights.bos),
            eos_text=weights.text_of(weights.eos),
            is_completion=self.is_completion,
            forbids_calls=self.choice().forbids,
        )

        def rendered(kept: list[Message], dropped: int = 0) -> Rendered:
            placed, images = dialogue.placed(kept)
            text = dialogue.prompt(placed)
            reading = dialogue.reading(kept, text)
            left_out = len(messages) - len(kept)
            return Rendered(text, reading, dialogue.leading_bos, dropped, left_out, images)

        def count(kept: list[Message]) -> int:
            return len(weights.tokenize(_bounded(dialogue.prompt(kept), n_ctx), special=False))

        if request.truncate is False or request.cut == "tokens":
            return rendered(messages)
        image_tokens = prompt.IMAGE_TOKENS if model.projectors else 0
        kept = prompt.fit_messages(messages, count, n_ctx, image_tokens)
        if len(kept) == len(messages):
            return rendered(kept)
        ids = {id(message) for message in kept}
        lost = (message.content or "" for message in messages if id(message) not in ids)
        return rendered(kept, sum(len(weights.tokenize(text, special=False)) for text in lost))

    def _fit(
        self,
        weights: "Weights",
        rendered: Rendered,
        n_ctx: int,
        see: See | None,
        *,
        context: list[int] | None = None,
    ) -> Tokens:
        """Token ids of a rendered prompt, cut to the window where that is allowed."""
        text = prompt.strip_bos(
            _bounded(rendered.text, n_ctx),
            rendered.leading_bos or weights.text_of(weights.bos),
            weights.add_bos,
        )
        images, pictures = rendered.images, ()
        if images and see is not None:
            ids, pictures = tokens_and_pictures(weights, text, images, see, context or ())
        else:
            ids = (context or []) + weights.tokenize(text, special=not context)
        fitted, original = prompt.fit_tokens(
            ids,
            n_ctx,
            num_keep=_num_keep(self._options),
            add_bos=weights.add_bos,
            can_shift=self._may_shift(),
            truncate=self._request.truncate is not False,
            has_images=len(images) > 0,
        )
        was_cut = rendered.dropped > 0 or len(fitted) < original
        return Tokens(
            fitted,
            original + rendered.dropped if was_cut else None,
            reading=rendered.reading,
            text=rendered.text,
            dropped_count=rendered.dropped_count,
            num_images=len(images),
            pictures=pictures,
        )


def _shown(weights: "Weights", preserved: Iterable[str]) -> dict[int, bytes]:
    """The texts that are one token of the vocabulary, by that token."""
    shown: dict[int, bytes] = {}
    for text in preserved:
        tokens = weights.tokenize(text, special=False)
        if len(tokens) == 1:
            shown[tokens[0]] = text.encode()
    return shown


def _num_keep(options: Options) -> int:
    return prompt.DEFAULT_NUM_KEEP if options.num_keep is None else options.num_keep


def _bounded(text: str, n_ctx: int) -> str:
    limit = max(MIN_PROMPT_LIMIT, 32 * n_ctx)
    if len(text) > limit:
        raise ContextLengthError(
            f"the prompt has {len(text):,} characters; a context window of {n_ctx} tokens cannot "
            f"hold more than {limit:,}. Send less text (retrieve passages instead of whole "
            "documents), or raise num_ctx"
        )
    return text


class ChatCall(RunCall[ChatRequest]):
    verb = "chat"
    is_completion = False

    def check(self, model: Model) -> None:
        super().check(model)
        request = self._request
        if self.tools() and not self.choice().forbids and "tools" not in model.capabilities:
            raise UnsupportedError(f"{model.name.full} does not support tools")
        if self.choice().forced and (request.grammar is not None or request.choices):
            raise RequestError("tool_choice and grammar both constrain the answer; give one")

    def is_empty(self) -> bool:
        return not self._request.messages

    def has_images(self) -> bool:
        return any(message.images for message in self._request.messages or ())

    def tokens(self, weights: "Weights", n_ctx: int, see: See | None = None) -> Tokens:
        messages = prompt.assemble(
            self._model.system, self._model.messages, self._request.messages or []
        )
        return self._fit(weights, self._render(weights, messages, n_ctx), n_ctx, see)

    def count(self, weights: "Weights") -> int:
        """Tokens of the whole prompt, however large the window."""
        self._model = self._host.resolve(self._request.model)
        self._options = self._model.parameters
        self._request = self._request.model_copy(update={"truncate": False})
        return len(self.tokens(weights, _ENDLESS).ids)

    def choice(self) -> Choice:
        return read_choice(self._request.tool_choice, self._request.tools or ())

    def is_strict(self) -> bool:
        return bool(self._request.strict)

    def is_parallel(self) -> bool:
        return self._request.parallel_tool_calls is not False

    def tools(self) -> list[Tool]:
        return list(self._request.tools or ())


class GenerateCall(RunCall[GenerateRequest]):
    def check(self, model: Model) -> None:
        super().check(model)
        request = self._request
        if request.raw and (request.template or request.system or request.context):
            raise RequestError("raw mode does not support template, system, or context")
        if request.suffix and "insert" not in model.capabilities:
            raise UnsupportedError(f"{model.name.full} does not support insert")
        if request.template:
            GoTemplate.parse(request.template)

    def is_empty(self) -> bool:
        return not self._request.prompt

    def has_images(self) -> bool:
        return bool(self._request.images)

    def keeps_context(self) -> bool:
        return not self._request.raw

    def may_think_first(self) -> bool:
        """Reference: a format covers the whole answer here. Who asks for thinking gets both."""
        return bool(self._request.think)

    def parser_think(self) -> Think:
        """Reference: the request's own value, not what a thinking model makes of none."""
        return self._request.think

    def tokens(self, weights: "Weights", n_ctx: int, see: See | None = None) -> Tokens:
        request, model = self._request, self._model
        if request.raw:
            rendered = Rendered(request.prompt or "", images=request.images or ())
            return self._fit(weights, rendered, n_ctx, see)
        history = () if request.context is not None else model.messages
        system = request.system or model.system
        asked = Message(role="user", content=request.prompt, images=request.images)
        messages = prompt.assemble(system, history, [asked])
        if request.template or request.suffix:
            rendered = self._executed(messages)
        else:
            rendered = self._render(weights, messages, n_ctx)
        context = list(request.context or ())
        if any(not 0 <= token < weights.n_vocab for token in context):
            raise RequestError(
                f"context: token ids outside 0..{weights.n_vocab - 1}; it is of another model"
            )
        return self._fit(weights, rendered, n_ctx, see, context=context)

    def _executed(self, messages: list[Message]) -> Rendered:
        """Reference: what a request brings of its own is not shortened by whole messages."""
        request, think = self._request, self.think()
        template = GoTemplate.parse(request.template or self._model.template or "")
        dialogue = dialogue_of_template(
            template, self._model, think=think, parser_think=self.parser_think()
        )
        if request.suffix:
            renderer = prompt.GoRenderer(template)
            text = renderer.fill(request.prompt or "", request.suffix, think)
        else:
            text = dialogue.prompt(messages)
        images = request.images or ()
        return Rendered(text, dialogue.reading(messages, text), images=images)


def sampling_params(options: Options, request: RunRequest) -> SamplingParams:
    """Ollama's defaults with what is set over them, but for the grammar. Raises OptionError."""
    if options.mirostat not in (None, 0, 1, 2):
        raise OptionError(f'option "mirostat" must be 0, 1 or 2, not {options.mirostat}')
    if options.repeat_penalty == 0:
        raise OptionError('option "repeat_penalty" must be above 0 (1 is off)')
    stops = options.stop or ()
    if len(stops) > MAX_STOPS or sum(map(len, stops)) > MAX_STOP_LENGTH:
        raise OptionError(
            f'option "stop" must be at most {MAX_STOPS} texts of {MAX_STOP_LENGTH:,} characters '
            f"together, not {len(stops)} of {sum(map(len, stops)):,}"
        )
    if any(math.isnan(bias) for bias in (request.logit_bias or {}).values()):
        raise OptionError("logit_bias must hold numbers, not NaN")
    names = {field.name for field in fields(SamplingParams)}
    chosen = options.model_dump(include=names, exclude_none=True)
    return SamplingParams(
        **chosen,
        logit_bias=tuple((request.logit_bias or {}).items()),
        logprobs=(request.top_logprobs or 0) if request.logprobs else None,
    )
