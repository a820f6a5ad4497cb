"""Vocabularies in the way of SentencePiece: whole characters with a mark for the blank, and a token
for each byte of those that are missing. From tokenizer.json or from tokenizer.model.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from gguf import Keys, TokenType

from paddock.convert import protobuf
from paddock.convert.tokenizerfile import TokenizerFile, merges
from paddock.convert.vocabulary import AddedToken, Token, Vocabulary, fill
from paddock.errors import UnsupportedError

_BYTES: Final = tuple(f"<0x{byte:02X}>" for byte in range(256))


def from_json(path: Path, file: TokenizerFile, size: int) -> Vocabulary:
    has_prefix = _has_prefix(path, file)
    pairs = merges(path, file.model)
    ranks: dict[str, int] = {}
    for rank, (first, second) in enumerate(pairs):
        ranks.setdefault(first + second, rank)
    bytes_ = set(_BYTES)
    base: dict[int, Token] = {}
    for text, number in file.model.vocab.items():
        kind = TokenType.NORMAL
        if text == file.model.unk_token:
            kind = TokenType.UNKNOWN
        elif text in bytes_:
            kind = TokenType.BYTE
        # llama.cpp joins the pair with the highest score first. What no pair makes comes last.
        base[number] = Token(text, kind, -float(ranks.get(text, len(ranks))))
    return _vocabulary(path, size, base, file.added_tokens, has_prefix, file.post_processor)


def _has_prefix(path: Path, file: TokenizerFile) -> bool:
    """Whether a blank goes before a text. UnsupportedError for other steps than the two usual ones,
    to mark blanks and not to cut."""
    has_prefix = False
    for node in (
        *_steps(file.normalizer, "normalizers"),
        *_steps(file.pre_tokenizer, "pretokenizers"),
    ):
        match node:
            case {"type": "Prepend", "prepend": "▁"}:
                has_prefix = True
            case {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}:
                pass
            case {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious"}:
                pass  # no blank is left to split at
            case {"type": "Metaspace", "replacement": "▁"}:
                scheme = node.get("prepend_scheme") or (
                    "always" if node.get("add_prefix_space", True) else "never"
                )
                has_prefix = scheme != "never"
            case _:
                name = node.get("type") if isinstance(node, dict) else node
                raise UnsupportedError(
                    f"{path}: unsupported step {name} before the vocabulary; get this model as a "
                    "GGUF file instead"
                )
    return has_prefix


def _steps(node: Any, key: str) -> list[Any]:
    match node:
        case None:
            return []
        case {"type": "Sequence"} if isinstance(node.get(key), list):
            return node[key]
        case _:
            return [node]


def from_model(path: Path, size: int, added: Iterable[AddedToken]) -> Vocabulary:
    model = protobuf.read_model(path)
    if not model.is_bpe:
        raise UnsupportedError(
            f"{path}: unsupported tokenizer Unigram; for this architecture only BPE is converted"
        )
    base = {
        number: Token(piece.text, _TYPES.get(piece.type, TokenType.NORMAL), piece.score)
        for number, piece in enumerate(model.pieces)
    }
    return _vocabulary(path, size, base, added, model.add_dummy_prefix, None)


_TYPES: Final = {2: TokenType.UNKNOWN, 3: TokenType.CONTROL, 5: TokenType.UNUSED, 6: TokenType.BYTE}
"""Types of SentencePiece; those its user defined count as added tokens where they are ones."""


def _vocabulary(
    path: Path,
    size: int,
    base: Mapping[int, Token],
    added: Iterable[AddedToken],
    has_prefix: bool,
    template: Any,
) -> Vocabulary:
    known = {token.text for token in base.values()}
    if not known.issuperset(_BYTES):
        raise UnsupportedError(
            f"{path}: the vocabulary lacks tokens for single bytes; llama.cpp cannot do without"
        )
    added = list(added)
    return Vocabulary(
        model="llama",
        pre="default",
        tokens=fill(path, size, base, added),
        has_scores=True,
        flags={Keys.Tokenizer.ADD_PREFIX: has_prefix},
        template=template,
        is_stripping=any(token.special and token.rstrip for token in added),
    )
