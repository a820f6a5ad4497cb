"""Byte-level BPE, the vocabulary of GPT-2 and most that followed: every byte has a character of
its own, and regular expressions cut a text into words. llama.cpp has names for the ways to cut.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from gguf import Keys

from paddock.convert.tokenizerfile import TokenizerFile, merges
from paddock.convert.vocabulary import Token, Vocabulary, fill
from paddock.errors import RequestError, UnsupportedError

_DIGIT: Final = r"\p{N}"
_SUFFIXES: Final = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_REST: Final = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_WORD: Final = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_UPPER: Final = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_LOWER: Final = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_CASED: Final = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+",
    rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*",
)
_CASED_REST: Final = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_GPT2: Final = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_GPT4: Final = rf"{_SUFFIXES}|{_WORD}|\p{{N}}{{1,3}}{_REST}"

_CUTS: Final[dict[tuple[str, ...], str]] = {
    (_GPT2,): "gpt-2",
    (_DIGIT, _GPT2): "smollm",
    (_GPT4,): "dbrx",
    (rf"{_SUFFIXES}|{_WORD}|{_DIGIT}{_REST}",): "qwen2",
    (rf"{'|'.join(_CASED)}|{_DIGIT}{_CASED_REST}",): "tekken",
    (rf"{_CASED[0]}{_SUFFIXES}?|{_CASED[1]}{_SUFFIXES}?|\p{{N}}{{1,3}}{_CASED_REST}",): "gpt-4o",
}
"""Regular expressions, applied one after the other -> llama.cpp's name for them."""

_WHOLE_WORDS: Final = {"dbrx": "llama-bpe"}
"""The name of the same cut where a word that is a token stays whole, whatever the merges say."""

_SPELLINGS: Final = (
    ("?+", "?"),  # possessive ones match the same here
    ("++", "+"),
    ("'(?i:[sdmt]|ll|ve|re)", _SUFFIXES),
    (r"|\s*[\r\n]|", r"|\s*[\r\n]+|"),
)
"""Other ways to write what means the same."""


def is_byte_level(file: TokenizerFile) -> bool:
    return "ByteLevel" in (part.get("type") for part in _parts(file.pre_tokenizer))


def read(path: Path, file: TokenizerFile, size: int) -> Vocabulary:
    """UnsupportedError for a way of cutting that llama.cpp has no name for."""
    _check_normalizer(path, file.normalizer)
    cuts = tuple(cut for part in _parts(file.pre_tokenizer) for cut in _cut(path, part))
    pre = _CUTS.get(cuts)
    if pre is None:
        raise UnsupportedError(
            f"{path}: unsupported pre-tokenizer {' then '.join(cuts) or 'none'}; get this model as "
            "a GGUF file instead"
        )
    if file.model.ignore_merges:
        pre = _WHOLE_WORDS.get(pre, pre)
    pairs = merges(path, file.model)
    if not pairs:
        raise UnsupportedError(f"{path}: the vocabulary has no merges")
    if any(blank in token for pair in pairs for token in pair for blank in " \t\n"):
        raise RequestError(f"{path}: blanks in the merges of a byte-level vocabulary")
    base = {number: Token(text) for text, number in file.model.vocab.items()}
    return Vocabulary(
        model="gpt2",
        pre=pre,
        tokens=fill(path, size, base, file.added_tokens),
        merges=[f"{first} {second}" for first, second in pairs],
        flags={Keys.Tokenizer.ADD_PREFIX: False},
        template=file.post_processor,
    )


def _parts(node: Any) -> Iterator[dict[str, Any]]:
    """The steps of a pre-tokenizer."""
    match node:
        case {"type": "Sequence", "pretokenizers": [*parts]}:
            for part in parts:
                yield from _parts(part)
        case {"type": str()}:
            yield node
        case _:
            return


def _cut(path: Path, part: dict[str, Any]) -> Iterator[str]:
    match part:
        case {"type": "Split", "pattern": {"Regex": str(regex)}} if _keeps_all(part):
            for written, meant in _SPELLINGS:
                regex = regex.replace(written, meant)
            yield regex
        case {"type": "Digits", "individual_digits": True}:
            yield _DIGIT
        case {"type": "ByteLevel"} if not part.get("add_prefix_space", True):
            if part.get("use_regex", True):
                yield _GPT2
        case _:
            raise UnsupportedError(
                f"{path}: unsupported pre-tokenizer {part.get('type')}; get this model as a GGUF "
                "file instead"
            )


def _keeps_all(part: dict[str, Any]) -> bool:
    """The expressions match everything, so that to keep what matches is to isolate it."""
    return (part.get("behavior"), bool(part.get("invert"))) in (
        ("Isolated", False),
        ("Removed", True),
    )


def _check_normalizer(path: Path, node: Any) -> None:
    # llama.cpp composes no characters; nearly all text is composed already.
    match node:
        case None | {"type": "NFC"} | {"type": "Sequence", "normalizers": []}:
            return
        case _:
            name = node.get("type") if isinstance(node, dict) else node
            raise UnsupportedError(f"{path}: unsupported normalizer {name}; only NFC is converted")
