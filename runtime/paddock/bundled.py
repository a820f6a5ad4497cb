"""The model that comes with the package: it is put into the store when it is first asked for.

Knows its name and its files; nothing of what it is used for.
"""

from pathlib import Path
from typing import Final

from paddock.api import CreateRequest
from paddock.errors import ModelNotFoundError, PaddockError, StoreError
from paddock.models import Models
from paddock.names import ModelName

DEMO: Final = "paddock/demo"
_FILES: Final = Path(__file__).parent / "demo"
_WEIGHTS: Final = _FILES / "demo-q8_0.gguf"
_ALIAS: Final = ModelName.parse("demo")
_NAMES: Final = (_ALIAS, ModelName.parse(DEMO))


def is_meant(name: str) -> bool:
    """Whether a name may stand for the model of the package."""
    try:
        return ModelName.parse(name) in _NAMES
    except PaddockError:
        return False


def provided(models: Models, name: str) -> str:
    """The name under which the store has what is meant, or the path of the weights themselves where
    the store cannot be written.

    A model of the user's own under either name comes first.
    """
    if not is_meant(name):
        return name
    for known in (name, DEMO):
        if _has(models, known):
            return known
    # What makes models is loaded when one is to be made.
    from paddock import creation

    try:
        request = CreateRequest(model=DEMO, path=str(_FILES / "Modelfile"))
        creation.create(models, request, lambda _: None)
    except StoreError:
        return str(_WEIGHTS)
    return DEMO


def registered(models: Models, name: str) -> str:
    """As `provided`, for what is there already: nothing is written."""
    return DEMO if is_meant(name) and not _has(models, name) else name


def _has(models: Models, name: str) -> bool:
    try:
        models.store.load(models.store.resolve_name(ModelName.parse(name)))
    except ModelNotFoundError:
        return False
    return True
