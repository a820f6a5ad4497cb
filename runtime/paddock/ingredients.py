"""Finds what FROM, ADAPTER and DRAFT mean on this machine: files, folders, or a model's name.

Knows paths, which files of a folder make a model, and how to tell text from weights by the first
bytes; knows no store, and reads no weights.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from paddock.errors import NotFoundError, RequestError
from paddock.modelfile import Modelfile
from paddock.names import Digest, parse_digest
from paddock.splits import SHARD_NAME

Files = Mapping[str, Path]
"""Names as a create request has them, and where the files are."""
Source = Path | Digest
"""A file, or a blob that the store should have already (reference of 2024: `FROM @sha256:...`)."""


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What a model is to be made of. A base and files: the base counts, as in the reference."""

    base: str = ""
    """Name of another model."""
    files: tuple[Source, ...] = ()
    adapters: tuple[Source, ...] = ()
    draft: tuple[Source, ...] = ()

    def fields(self, digest_of: Callable[[Source], str]) -> dict[str, Any]:
        """Their part of a create request, for which each file needs its digest."""
        kinds = {"files": self.files, "adapters": self.adapters, "draft_files": self.draft}
        found: dict[str, Any] = {
            kind: {name: digest_of(source) for name, source in named(sources).items()}
            for kind, sources in kinds.items()
            if sources
        }
        return ({"from": self.base} if self.base else {}) | found


def gather(modelfile: Modelfile, folder: Path, *, within: Path | None = None) -> Ingredients:
    """What a Modelfile in that folder names; `within` is the one folder whose files may be used.

    Raises NotFoundError for a file that is not there, RequestError for what cannot be used.
    """
    base, files = "", list[Source]()
    paths: set[Path] = set()
    for argument in modelfile.all("from"):
        found = _find(argument, folder, within)
        if found is None:
            base = argument
        else:
            files += _sources(found)
            paths |= {found.resolve()} if isinstance(found, Path) else set()
    adapters = [_required("ADAPTER", text, folder, within) for text in modelfile.all("adapter")]
    drafts = [_required("DRAFT", text, folder, within) for text in modelfile.all("draft")]
    for draft in drafts:
        if isinstance(draft, Path) and draft.resolve() in paths:
            raise RequestError(f"DRAFT must not reference the same local path as FROM: {draft}")
    return Ingredients(
        base,
        tuple(dict.fromkeys(files)),
        tuple(_sources(adapters[-1], of_adapter=True) if adapters else ()),
        tuple(dict.fromkeys(source for draft in drafts for source in _sources(draft))),
    )


def named(sources: Sequence[Source]) -> dict[str, Source]:
    """The names under which a request lists files: relative to their deepest common folder."""
    paths = [source for source in sources if isinstance(source, Path)]
    common = _common_folder(paths)
    return {_name(source, common): source for source in sources}


def _name(source: Source, common: Path) -> str:
    if not isinstance(source, Path):
        return source.replace(":", "-")
    return source.relative_to(common).as_posix() if source.is_relative_to(common) else source.name


def _common_folder(paths: Sequence[Path]) -> Path:
    try:
        return Path(os.path.commonpath([path.parent for path in paths]))
    except ValueError:  # none, or on several drives
        return Path()


# -- paths -----------------------------------------------------------------------------------------


def _home_of(user: str) -> str | None:
    """The home folder of a user; of the current one if the name is empty."""
    try:
        return str(Path(f"~{user}").expanduser())
    except (RuntimeError, ValueError):
        return None


def expand_path(
    argument: str, folder: Path, *, home_of: Callable[[str], str | None] = _home_of
) -> Path:
    """The absolute path that an argument means in a Modelfile of that folder."""
    if argument.startswith("~"):
        user, _, rest = argument[1:].replace(os.sep, "/").partition("/")
        home = home_of(user)
        if home is None:
            raise RequestError(f"failed to find user '{user}': unknown user {user}")
        return _clean(Path(home, rest))
    if argument.startswith(("/", "\\")):
        return _clean(Path(argument))
    return _clean(folder.absolute() / argument)


def _clean(path: Path) -> Path:
    return Path(os.path.normpath(path))


def looks_like_path(argument: str) -> bool:
    """Whether nobody would write a model's name so."""
    is_path = argument.startswith((".", "~", "/")) or "\\" in argument
    return is_path or Path(argument).is_absolute()


def _find(argument: str, folder: Path, within: Path | None) -> Source | None:
    """The file, folder or blob meant; None for the name of a model."""
    if argument.startswith("@"):
        return parse_digest(argument[1:])
    if within is None or Path(argument).is_absolute():
        path = expand_path(argument, folder)
        if (within is None or path.parent == within) and exists(path):
            return path
    if looks_like_path(argument):
        raise NotFoundError(f"{argument}: no such file or folder")
    return None


def _required(command: str, argument: str, folder: Path, within: Path | None) -> Source:
    found = _find(argument, folder, within)
    if found is None:
        raise NotFoundError(
            f"{argument}: no such file or folder; {command} takes the path of a file"
        )
    return found


