"""The help texts, made of the table of commands. Pure."""

from collections.abc import Sequence
from typing import Final

from paddock.cli.arguments import Flag
from paddock.cli.commands import COMMANDS, Command

HELP: Final = Flag("help", "Show this help", short="h", default=False)
_SHARED_VARIABLES: Final = ("HOST", "MODELS", "DEBUG")
_VARIABLES: Final = {
    "DEBUG": "Log more: 1 or 2",
    "EDITOR": "Program to write messages in",
    "HOST": "Address of a server, if models run there",
    "MODELS": "Folder of the models (default: ~/.paddock/models)",
    "NOHISTORY": "Remember nothing that is typed",
}


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
    rows = (f"      {'OLLAMA_' + name:<27}   {_VARIABLES[name]}\n" for name in sorted(names))
    return "Environment Variables (PADDOCK_ goes before OLLAMA_):\n" + "".join(rows)
