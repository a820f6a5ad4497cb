"""Special tokens and chat templates, which a folder spreads over half a dozen files."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from gguf import Keys, TokenType
from pydantic import BaseModel, BeforeValidator, Field

from paddock.convert.folder import read_json
from paddock.convert.model import Fact
from paddock.convert.vocabulary import AddedToken, Number, Token, Vocabulary
from paddock.errors import RequestError

_KEYS: Final = {
    "bos": Keys.Tokenizer.BOS_ID,
    "eos": Keys.Tokenizer.EOS_ID,
    "unk": Keys.Tokenizer.UNK_ID,
    "sep": Keys.Tokenizer.SEP_ID,
    "pad": Keys.Tokenizer.PAD_ID,
    "mask": Keys.Tokenizer.MASK_ID,
}


def _text(value: Any) -> Any:
    """A special token is written as text, or as an object with its text."""
    return value.get("content") if isinstance(value, dict) else value


_Special = Annotated[str | None, BeforeValidator(_text)]


class _Named(BaseModel):
    """Of special_tokens_map.json and tokenizer_config.json."""

    bos_token: _Special = None
    eos_token: _Special = None
    unk_token: _Special = None
    sep_token: _Special = None
    pad_token: _Special = None
    mask_token: _Special = None


class _ChatTemplate(BaseModel):
    name: str
    template: str


class _AddedBody(BaseModel):
    content: str
    special: bool = False
    rstrip: bool = False


class TokenizerConfig(_Named):
    """tokenizer_config.json"""

    add_bos_token: bool | None = None
    add_eos_token: bool | None = None
    add_prefix_space: bool | None = None
    chat_template: str | list[_ChatTemplate] | None = None
    added_tokens_decoder: dict[Number, _AddedBody] = Field(default_factory=dict[int, _AddedBody])

    @property
    def added_tokens(self) -> Iterator[AddedToken]:
        for number, token in self.added_tokens_decoder.items():
            yield AddedToken(
                id=number, content=token.content, special=token.special, rstrip=token.rstrip
            )


def _as_list(value: Any) -> Any:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


_Ids = Annotated[list[int], BeforeValidator(_as_list)]


class _IdsByName(BaseModel):
    """Of config.json and generation_config.json."""

    bos_token_id: _Ids = Field(default_factory=list[int])
    eos_token_id: _Ids = Field(default_factory=list[int])
    pad_token_id: _Ids = Field(default_factory=list[int])
    unk_token_id: _Ids = Field(default_factory=list[int])
    sep_token_id: _Ids = Field(default_factory=list[int])
    mask_token_id: _Ids = Field(default_factory=list[int])


class _Config(_IdsByName):
    text_config: _IdsByName | None = None


class _TemplateFile(BaseModel):
    chat_template: str


def read_config(folder: Path) -> TokenizerConfig:
    path = folder / "tokenizer_config.json"
    return read_json(TokenizerConfig, path) if path.is_file() else TokenizerConfig()


def complete(folder: Path, vocabulary: Vocabulary) -> dict[str, Fact]:
    """All that the GGUF says of the vocabulary. RequestError when nothing names the token that ends
    a text."""
    config = read_config(folder)
    ids = _ids(folder, config, vocabulary)
    if not ids["eos"]:
        raise RequestError(
            f"{folder}: names no token that ends a text (eos_token of tokenizer_config.json)"
        )
    before, after = around(vocabulary.template)
    number_of = {token.text: number for number, token in enumerate(vocabulary.tokens)}
    if before and before[0] in number_of:
        ids["bos"] = [number_of[before[0]]]
    is_sentencepiece = vocabulary.model == "llama"
    has_template = vocabulary.template is not None
    adds_bos = bool(before) if has_template else is_sentencepiece
    facts: dict[str, Fact] = {
        Keys.Tokenizer.ADD_BOS: adds_bos if config.add_bos_token is None else config.add_bos_token,
        Keys.Tokenizer.ADD_EOS: bool(after)
        if config.add_eos_token is None
        else config.add_eos_token,
    }
    # Without one, llama.cpp takes the eleventh token for it.
    ids["bos"] = ids["bos"] or ids["eos"]
    facts |= {_KEYS[name]: found[0] for name, found in ids.items() if found}
    if len(ids["eos"]) > 1:
        facts[Keys.Tokenizer.EOT_ID] = ids["eos"][1]
        facts[_END_IDS] = ids["eos"]
    specials = {found[0] for name, found in ids.items() if found and name != "unk"}
    controlled = replace(vocabulary, tokens=_controlled(vocabulary.tokens, specials))
    return {**controlled.facts(), **facts, **_chat_templates(folder, config)}


_END_IDS: Final = "tokenizer.ggml.eos_token_ids"
"""The reference's key for more than one token that ends a text."""