def exists(path: Path) -> bool:
    """RequestError for what is there and may not be looked at."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError as error:
        if isinstance(error, PermissionError):
            raise RequestError(f"{path}: {error.strerror}; it must be readable") from error
        return False  # too long for a path
    return True


def _sources(found: Source, *, of_adapter: bool = False) -> tuple[Source, ...]:
    if not isinstance(found, Path):
        return (found,)
    return files_at(found, of_adapter=of_adapter)


# -- files -----------------------------------------------------------------------------------------

Content = Literal["text", "binary", "zip"]

_SAFETENSORS: Final = ("model*.safetensors", "*/model*.safetensors")
_WEIGHTS: Final[tuple[tuple[tuple[str, ...], Content | None], ...]] = (
    (_SAFETENSORS, None),
    (("consolidated*.safetensors",), None),
    (("pytorch_model*.bin",), "zip"),
    (("consolidated*.pth",), "zip"),
    (("*.gguf",), "binary"),
    (("*.bin",), "binary"),
)
"""Patterns and content of weights; the first group of which a folder has files is used."""
_ADAPTER_WEIGHTS: Final = ((("adapter*.safetensors",), None), *_WEIGHTS)
_BESIDE: Final[Mapping[str, Content]] = {
    "*.json": "text",
    "*/*.json": "text",
    "chat_template.jinja": "text",
}
"""What a conversion needs besides weights, and must have as content."""
_TOKENIZERS: Final[Mapping[str, Content]] = {
    "tokenizer.model": "binary",
    # Reference: one folder down it must look like text.
    "*/tokenizer.model": "text",
}
_SNIFFED: Final = 512
_ZIP: Final = b"PK\x03\x04"
_BINARY: Final = frozenset({*range(0x20)} - set(b"\t\n\x0c\r\x1b"))
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_MIME: Final[Mapping[Content, str]] = {
    "text": "text/plain",
    "binary": "application/octet-stream",
    "zip": "application/zip",
}


def files_at(path: Path, *, of_adapter: bool = False) -> tuple[Path, ...]:
    """The files of a folder, or of a split GGUF of which one shard is named, or the file itself."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        return files_for_model(path, of_adapter=of_adapter)
    if not stat.S_ISREG(mode):
        raise RequestError(f"{path}: not a regular file; name a file or a folder")
    if path.suffix == ".safetensors":
        raise RequestError(f"{path}: name the folder instead; its config and tokenizer are needed")
    return _shards_of(path)


def _shards_of(path: Path) -> tuple[Path, ...]:
    """Reference: takes only the file named, and then misses the others."""
    match = SHARD_NAME.fullmatch(path.name)
    if match is None:
        return (path,)
    others = (
        path.with_name(f"{match['prefix']}-{index:05}-of-{match['count']}.gguf")
        for index in range(1, int(match["count"]) + 1)
    )
    return tuple(dict.fromkeys((path, *filter(Path.is_file, others))))


def files_for_model(folder: Path, *, of_adapter: bool = False) -> tuple[Path, ...]:
    """The weights of a folder and what a conversion of them needs. Raises RequestError."""
    root = folder.resolve()
    for patterns, content in _ADAPTER_WEIGHTS if of_adapter else _WEIGHTS:
        weights = [
            path
            for path in _matches(root, patterns)
            if content is None or content_of(path) == content
        ]
        if weights:
            return tuple(dict.fromkeys((*weights, *_beside(root))))
    raise RequestError(
        f"no Modelfile or safetensors files found in {folder}; a model's folder holds "
        "model*.safetensors with their JSON files, or *.gguf"
    )


def _beside(root: Path) -> Iterator[Path]:
    for pattern, content in _BESIDE.items():
        for path in _matches(root, (pattern,)):
            _expect(content, path)
            yield path
    for pattern, content in _TOKENIZERS.items():
        found = list(_matches(root, (pattern,)))
        for path in found:
            _expect(content, path)
            yield path
        if found:
            return


def _expect(content: Content, path: Path) -> None:
    found = content_of(path)
    if found != content:
        raise RequestError(f"invalid content type: expected {_MIME[found]} for {path}")


def _matches(root: Path, patterns: Iterable[str]) -> Iterator[Path]:
    for pattern in patterns:
        for path in sorted(root.glob(pattern)):
            if path.is_file():
                _check_inside(root, path)
                yield path


def _check_inside(root: Path, path: Path) -> None:
    target = path.resolve()
    # A snapshot in the cache of Hugging Face consists of links to the repository's own blobs.
    blobs = root.parent.parent / "blobs" if root.parent.name == "snapshots" else root
    if target.is_relative_to(root) or target.is_relative_to(blobs):
        return
    hint = (
        "; Use --local-dir <dir> when downloading model to disable caching"
        if ".cache" in path.parts
        else ""
    )
    raise RequestError(f"insecure path: {path.relative_to(root)}{hint}")


def content_of(path: Path) -> Content:
    """What the first bytes look like, by the rules with which browsers sniff."""
    try:
        with path.open("rb") as file:
            start = file.read(_SNIFFED)
    except OSError as error:
        raise RequestError(f"{path}: cannot be read ({error.strerror})") from error
    if start.startswith(_ZIP):
        return "zip"
    if start.startswith(_UTF16_MARKS):
        return "text"
    return "binary" if any(byte in _BINARY for byte in start) else "text"
