"""Where a long text may be cut so that its parts give the tokens of the whole. Knows characters;
knows no vocabulary.

The library splits text with recursive regular expressions (measured: 320 bytes of stack for each
character of one match, so 32,768 equal characters end the process) and copies what it has so far
for each byte without a token of its own. Parts of bounded size avoid both.
"""

import re

_LINE_END = re.compile(r"\n(?=\w)")
"""No pre-tokenizer lets a match go on from one line into a word on the next."""
_WORD = re.compile(r"(?<=\S) (?=[^\W\d_])")
_MARK = re.compile(r"(?<=\w)[^\w\s|>\]]")


def split_long(text: str, limit: int, *, keep_lines: bool) -> list[str]:
    """Parts of `text` that make up the whole.

    With `keep_lines` only stretches of more than `limit` characters without a line that begins with
    a word are cut, so that ordinary text stays whole; otherwise no part is longer than `limit`.
    """
    if len(text) <= limit:
        return [text]
    ends = [match.end() for match in _LINE_END.finditer(text)] if keep_lines else []
    cuts = [0]
    start = 0
    for end in [*ends, len(text)]:
        while end - start > limit:
            start = _best_cut(text, start, start + limit)
            cuts.append(start)
        start = end
    return [text[a:b] for a, b in zip(cuts, [*cuts[1:], len(text)], strict=True)]


def _best_cut(text: str, start: int, end: int) -> int:
    """Before a word, or else before a mark, in the latter half of the range; else at its end, but
    not inside of what may be `<|a token|>`."""
    middle = (start + end) // 2
    for boundary in (_WORD, _MARK):
        found = max((match.start() for match in boundary.finditer(text, middle, end)), default=0)
        if found > start:
            return found
    token = text.rfind("<", max(start + 1, end - 64), end)
    return token if token > start else end
