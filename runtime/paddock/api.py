"""Every wire type: requests, responses, messages, tools, options. Knows shapes; does no work.

Field names, their order and their defaults are those of Ollama's HTTP API and of the official
`ollama` client, so that objects of one can be read as the other's. Fields that paddock adds say so.
"""

import difflib
import math
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import (
    VERSION,
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from paddock.errors import OptionError, PaddockError, RequestError

W = TypeVar("W", bound=BaseModel)

DEFERS: Final = tuple(map(int, VERSION.split(".")[:2])) >= (2, 14)
"""Whether a type's validator is made when it is first needed, which halves the time to import.
Before this version of pydantic two threads that needed one at once could fail."""


def build(kind: type[W], fields: Mapping[str, Any], *, strict: bool = False) -> W:
    """A request object from loose fields; what does not fit is a RequestError that names the
    field. `strict` takes no text for a number or a truth value."""
    try:
        return kind.model_validate(dict(fields), strict=strict or None)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        cause = first.get("ctx", {}).get("error")
        if isinstance(cause, PaddockError):
            raise cause from None
        where = ".".join(str(part) for part in first["loc"]) or kind.__name__
        raise RequestError(f"{where}: {first['msg']}") from error


class Wire(BaseModel):
    """A pydantic model that also reads as a mapping, like the objects of the `ollama` client."""

    model_config = ConfigDict(populate_by_name=True, defer_build=DEFERS)

    def __getitem__(self, key: str) -> Any:
        if key in self:
            return getattr(self, key)
        raise KeyError(key)

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, key, value)

    def __contains__(self, key: object) -> bool:
        if key in self.model_fields_set:
            return True
        field = type(self).model_fields.get(str(key))
        return field is not None and field.default is not None and not field.is_required()

    def get(self, key: str, default: Any = None) -> Any:
        return getattr(self, key, default)


# -- options ---------------------------------------------------------------------------------------

_GO_TYPES = {int: "integer", float: "float32", bool: "boolean"}


