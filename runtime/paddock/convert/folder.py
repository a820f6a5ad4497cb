"""Reads the JSON files of a Hugging Face folder, each into a pydantic model of what is needed."""

from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, Field, ValidationError

from paddock.errors import RequestError

M = TypeVar("M", bound=BaseModel)

Count = Annotated[int, Field(gt=0, lt=2**24)]
Length = Annotated[int, Field(gt=0, lt=2**31)]
Layers = Annotated[int, Field(gt=0, le=512)]
"""llama.cpp ends the process on more."""
Positive = Annotated[float, Field(gt=0, lt=1e38)]
"""A number that a float32 can hold."""


def read_json(kind: type[M], path: Path) -> M:
    """RequestError, naming the file and the field, when it is absent or of another form."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RequestError(
            f"{path}: cannot be read ({error.strerror}); the folder must be a complete Hugging "
            "Face model, as downloaded"
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = "".join(f"{part}: " for part in first["loc"])
        raise RequestError(f"{path}: {where}{first['msg']}") from error
