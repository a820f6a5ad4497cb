"""The help texts, made of the table of commands. Pure."""

from collections.abc import Sequence
from typing import Final

from paddock.cli.arguments import Flag
from paddock.cli.commands import COMMANDS, Command

HELP: Final = Flag("help", "Show this help", short="h", default=False)
_SHARED_VARIABLES: Final = ("HOST", "MODELS", "DEBUG")
_VARIABLES: Final = {
    "API_KEY": "What clients of a server must send, and what is sent to one",
    "CONTEXT_LENGTH": "Context window of models that name none",
    "DEBUG": "Log more: 1 or 2",
    "EDITOR": "Program to write messages in",
    "FLASH_ATTENTION": "Flash attention: 1 or 0 (default: as the engine chooses)",
    "GO_TEMPLATE": "TEMPLATE goes before the template of the weights: 1 or 0",
    "GPU_OVERHEAD": "Bytes to leave free on every GPU",
    "HOST": "Address of a server that runs the models; of `serve`, where it listens",
    "KEEP_ALIVE": "How long models stay loaded (default: 5m)",
    "KV_CACHE_TYPE": "Type of the cache of keys and values (default: f16)",
    "MAX_LOADED_MODELS": "Models loaded at the same time",
    "MAX_QUEUE": "Requests that may wait for a model (default: 512)",
    "MODELS": "Folder of the models (default: ~/.paddock/models)",
    "MODELS_READ_ONLY": "More folders of models, in which nothing is changed",
    "NOHISTORY": "Remember nothing that is typed",
    "NOPRUNE": "Leave what interrupted work left in the store",
    "NUM_PARALLEL": "Answers of a model at the same time",
    "ORIGINS": "Web pages that may ask, beside local ones",
    "PULL_HOSTS": "Registries that clients may pull from; * is all",
    "READ_ONLY": "Clients may not change the models",
    "STRICT": "Serve other machines with a key only",
}
_OURS: Final = frozenset({"API_KEY", "PULL_HOSTS", "READ_ONLY", "STRICT"})
"""Those that are read under paddock's prefix alone."""


def root_help(flags: Sequence[Flag]) -> str:
    width = max(len(command.name) for command in COMMANDS)
    commands = "".join(f"  {command.name:<{width}}  {command.help}\n" for command in COMMANDS)
    return (
        "Ollama inside your Python process\n\n"
        "Usage:\n  paddock [flags]\n  paddock [command]\n\n"
        f"Commands:\n{commands}\n"
        f"{_flags(flags)}\n"
        f"{_variables(_SHARED_VARIABLES)}\n"
        'Use "paddock [command] --help" for more about a command.\n'
    )


def command_help(command: Command, flags: Sequence[Flag]) -> str:
    usage = " ".join(filter(None, ("paddock", command.name, command.arguments, "[flags]")))
    names = ", ".join((command.name, *command.aliases))
    aliases = f"Aliases:\n  {names}\n\n" if command.aliases else ""
    return (
        f"{command.help}\n\nUsage:\n  {usage}\n\n{aliases}{_flags(flags)}\n"
        f"{_variables((*_SHARED_VARIABLES, *command.variables))}"
    )


def _flags(flags: Sequence[Flag]) -> str:
    rows = sorted((flag.name, _spelled(flag), flag.help) for flag in flags)
    width = max(len(spelled) for _, spelled, _ in rows)
    return "Flags:\n" + "".join(f"{spelled:<{width}}   {text}\n" for _, spelled, text in rows)


def _spelled(flag: Flag) -> str:
    short = f"-{flag.short}, " if flag.short else "    "
    value = f"[={flag.value}]" if flag.value and flag.bare else f" {flag.value}".rstrip()
    return f"  {short}--{flag.name}{value}"


def _variables(names: Sequence[str]) -> str:
    rows = (
        f"      {('PADDOCK_' if name in _OURS else 'OLLAMA_') + name:<27}   {_VARIABLES[name]}\n"
        for name in sorted(set(names))
    )
    return "Environment Variables (PADDOCK_ goes before OLLAMA_):\n" + "".join(rows)