def _number(kind: type[int] | type[float], low: float, high: float) -> Callable[[Any], Any]:
    """Ollama's decoding of a numeric option: any JSON number, truncated for integers; no
    strings."""

    def check(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(_GO_TYPES[kind])
        if math.isnan(value) or not low <= value <= high:
            raise OverflowError(f"between {low:g} and {high:g}")
        return kind(value)

    return check


def _boolean(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    raise TypeError("boolean")


def _strings(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError("array")
    if not all(isinstance(item, str) for item in value):
        raise TypeError("an array of strings")
    return list(value)


def _named(check: Callable[[Any], Any]) -> BeforeValidator:
    def validate(value: Any, info: Any) -> Any:
        try:
            return check(value)
        except TypeError as error:
            of = "" if str(error).startswith("an ") else "type "
            raise OptionError(f'option "{info.field_name}" must be of {of}{error}') from None
        except OverflowError as error:
            raise OptionError(f'option "{info.field_name}" must be {error}, not {value}') from None

    return BeforeValidator(validate)


_INT32 = 2**31 - 1
_FLOAT32 = 3.4028234663852886e38
Int = Annotated[int | None, _named(_number(int, -_INT32 - 1, _INT32))]
Count = Annotated[int | None, _named(_number(int, 0, _INT32))]
Seed = Annotated[int | None, _named(_number(int, -(2**63), 2**64 - 1))]
Float = Annotated[float | None, _named(_number(float, -_FLOAT32, _FLOAT32))]
Positive = Annotated[float | None, _named(_number(float, 0.0, _FLOAT32))]
Bool = Annotated[bool | None, _named(_boolean)]
Strings = Annotated[list[str] | None, _named(_strings)]


class OptionFields(BaseModel):
    """The options of a request, declared once; adapters inherit them. None means "not set"."""

    model_config = ConfigDict(defer_build=DEFERS)

    num_ctx: Int = Field(default=None, description="Context window in tokens, per sequence.")
    num_batch: Int = Field(default=None, description="Most tokens evaluated in one step.")
    num_gpu: Int = Field(default=None, description="Layers on the GPU; -1 as many as fit, 0 none.")
    main_gpu: Int = Field(default=None, description="Index of the one GPU to use.")
    use_mmap: Bool = Field(default=None, description="Map the weights file instead of reading it.")
    num_thread: Int = Field(default=None, description="Threads of the engine; 0 lets it choose.")
    draft_num_predict: Int = Field(
        default=None, description="Tokens a draft model proposes per step."
    )
    num_keep: Int = Field(
        default=None, description="Prompt tokens kept by a context shift; -1 all."
    )
    seed: Seed = Field(default=None, description="Seed of the sampler; -1 random.")
    num_predict: Int = Field(
        default=None, description="Most tokens to generate; negative unlimited."
    )
    top_k: Int = Field(default=None, description="Sample among the k likeliest tokens; 0 off.")
    top_p: Float = Field(
        default=None, description="Sample among the likeliest tokens of total mass p."
    )
    min_p: Float = Field(default=None, description="Drop tokens below p times the likeliest one's.")
    typical_p: Float = Field(default=None, description="Locally typical sampling; 1 off.")
    repeat_last_n: Int = Field(
        default=None, description="Tokens the penalties look at; -1 num_ctx."
    )
    temperature: Positive = Field(default=None, description="Spread of sampling; 0 greedy.")
    repeat_penalty: Positive = Field(
        default=None, description="Divides repeated tokens' logits; 1 off."
    )
    presence_penalty: Float = Field(default=None, description="Subtracted once per repeated token.")
    frequency_penalty: Float = Field(default=None, description="Subtracted per repetition.")
    mirostat: Int = Field(default=None, description="0 off, 1 Mirostat, 2 Mirostat 2.0.")
    mirostat_tau: Float = Field(default=None, description="Mirostat's target surprise.")
    mirostat_eta: Float = Field(default=None, description="Mirostat's learning rate.")
    stop: Strings = Field(default=None, description="Texts that end the answer; never part of it.")


LOAD_OPTIONS = frozenset(
    {"num_ctx", "num_batch", "num_gpu", "main_gpu", "use_mmap", "num_thread", "draft_num_predict"}
)
"""Options that shape a loaded model; all others belong to one request."""

RETIRED_OPTIONS = frozenset(
    [
        "numa",
        "low_vram",
        "f16_kv",
        "logits_all",
        "vocab_only",
        "use_mlock",
        "embedding_only",
        "tfs_z",
        "penalize_newline",
        "num_gqa",
        "rope_frequency_base",
        "rope_frequency_scale",
    ]
)
"""Names that Ollama once knew; accepted without effect."""


class Options(OptionFields, Wire):
    """Options of one request or of a model's PARAMETER lines."""

    model_config = ConfigDict(extra="ignore", validate_assignment=True)

    @classmethod
    def parse(cls, values: "Mapping[str, Any] | Options | None", *, strict: bool = True) -> Self:
        """Checked options from a mapping.

        Raises OptionError for a wrong type or range and, when `strict`, for a name that neither
        Ollama nor paddock has ever known (the HTTP API ignores those, as the reference does).
        """
        if values is None:
            return cls()
        fields = values.model_dump(exclude_none=True) if isinstance(values, Options) else values
        known = cls.model_fields.keys()
        if strict:
            for name in fields.keys() - known - RETIRED_OPTIONS:
                near = difflib.get_close_matches(str(name), known, n=1)
                hint = f'; did you mean "{near[0]}"?' if near else f"; known: {', '.join(known)}"
                raise OptionError(f'unknown option "{name}"{hint}')
        return build(cls, {name: fields[name] for name in known & fields.keys()})

    def over(self, weaker: "Options") -> "Options":
        """These options where set, else the weaker ones."""
        return Options(
            **(weaker.model_dump(exclude_none=True) | self.model_dump(exclude_none=True))
        )


def _options(value: Any) -> Any:
    if value is None or isinstance(value, Options):
        return value
    if not isinstance(value, Mapping):
        raise RequestError(f"options must be an object, not {type(value).__name__}")
    return Options.parse(value)


_GO_KINDS: dict[type, str] = {list: "[]interface {}", dict: "map[string]interface {}"}


def _keep_alive(value: Any) -> Any:
    if value is None or (isinstance(value, int | float | str) and not isinstance(value, bool)):
        return value
    raise RequestError(f"Unsupported type: '{_GO_KINDS.get(type(value), type(value).__name__)}'")


_EFFORTS = ("high", "medium", "low", "max")
_MAY_THINK = ", ".join(f'"{effort}"' for effort in _EFFORTS) + ", true, or false"


def _think(value: Any) -> Any:
    if value is None or isinstance(value, bool) or value in _EFFORTS:
        return value
    if isinstance(value, str):
        raise RequestError(f'invalid think value: "{value}" (must be {_MAY_THINK})')
    raise RequestError(f"think must be a boolean or string ({_MAY_THINK})")


def _top_logprobs(value: int | None) -> int | None:
    if value is not None and not 0 <= value <= 20:
        raise RequestError("top_logprobs must be between 0 and 20")
    return value


def _flag(value: Any) -> Any:
    if value is None or callable(getattr(value, "is_set", None)):
        return value
    raise RequestError(f"cancel must have a method is_set(), which {type(value).__name__} lacks")


def _request_id(value: Any) -> str | None:
    """Ids are often UUIDs, and asked for as texts."""
    return None if value is None else str(value)


def _token_id(value: Any) -> Any:
    """Keys of JSON objects are texts."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


TokenId = Annotated[int, BeforeValidator(_token_id)]
OptionsField = Annotated[Options | None, BeforeValidator(_options)]
KeepAlive = Annotated[float | str | None, BeforeValidator(_keep_alive)]
Format = Literal["", "json"] | dict[str, Any] | None
Think = bool | Literal["low", "medium", "high", "max"] | None
ThinkField = Annotated[Think, BeforeValidator(_think)]


# -- messages and tools ----------------------------------------------------------------------------


class Image(Wire):
    """An image of a message: bytes, a path, or base64 text. On the wire it is base64."""

    value: str | bytes | Path

    def read(self) -> bytes:
        """The image's bytes. RequestError when it is neither a file nor base64."""
        if isinstance(self.value, bytes):
            return self.value
        try:
            if isinstance(self.value, Path) or (
                len(self.value) < 4096 and Path(self.value).is_file()
            ):
                return Path(self.value).read_bytes()
            return b64decode(self.value, validate=True)
        except (OSError, ValueError, Base64Error) as error:
            shown = str(self.value)[:80]
            raise RequestError(f"image {shown!r}: neither a readable file nor base64") from error

    @model_serializer
    def _to_base64(self) -> str:
        return b64encode(self.read()).decode()


def _image(value: Any) -> Any:
    return {"value": value} if isinstance(value, str | bytes | Path) else value


ImageField = Annotated[Image, BeforeValidator(_image)]


class Message(Wire):
    """One chat message. Fields and roles as in Ollama's chat API."""

    class ToolCall(Wire):
        """A call that the model asks for. `id` is unique within the process."""

        class Function(Wire):
            index: int | None = None
            name: str
            arguments: dict[str, Any] = Field(default_factory=dict)

        id: str | None = None
        function: Function

    class BrokenCall(Wire):
        """A call of an answer that cannot be read, or that the answer's end cut off."""

        text: str
        error: str

    role: str
    content: str | None = None
    thinking: str | None = None
    images: list[ImageField] | None = None
    tool_calls: list[ToolCall] | None = None
    tool_name: str | None = None
    tool_call_id: str | None = None
    # paddock's own
    broken_calls: list[BrokenCall] | None = Field(
        default=None, description="Of an answer: what its content shows as text."
    )

    @field_validator("role")
    @classmethod
    def _lower(cls, role: str) -> str:
        return role.lower()


ToolCall = Message.ToolCall


class Tool(Wire):
    """A function the model may call; `parameters` is a JSON schema and is kept whole."""

    class Function(Wire):
        class Parameters(Wire):
            class Property(Wire):
                model_config = ConfigDict(extra="allow")
                type: str | list[str] | None = None
                items: Any = None
                description: str | None = None
                enum: list[Any] | None = None

            model_config = ConfigDict(extra="allow")
            type: str | None = "object"
            defs: Any = Field(default=None, alias="$defs")
            items: Any = None
            required: list[str] | None = None
            properties: dict[str, Property] | None = None

        name: str | None = None
        description: str | None = None
        parameters: Parameters | None = None
        # OpenAI's; not for templates to show
        strict: bool | None = Field(
            default=None, exclude=True, description="Calls follow the parameters' schema exactly."
        )

    type: str | None = "function"
    function: Function | None = None

    def as_dict(self) -> dict[str, Any]:
        """The tool as JSON, without what was not given."""
        return self.model_dump(by_alias=True, exclude_none=True, mode="json")


# -- requests --------------------------------------------------------------------------------------


class ModelRequest(Wire):
    model: Annotated[str, Field(min_length=1)]


class RunRequest(ModelRequest):
    """What generate and chat share."""

    stream: bool | None = None
    options: OptionsField = None
    format: Format = None
    keep_alive: KeepAlive = None
    think: ThinkField = None
    truncate: bool | None = None
    shift: bool | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int | None, AfterValidator(_top_logprobs)] = None
    # paddock's own
    grammar: str | None = Field(
        default=None, description="GBNF text that the whole answer must follow."
    )
    choices: Annotated[list[str], Field(min_length=1)] | None = Field(
        default=None, description="The answer is one of these texts."
    )
    logit_bias: dict[TokenId, float] | None = Field(
        default=None, description="Token id -> added logit."
    )
    timeout: float | None = Field(
        default=None, gt=0, description="Seconds until the end, from when the model is loaded."
    )
    cut: Literal["messages", "tokens"] | None = Field(
        default=None,
        description="What a chat that is too long loses: whole messages, the oldest first, or "
        "tokens behind the first num_keep.",
    )
    cancel: Annotated[Any, AfterValidator(_flag)] = Field(
        default=None,
        exclude=True,
        description="Ends the answer once its is_set() is true; looked at before every step.",
    )
    request_id: Annotated[str | None, BeforeValidator(_request_id)] = Field(
        default=None,
        exclude=True,
        description="A name of the request's own, by which Runtime.cancel ends its answer.",
    )
    debug_render_only: bool | None = Field(
        default=None,
        alias="_debug_render_only",
        description="Load the model and build the prompt, and answer with it alone.",
    )


class GenerateRequest(RunRequest):
    prompt: str | None = None
    suffix: str | None = None
    system: str | None = None
    template: str | None = None
    context: list[int] | None = None
    raw: bool | None = None
    images: list[ImageField] | None = None


class ChatRequest(RunRequest):
    messages: list[Message] | None = None
    tools: list[Tool] | None = None
    # paddock's own
    tool_choice: str | bool | dict[str, Any] | None = Field(
        default=None, description="none, auto, required, or a tool: its name, or OpenAI's object."
    )
    parallel_tool_calls: bool | None = Field(
        default=None, description="False: at most one call in the answer."
    )
    strict: bool | None = Field(
        default=None, description="Arguments follow their schemas also where no call is asked for."
    )


class EmbedRequest(ModelRequest):
    input: str | list[str] = Field(default_factory=list)
    truncate: bool | None = None
    dimensions: int | None = None
    options: OptionsField = None
    keep_alive: KeepAlive = None
    # paddock's own
    normalize: bool | None = Field(
        default=None, description="False leaves the vectors as long as the model makes them."
    )

    @field_validator("input", mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        if value is None:
            return []
        if isinstance(value, str):
            return value
        if isinstance(value, Sequence) and all(isinstance(item, str) for item in value):
            return list(value)
        raise RequestError("invalid input type")


class EmbeddingsRequest(ModelRequest):
    prompt: str | None = None
    options: OptionsField = None
    keep_alive: KeepAlive = None


def _document(value: Any) -> Any:
    """The text of a document, which may be an object that has one."""
    return value["text"] if isinstance(value, Mapping) and "text" in value else value


class RerankRequest(ModelRequest):
    """A call that Ollama does not have; names as in the rerank APIs of others."""

    query: str
    documents: list[Annotated[str, BeforeValidator(_document)]] = Field(
        description='Texts, or objects with a "text".'
    )
    top_n: int | None = Field(default=None, ge=1, description="How many results; all by default.")
    return_documents: bool | None = Field(
        default=None, description="Whether each result has the text of its document."
    )
    truncate: bool | None = Field(
        default=None, description="Cut documents that do not fit the window; False refuses them."
    )
    raw_scores: bool | None = Field(
        default=None, description="The model's own output instead of a score from 0 to 1."
    )
    options: OptionsField = None
    keep_alive: KeepAlive = None


class TokenizeRequest(ModelRequest):
    """A call that Ollama does not have."""

    text: str
    special: bool | None = Field(
        default=None, description="With the model's own special tokens around it."
    )


class DetokenizeRequest(ModelRequest):
    """A call that Ollama does not have."""

    tokens: list[int]


class NamedRequest(ModelRequest):
    """What also takes old names of its fields: `name` of `model`, which wins where both are given.

    (Reference: clients of 2024 send them.)
    """

    @model_validator(mode="before")
    @classmethod
    def _old_names(cls, fields: Any) -> Any:
        if not isinstance(fields, Mapping):
            return fields
        given = dict(fields)
        for old, name in (("name", "model"), ("quantization", "quantize")):
            value = given.pop(old, None)
            if value and not given.get(name):
                given[name] = value
        return given


class CreateRequest(NamedRequest):
    """`from_` names a model in the store or a local path; `files` maps names to blob digests.

    `name` and `quantization` are old names of `model` and `quantize`, which win.
    """

    from_: str | None = Field(default=None, alias="from")
    files: dict[str, str] | None = None
    adapters: dict[str, str] | None = None
    draft_files: dict[str, str] | None = None
    template: str | None = None
    license: str | list[str] | None = None
    system: str | None = None
    parameters: dict[str, Any] | None = None
    messages: list[Message] | None = None
    renderer: str | None = None
    parser: str | None = None
    requires: str | None = None
    quantize: str | None = None
    draft_quantize: str | None = None
    info: dict[str, Any] | None = Field(default=None, description="Fields of the model's config.")
    remote_host: str | None = None
    stream: bool | None = None
    # Of the API of 2024, which paddock keeps.
    modelfile: str | None = Field(default=None, description="Text of a Modelfile.")
    path: str | None = Field(
        default=None, description="A Modelfile, or the folder in which its paths start."
    )


class ShowRequest(NamedRequest):
    """`system` and `options` stand in the answer in place of the model's own."""

    verbose: bool | None = None
    system: str | None = None
    options: dict[str, Any] | None = None


class DeleteRequest(NamedRequest):
    pass


class PullRequest(NamedRequest):
    """`insecure` is plain HTTP; certificates are checked in any case."""

    insecure: bool | None = None
    stream: bool | None = None


class PushRequest(PullRequest):
    pass


class CopyRequest(Wire):
    source: str
    destination: str


# -- responses -------------------------------------------------------------------------------------


class TokenLogprob(Wire):
    token: str
    logprob: float
    bytes: list[int] | None = None


class Logprob(TokenLogprob):
    top_logprobs: list[TokenLogprob] | None = None


class Metrics(Wire):
    """Statistics of a finished answer. Durations are nanoseconds."""

    total_duration: int | None = None
    load_duration: int | None = None
    prompt_eval_count: int | None = None
    prompt_eval_duration: int | None = None
    eval_count: int | None = None
    eval_duration: int | None = None
    # paddock's own
    prompt_cached_count: int | None = Field(
        default=None, description="Prompt tokens not evaluated again."
    )
    prompt_original_count: int | None = Field(
        default=None, description="Prompt tokens before a cut."
    )
    prompt_dropped_count: int | None = Field(
        default=None, description="Messages that did not fit and were left out."
    )
    thinking_count: int | None = Field(
        default=None, description="Tokens of the answer that were thinking."
    )
    queue_duration: int | None = Field(
        default=None, description="How long the request waited for a place in the batch."
    )
    context_length: int | None = Field(
        default=None, description="The window that prompt and answer share, in tokens."
    )
    seed: int | None = Field(default=None, description="What the sampler was seeded with.")


class DebugInfo(Wire):
    """The prompt that a request gives."""

    rendered_template: str
    image_count: int | None = None


class GenerateResponse(Metrics):
    model: str | None = None
    created_at: str | None = None
    response: str | None = None
    thinking: str | None = None
    done: bool | None = None
    done_reason: str | None = None
    context: list[int] | None = None
    debug_info: DebugInfo | None = Field(
        default=None, validation_alias="_debug_info", serialization_alias="_debug_info"
    )
    logprobs: list[Logprob] | None = None


class ChatResponse(Metrics):
    model: str | None = None
    created_at: str | None = None
    message: Message
    done: bool | None = None
    done_reason: str | None = None
    debug_info: DebugInfo | None = Field(
        default=None, validation_alias="_debug_info", serialization_alias="_debug_info"
    )
    logprobs: list[Logprob] | None = None


class EmbedResponse(Wire):
    model: str | None = None
    embeddings: list[list[float]]
    total_duration: int | None = None
    load_duration: int | None = None
    prompt_eval_count: int | None = None
    # paddock's own
    truncated: list[int] | None = Field(
        default=None, description="Indices of the texts that were cut."
    )


class EmbeddingsResponse(Wire):
    embedding: list[float]


class RerankResponse(Wire):
    """What a reranker makes of the documents, the most relevant first."""

    class Result(Wire):
        class Document(Wire):
            text: str

        index: int = Field(description="Place of the document in the request, from 0.")
        relevance_score: float
        document: Document | None = None

    model: str | None = None
    results: list[Result]
    total_duration: int | None = None
    load_duration: int | None = None
    prompt_eval_count: int | None = None
    truncated: list[int] | None = Field(
        default=None, description="Indices of the documents that were cut."
    )


class TokenizeResponse(Wire):
    model: str | None = None
    tokens: list[int]


class DetokenizeResponse(Wire):
    model: str | None = None
    text: str


class ModelDetails(Wire):
    parent_model: str | None = None
    format: str | None = None
    family: str | None = None
    families: list[str] | None = None
    parameter_size: str | None = None
    quantization_level: str | None = None
    context_length: int | None = None
    embedding_length: int | None = None


class ListResponse(Wire):
    class Model(Wire):
        name: str | None = None
        model: str | None = None
        remote_model: str | None = None
        remote_host: str | None = None
        modified_at: datetime | None = None
        size: int | None = None
        digest: str | None = None
        details: ModelDetails | None = None
        capabilities: list[str] | None = None

    models: list[Model]


class Instructions(Wire):
    """What goes before a query, and before a text, right up to it. paddock's own."""

    query: str = ""
    text: str = ""


class TensorShape(Wire):
    """A tensor of the weights: its name, its type as GGUF names it, its shape."""

    name: str
    type: str
    shape: list[int]


class ShowResponse(Wire):
    modelfile: str | None = None
    parameters: str | None = None
    template: str | None = None
    system: str | None = None
    license: str | None = None
    details: ModelDetails | None = None
    messages: list[Message] | None = None
    remote_model: str | None = None
    remote_host: str | None = None
    modelinfo: dict[str, Any] | None = Field(default=None, alias="model_info")
    projector_info: dict[str, Any] | None = None
    tensors: list[TensorShape] | None = None
    capabilities: list[str] | None = None
    modified_at: datetime | None = None
    requires: str | None = Field(
        default=None, description="The least version that the model asks of its server."
    )
    # paddock's own
    instructions: Instructions | None = Field(
        default=None, description="Of an embedding model, where they are known."
    )


class ProcessResponse(Wire):
    class Model(Wire):
        name: str | None = None
        model: str | None = None
        size: int | None = None
        digest: str | None = None
        details: ModelDetails | None = None
        expires_at: datetime | None = None
        size_vram: int | None = None
        context_length: int | None = None
        # paddock's own
        parallel: int | None = Field(default=None, description="Sequences that can run at once.")
        loads: int | None = Field(default=None, description="How often these weights were loaded.")
        reason: str | None = Field(default=None, description="Why they were loaded the last time.")

    models: list[Model]


class StatusResponse(Wire):
    status: str | None = None


class ProgressResponse(StatusResponse):
    digest: str | None = None
    total: int | None = None
    completed: int | None = None
