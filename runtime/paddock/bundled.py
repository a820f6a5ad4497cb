"""The model that comes with the package: it is put into the store, under the name that it is asked
for by, when that happens first, and again when the package has another one.

Knows its name and its files; nothing of what it is used for. In the store its config's `base_name`
tells the content of the files it was made from: so it is known from a model of the user's own, and
from that of another version of the package.
"""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

from paddock.api import CreateRequest
from paddock.errors import ModelNotFoundError, PaddockError, StoreError
from paddock.models import Models
from paddock.names import ModelName

_FILES: Final = Path(__file__).parent / "demo"
_WEIGHTS: Final = _FILES / "demo-q8_0.gguf"
_MODELFILE: Final = _FILES / "Modelfile"
_MARK: Final = "paddock/demo@"
DEMO: Final = "demo"
_NAMES: Final = (ModelName.parse(DEMO), ModelName.parse("paddock/demo"))


def is_meant(name: str) -> bool:
    """Whether a name may stand for the model of the package."""
    try:
        return ModelName.parse(name) in _NAMES
    except PaddockError:
        return False


def provided(models: Models, name: str) -> str:
    """The name itself, under which the store has what is meant, or the path of the weights
    themselves where the store cannot be written.

    A model of the user's own of that name comes first.
    """
    if not is_meant(name):
        return name
    stored, wanted = _stored(models, name), _mark(*_version())
    if stored is not None and (stored == wanted or not stored.startswith(_MARK)):
        return name
    # What makes models is loaded when one is to be made.
    from paddock import creation

    try:
        request = CreateRequest(model=name, path=str(_MODELFILE), info={"base_name": wanted})
        creation.create(models, request, lambda _: None)
    except StoreError:
        return str(_WEIGHTS) if stored is None else name
    return name


def _stored(models: Models, name: str) -> str | None:
    """What the model of that name says that it was made from; None if there is none."""
    try:
        return models.resolve(name).config.base_name
    except ModelNotFoundError:
        return None
    except PaddockError:  # it is there, and whoever uses it is told what it lacks
        return ""


def _version() -> tuple[int, ...]:
    """Another one for other files, as far as a glance tells."""
    found = [path.stat() for path in (_MODELFILE, _WEIGHTS)]
    return tuple(fact for status in found for fact in (status.st_mtime_ns, status.st_size))


@lru_cache(maxsize=1)
def _mark(*_version: int) -> str:
    """What is written into the store: it depends on the content of the files alone."""
    digest = hashlib.sha256(_MODELFILE.read_bytes())
    digest.update(_WEIGHTS.read_bytes())
    return _MARK + digest.hexdigest()