def _controlled(tokens: Sequence[Token], specials: Collection[int]) -> tuple[Token, ...]:
    plain = (TokenType.NORMAL, TokenType.USER_DEFINED)
    return tuple(
        replace(token, type=TokenType.CONTROL)
        if number in specials and token.type in plain
        else token
        for number, token in enumerate(tokens)
    )


def _ids(folder: Path, config: TokenizerConfig, vocabulary: Vocabulary) -> dict[str, list[int]]:
    """Ids of each kind of special token, the one that counts first: named ones, then numbers."""
    number_of = {token.text: number for number, token in enumerate(vocabulary.tokens)}
    found: dict[str, list[int]] = {name: [] for name in _KEYS}
    for named in (config, _read(_Named, folder / "special_tokens_map.json")):
        for name in _KEYS:
            text: str | None = getattr(named, f"{name}_token")
            if text is not None and text in number_of:
                found[name].append(number_of[text])
    whole = _read(_Config, folder / "config.json")
    generation = _read(_IdsByName, folder / "generation_config.json")
    for numbered in (generation, whole, whole.text_config or _IdsByName()):
        for name in _KEYS:
            numbers: list[int] = getattr(numbered, f"{name}_token_id")
            found[name] += [n for n in numbers if 0 <= n < len(vocabulary.tokens)]
    return {name: list(dict.fromkeys(numbers)) for name, numbers in found.items()}


R = TypeVar("R", bound=BaseModel)


def _read(kind: type[R], path: Path) -> R:
    return read_json(kind, path) if path.is_file() else kind()


def around(template: Any) -> tuple[list[str], list[str]]:
    """The special tokens that a post-processor of tokenizer.json puts before and after a text."""
    match template:
        case {"type": "TemplateProcessing", "single": [*parts]}:
            texts = [_special_id(part) for part in parts]
            if None not in texts:
                return [], []
            middle = texts.index(None)
            before, after = texts[:middle], texts[middle + 1 :]
            return [text for text in before if text], [text for text in after if text]
        case {"type": "Sequence", "processors": [*steps]}:
            found = [around(step) for step in steps]
            return next((pair for pair in found if pair != ([], [])), ([], []))
        case _:
            return [], []


def _special_id(part: Any) -> str | None:
    """None for the text itself."""
    match part:
        case {"SpecialToken": {"id": str(text)}}:
            return text
        case _:
            return None


# -- chat templates --------------------------------------------------------------------------------


def _chat_templates(folder: Path, config: TokenizerConfig) -> dict[str, Fact]:
    """The default one and those for other uses, by name; newer folders have files of their own."""
    given = config.chat_template
    named = {"default": given} if isinstance(given, str) else {}
    if isinstance(given, list):
        named = {template.name: template.template for template in given}
    extra = folder / "chat_template.json"
    if extra.is_file():
        named["default"] = read_json(_TemplateFile, extra).chat_template
    jinja = folder / "chat_template.jinja"
    if jinja.is_file():
        named["default"] = _template_text(jinja)
    for file in sorted((folder / "additional_chat_templates").glob("*.jinja")):
        named[file.stem] = _template_text(file)
    default = named.pop("default", "")
    others = {re.sub("[^0-9A-Za-z]", "_", name): text for name, text in sorted(named.items())}
    facts: dict[str, Fact] = {
        Keys.Tokenizer.CHAT_TEMPLATE_N.format(name=name): text for name, text in others.items()
    }
    if others:
        facts[Keys.Tokenizer.CHAT_TEMPLATES] = list(others)
    if default:
        facts[Keys.Tokenizer.CHAT_TEMPLATE] = default
    return facts


def _template_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"{path}: cannot be read; download it again") from error
