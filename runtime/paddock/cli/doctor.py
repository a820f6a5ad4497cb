"""`doctor`: what is installed, whether the engine uses the GPU, and the one command that helps.

Knows packages, devices and the models folder; loads no model.
"""

import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

from paddock import __version__
from paddock.cli.arguments import Line
from paddock.cli.figures import binary_size, human_size
from paddock.errors import EngineError, PaddockError
from paddock.memory import available_memory
from paddock.runtime import Runtime

State = Literal["ok", "note", "problem"]
Accelerator = Literal["cuda", "rocm", "metal"]

_MARKS: Final = {"ok": "+", "note": "-", "problem": "!"}
_EXTRAS: Final = (  # package, what it is for, the extra that brings it
    ("rich", "progress bars", "cli"),
    ("prompt_toolkit", "the prompt of `paddock run`", "cli"),
    ("starlette", "`paddock serve`", "server"),
    ("uvicorn", "`paddock serve`", "server"),
    ("langchain_core", "LangChain", "langchain"),
    ("llama_index.core", "LlamaIndex", "llama-index"),
)
_BUILD: Final[dict[Accelerator, tuple[str, str, str]]] = {  # name, CMake switch, its compiler
    "cuda": ("an NVIDIA GPU", "-DGGML_CUDA=on", "nvcc"),
    "rocm": ("an AMD GPU", "-DGGML_HIP=on", "hipcc"),
    "metal": ("an Apple GPU", "-DGGML_METAL=on", ""),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `remedy` is the command that would improve it."""

    state: State
    topic: str
    text: str
    remedy: str = ""


def doctor(_: Line) -> int:
    """1 if models cannot, or should not, run as things are."""
    findings = list(examine())
    print(report(findings), end="")
    return 1 if any(finding.state == "problem" for finding in findings) else 0


def report(findings: Sequence[Finding]) -> str:
    """A line per finding, and the first remedy: with what is worst, one begins."""
    width = max(len(finding.topic) for finding in findings)
    text = "".join(
        f"{_MARKS[finding.state]} {finding.topic:<{width}}  {finding.text}\n"
        for finding in findings
    )
    order = ("problem", "note")
    remedies = [
        finding.remedy
        for state in order
        for finding in findings
        if finding.state == state and finding.remedy
    ]
    if not remedies:
        return f"{text}\nNothing needs to be done.\n"
    return f"{text}\nThis would help:\n\n  {remedies[0]}\n"


def examine() -> Iterator[Finding]:
    yield Finding("ok", "paddock", f"{__version__} in {Path(__file__).parents[1]}")
    yield Finding("ok", "Python", f"{platform.python_version()}, {sys.executable}")
    cores = os.cpu_count() or 1
    yield Finding(
        "ok",
        "machine",
        f"{platform.system()} {platform.machine()}, {cores} cores, "
        f"{binary_size(available_memory())} of memory available",
    )
    yield from _engine()
    yield from advisories(_version_of)
    yield _models()
    yield from _extras()


# -- the engine ------------------------------------------------------------------------------------


def _engine() -> Iterator[Finding]:
    installed = _version_of("llama-cpp-python")
    try:
        from paddock.engine.llama import supports_gpu

        offloads = supports_gpu()
    except EngineError as error:
        remedy = _install("llama-cpp-python", reinstall=installed is not None)
        yield Finding("problem", "engine", str(error).partition("\n")[0], remedy)
        return
    yield Finding("ok", "engine", f"llama-cpp-python {installed}")
    yield gpu_finding(offloads=offloads, found=accelerator())


def gpu_finding(*, offloads: bool, found: Accelerator | None) -> Finding:
    """What the engine's build and the machine's devices come to."""
    if offloads:
        return Finding("ok", "GPU", "the engine offloads to it")
    if found is None:
        return Finding("ok", "GPU", "none found; models run on the CPU")
    name, switch, compiler = _BUILD[found]
    missing = compiler and shutil.which(compiler) is None
    needs = f" (that needs {compiler}, which was not found)" if missing else ""
    return Finding(
        "note",
        "GPU",
        f"there is {name}, but the engine was built for the CPU alone{needs}",
        _install("llama-cpp-python", reinstall=True, switch=switch),
    )


def accelerator() -> Accelerator | None:
    """The kind of GPU that this machine has, by the traces of its driver."""
    if sys.platform == "darwin":
        return "metal" if platform.machine() == "arm64" else None
    if Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi"):
        return "cuda"
    return "rocm" if Path("/dev/kfd").exists() else None


def _install_words() -> str:
    if find_spec("pip") is not None:
        return f"{sys.executable} -m pip install"
    return f"uv pip install --python {sys.executable}"


def _install(package: str, *, reinstall: bool, switch: str = "") -> str:
    """The command for the installer that this environment has."""
    words = [_install_words()]
    if find_spec("pip") is not None:
        words += ["--force-reinstall", "--no-cache-dir", "--no-deps"] if reinstall else []
    else:
        words += ["--reinstall-package", package, "--no-cache"] if reinstall else []
    words += ["--no-binary", package] if switch else []
    environment = [f'CMAKE_ARGS="{switch}"'] if switch else []
    return " ".join([*environment, *words, package])


# -- known-bad versions ----------------------------------------------------------------------------

_UNSAFE: Final = (  # package, the first version that is safe, what is wrong before it
    ("jinja2", (3, 1, 6), "templates of models can leave the sandbox"),
    ("llama-cpp-python", (0, 3, 36), "damaged model files can crash the process"),
)
_DISK_CACHE: Final = "diskcache"


def advisories(version_of: Callable[[str], str | None]) -> Iterator[Finding]:
    """What is installed in a version that is known to be unsafe."""
    for package, safe, what in _UNSAFE:
        installed = version_of(package)
        if installed is not None and _numbers(installed) < safe:
            wanted = f"{package}>={'.'.join(map(str, safe))}"
            text = f"{package} {installed}: {what}"
            yield Finding("problem", "safety", text, f"{_install_words()} '{wanted}'")
    installed = version_of(_DISK_CACHE)
    if installed is not None:
        yield Finding(
            "ok",
            "safety",
            f"{_DISK_CACHE} {installed} is there (CVE-2025-69872); paddock never uses it",
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


# -- models and extras -----------------------------------------------------------------------------


def _models() -> Finding:
    root = Runtime.default().settings.models
    if not root.exists():
        return Finding("ok", "models", f"{root} (nothing there yet)")
    if not root.is_dir():
        return Finding("problem", "models", f"{root} is no folder", "export PADDOCK_MODELS=FOLDER")
    if not os.access(root, os.R_OK | os.X_OK):
        return Finding("problem", "models", f"{root} cannot be read", f"ls -ld {root}")
    try:
        count = len(Runtime.default().list().models)
    except PaddockError as error:
        return Finding("problem", "models", str(error), f"ls -l {root}")
    free = human_size(shutil.disk_usage(root).free)
    text = f"{count} in {root}, {free} free"
    if not os.access(root, os.W_OK):
        return Finding("note", "models", f"{text}; read-only: models run, but none can be added")
    return Finding("ok", "models", text)


def _extras() -> Iterator[Finding]:
    for package, purpose, extra in _EXTRAS:
        if _is_installed(package):
            yield Finding("ok", extra, f"{package} is there, for {purpose}")
        else:
            yield Finding("ok", extra, f'{package} is not there; for {purpose}: "paddock[{extra}]"')


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
