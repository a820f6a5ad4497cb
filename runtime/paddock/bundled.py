"""The model that comes with the package: it is put into the store, under the name that it is asked
for by, when that happens first.

Knows its name and its files; nothing of what it is used for.
"""

from pathlib import Path
from typing import Final

from paddock.api import CreateRequest
from paddock.errors import ModelNotFoundError, PaddockError, StoreError
from paddock.models import Models
from paddock.names import ModelName

_FILES: Final = Path(__file__).parent / "demo"
_WEIGHTS: Final = _FILES / "demo-q8_0.gguf"
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
    if not is_meant(name) or _has(models, name):
        return name
    # What makes models is loaded when one is to be made.
    from paddock import creation

    try:
        request = CreateRequest(model=name, path=str(_FILES / "Modelfile"))
        creation.create(models, request, lambda _: None)
    except StoreError:
        return str(_WEIGHTS)
    return name


def _has(models: Models, name: str) -> bool:
    try:
        models.store.load(models.store.resolve_name(ModelName.parse(name)))
    except ModelNotFoundError:
        return False
    return True
