"""`signin`: the key by which registries know this user. Knows where it lies and where to add it."""

from typing import Final

from paddock.cli.arguments import Line
from paddock.store.auth import Key, default_key_path

_SETTINGS: Final = "https://ollama.com/settings/keys"


def signin(_: Line) -> int:
    """Prints the public key, which is made if there is none."""
    key = Key.load_or_make(default_key_path())
    print(
        "Registries know you by this key. Add it to your account to push models, or to pull "
        f"private ones\n(Ollama: {_SETTINGS}):\n\n{key.public_line}"
    )
    return 0
