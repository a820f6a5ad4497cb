"""Images and sounds that a prompt names by path. Knows file types; knows no model.

What looks like a path is tried as a file; a file that is there is attached, and its path leaves the
text. Relative paths need their `./`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from paddock.errors import RequestError

MAX_BYTES: Final = 100 * 2**20
_PATH: Final = re.compile(
    r"(?:[a-zA-Z]:)?(?:\./|/|\\)[\S ]{1,1024}?\.(?:jpe?g|png|webp|wav)\b", re.IGNORECASE
)
_ESCAPED: Final = re.compile(r"\\([ ()\[\]{}$&;'\\*?~])")
_KINDS: Final = (  # offset and bytes of the beginning, what it is
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (8, b"WEBPVP", "image/webp"),
    (8, b"WAVE", "audio/wave"),
    (0, b"GIF8", "image/gif"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"<svg", "image/svg+xml"),
)
_TAKEN: Final = frozenset({"image/jpeg", "image/png", "image/webp", "audio/wave"})


@dataclass(frozen=True, slots=True)
class Attachment:
    path: str
    content: bytes
    kind: str

    @property
    def noun(self) -> str:
        return self.kind.partition("/")[0]


def candidates(text: str) -> list[str]:
    """Whatever in a text looks like the path of an image or a sound."""
    return _PATH.findall(text)


def begins_with_path(text: str) -> bool:
    return _PATH.match(text) is not None


def extract(
    text: str, report: Callable[[Attachment], None] = lambda _: None
) -> tuple[str, list[bytes]]:
    """The text without the files that it names, and their contents.

    Raises RequestError for a file that is there but is no image or sound, or is too large.
    """
    found: list[bytes] = []
    start = 0
    while match := _PATH.search(text, start):
        attachment = _read(match[0])
        if attachment is None:
            start = match.start() + 1  # words before a path may have begun the match
            continue
        report(attachment)
        found.append(attachment.content)
        text = text.replace(f"'{match[0]}'", "").replace(match[0], "")
        start = 0
    return (text.strip() if found else text), found


def _read(written: str) -> Attachment | None:
    path = Path(_ESCAPED.sub(r"\1", written))
    try:
        if not path.is_file():
            return None
        if path.stat().st_size > MAX_BYTES:
            raise RequestError(f"{path}: file size exceeds maximum limit (100MB)")
        content = path.read_bytes()
    except OSError:
        return None
    kind = sniff(content)
    if kind not in _TAKEN:
        raise RequestError(f"{path}: invalid file type: {kind}")
    return Attachment(str(path), content, kind)


def sniff(content: bytes) -> str:
    """The media type that the beginning of a file tells."""
    for offset, magic, kind in _KINDS:
        if content[offset:].startswith(magic) and (offset == 0 or content.startswith(b"RIFF")):
            return kind
    is_binary = any(byte < 0x20 and byte not in b"\t\n\f\r\x1b" for byte in content[:512])
    return "application/octet-stream" if is_binary else "text/plain; charset=utf-8"
