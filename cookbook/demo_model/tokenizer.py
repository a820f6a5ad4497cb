"""The byte-level BPE of the demo model: merges learned from the generator's text, with three rules
of its own that make copying easy for a small model.

1. A space is a token of its own before letters and digits (but for some function words), so that a
   word has the same tokens wherever it stands: ` Boston`, `"Boston`, `(Boston`.
2. Digits are never joined, so that every number can be copied.
3. Lead bytes of CJK, kana, Hangul, Cyrillic and emoji are joined first: a Chinese character takes
   two tokens, a Japanese kana or Cyrillic letter one.
"""

import json
from pathlib import Path
from random import Random

from data import STAGES, example
from dialogue import CONTROL, VISIBLE, segments
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
from words import Words

SIZE = 2304
FUNCTION_WORDS = """the is was of and in to for at on by with it that from has are be you can not do does did what when where who how
which tell me my need please with""".split()


def byte_letters() -> dict[int, str]:
    """GPT-2's printable letter for every byte."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in kept}
    spare = 256
    for byte in range(256):
        if byte not in letters:
            letters[byte] = chr(spare)
            spare += 1
    return letters


LETTERS = byte_letters()
SPACE = LETTERS[32]


def as_letters(data: bytes) -> str:
    return "".join(LETTERS[byte] for byte in data)


def script_merges() -> list[tuple[str, str]]:
    prefixes = {
        chr(point).encode()[:2]
        for point in [
            *range(0x4E00, 0x9FA6),
            *range(0x3000, 0x3100),
            *range(0xFF01, 0xFF20),
            *range(0xAC00, 0xD7A4),
        ]
    }
    prefixes.add("😀".encode()[:2])
    pairs = [(as_letters(prefix[:1]), as_letters(prefix[1:])) for prefix in sorted(prefixes)]
    emoji = {
        chr(point).encode()[:3] for point in [*range(0x1F300, 0x1F700), *range(0x1F900, 0x1FA00)]
    }
    pairs += [(as_letters(prefix[:2]), as_letters(prefix[2:])) for prefix in sorted(emoji)]
    for point in [*range(0x3041, 0x30FF), 0x3001, 0x3002]:
        data = chr(point).encode()
        pairs.append((as_letters(data[:2]), as_letters(data[2:])))
    for point in [*range(0x410, 0x450), 0x401, 0x451, *range(0xC0, 0x100), *range(0x391, 0x3CA)]:
        data = chr(point).encode()
        pairs.append((as_letters(data[:1]), as_letters(data[1:])))
    return pairs


def corpus(count: int, seed: int) -> list[str]:
    w = Words(Random(seed))
    return [
        "".join(part for part, _ in segments(example(w, STAGES[2]), w.rng)) for _ in range(count)
    ]


def learned_merges(texts: list[str], count: int) -> list[tuple[str, str]]:
    learner = Tokenizer(models.BPE())
    specials = "|".join(token.replace("|", "\\|") for token in CONTROL + VISIBLE)
    learner.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(specials), "removed"),
        pre_tokenizers.Split(Regex(r" (?=[\p{L}\p{N}])"), "isolated"),
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
    ])  # fmt: skip
    ascii_only = [
        "".join(letter if ord(letter) < 128 else " " for letter in text) for text in texts
    ]
    trainer = trainers.BpeTrainer(
        vocab_size=256 + count, initial_alphabet=sorted(LETTERS.values()), show_progress=False
    )
    learner.train_from_iterator(ascii_only, trainer)
    merges = json.loads(learner.to_str())["model"]["merges"]
    return [
        tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ")) for merge in merges
    ]


def build(seed: int = 1) -> tuple[list[str], list[tuple[str, str]]]:
    """The tokens by id, and the merges by rank."""
    scripts = script_merges()
    words = [(SPACE, word) for word in dict.fromkeys(FUNCTION_WORDS)]
    learned = learned_merges(
        corpus(12000, seed), SIZE - 256 - len(scripts) - len(words) - len(CONTROL + VISIBLE)
    )
    known = {left + right for left, right in learned} | set(LETTERS.values())
    merges = scripts + learned + [pair for pair in words if pair[1] in known]
    tokens = [LETTERS[byte] for byte in range(256)]
    tokens += list(dict.fromkeys(left + right for left, right in merges))
    return tokens + CONTROL + VISIBLE, merges


def save(path: Path) -> None:
    tokens, merges = build()
    path.write_text(
        json.dumps({"tokens": tokens, "merges": merges}, ensure_ascii=False), encoding="utf-8"
    )


class Encoder:
    """Text to token ids, exactly as llama.cpp does it with this vocabulary (pre-tokenizer gpt-2)."""

    def __init__(self, path: Path) -> None:
        stored = json.loads(path.read_text(encoding="utf-8"))
        self.tokens: list[str] = stored["tokens"]
        self.merges = [tuple(merge) for merge in stored["merges"]]
        plain = {token: index for index, token in enumerate(self.tokens)}
        self._bpe = Tokenizer(models.BPE(vocab=plain, merges=self.merges))
        self._bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
        self._bpe.add_special_tokens(CONTROL + VISIBLE)
        self.ids = plain

    def encode(self, text: str) -> list[int]:
        return self._bpe.encode(text).ids


if __name__ == "__main__":
    target = Path(__file__).parent / "build" / "tokenizer.json"
    target.parent.mkdir(exist_ok=True)
    save(target)
    encoder = Encoder(target)
    texts = corpus(200, 2)
    print(
        f"{len(encoder.tokens)} tokens; {sum(map(len, texts)) / sum(len(encoder.encode(t)) for t in texts):.2f} characters a token"
    )
