"""What happens at the borders of a process: its exit, its children, what it may not touch."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.processes import run_python

pytestmark = pytest.mark.engine

START = """
import asyncio, os, sys, threading, time
from paddock.client import AsyncClient, Client
from paddock.errors import EngineClosedError
from paddock.runtime import Runtime

HI = [{"role": "user", "content": "the cat sat"}]
GREEDY = {"temperature": 0, "num_predict": 12}
ENDLESS = {"temperature": 0, "num_predict": 1_000_000}
runtime = Runtime(sys.argv[1])
client = Client(runtime=runtime)

def said():
    return client.chat("tiny", HI, options=GREEDY).message.content
"""

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


# -- exits


def test_mixed_calls_of_sixteen_threads_end_well(models: Path, minilm: str) -> None:
    run_python("-m", "tests.mixed_calls", models, minilm, "tiny")


@pytest.mark.parametrize(
    "end",
    [
        "left = client.chat('tiny', HI, stream=True, options=ENDLESS); next(left)",
        "runtime.embed(EmbedRequest(model='tiny', input=['words ' * 100] * 2000))",
        "threading.Thread(target=said, daemon=True).start()",
        "left = client.chat('tiny', HI, stream=True, options=ENDLESS); runtime.close()",
        "import atexit; atexit.register(said)",
    ],
)
def test_programs_may_end_as_carelessly_as_they_like(models: Path, end: str) -> None:
    source = f"{START}\nfrom paddock.api import EmbedRequest\nsaid()\n{end}"
    run_python("-X", "faulthandler", "-c", source, models)


def test_a_program_may_end_while_a_model_loads(models: Path) -> None:
    run_python("-c", START + "left = client.chat('tiny', HI, stream=True)", models)


def test_a_program_may_end_with_an_event_loop_that_still_waits(models: Path) -> None:
    source = """
async def main():
    task = asyncio.create_task(AsyncClient(runtime=runtime).chat("tiny", HI, options=ENDLESS))
    await asyncio.sleep(0.2)
asyncio.run(main())
"""
    run_python("-c", START + source, models)


def test_an_interrupt_ends_a_waiting_program(models: Path) -> None:
    # Whoever runs the tests in the background has its children ignore interrupts.
    heeds = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    waits = "said(); print('ready', flush=True); client.chat('tiny', HI, options=ENDLESS)"
    source = START + heeds + waits
    with subprocess.Popen(
        [sys.executable, "-c", source, str(models)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        time.sleep(0.2)
        program.send_signal(signal.SIGINT)
        _, errors = program.communicate(timeout=120)  # a busy machine's; the answer takes hours
    assert program.returncode in (-signal.SIGINT, 1, 130)
    assert errors.rstrip().endswith("KeyboardInterrupt")


# -- children


@forks
def test_a_forked_child_loads_its_own_model_and_the_parent_goes_on(models: Path) -> None:
    source = """
alone = said()
running = client.chat("tiny", HI, stream=True, options={"temperature": 0, "num_predict": 300})
first = next(running)
child = os.fork()
if child == 0:
    assert client.ps().models == []
    assert said() == alone
    assert [row.loads for row in client.ps().models] == [1]
    assert len(client.embed("tiny", ["a", "b"]).embeddings) == 2
    try:
        list(running)
    except Exception as error:
        assert "forked" in str(error), error
    else:
        sys.exit("the parent's answer came to an end in the child")
    sys.exit(0)
assert sum(not part.done for part in running) > 100
assert os.waitpid(child, 0)[1] == 0
assert said() == alone
"""
    run_python("-c", START + source, models)


@forks
def test_a_runtime_that_was_closed_is_so_in_the_child_too(models: Path) -> None:
    source = """
client.chat("tiny", HI, options={"num_predict": 1})
runtime.close()
child = os.fork()
if child == 0:
    try:
        said()
    except EngineClosedError:
        os._exit(0)
    os._exit(1)
assert os.waitpid(child, 0)[1] == 0
"""
    run_python("-c", START + source, models)


@forks
def test_children_of_many_threads_and_grandchildren_answer(models: Path) -> None:
    source = """
alone = said()
def work():
    for _ in range(20):
        assert said() == alone
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        assert said() == alone
        grandchild = os.fork()
        if grandchild == 0:
            assert said() == alone
            os._exit(0)
        os._exit(0 if os.waitpid(grandchild, 0)[1] == 0 else 1)
    children.append(child)
for thread in threads:
    thread.join()
assert all(os.waitpid(child, 0)[1] == 0 for child in children)
assert said() == alone
"""
    run_python("-c", START + source, models)


@forks
def test_the_default_runtime_of_a_child_is_its_own(models: Path) -> None:
    source = """
import paddock
alone = paddock.chat("tiny", HI, options=GREEDY).message.content
child = os.fork()
if child == 0:
    assert paddock.ps().models == []
    assert paddock.chat("tiny", HI, options=GREEDY).message.content == alone
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    run_python("-c", START + source, models, PADDOCK_MODELS=str(models))


@pytest.mark.parametrize("method", [pytest.param("fork", marks=forks), "spawn"])
def test_pools_of_processes_answer(models: Path, method: str, tmp_path: Path) -> None:
    program = tmp_path / "pool.py"
    program.write_text(
        START
        + f"""
import multiprocessing

def ask(number):
    return said()

if __name__ == "__main__":
    alone = said()
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        assert set(pool.map(ask, range(6))) == {{alone}}
    assert said() == alone
"""
    )
    run_python(program, models)


# -- what it may not need

WITHOUT_ENGINE = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "llama_cpp":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocked())

import paddock
folder, weights, other = sys.argv[1:]
client = paddock.Client(models=folder)
assert client.list().models[0].model
assert "completion" in client.show("tiny").capabilities
made = client.create("made", from_=weights, system="be brief")
assert made.status == "success"
assert client.show("made").system == "be brief"
client.copy("made", "twin")
client.delete("made")
client.delete("twin")
assert client.ps().models == []
for call in (
    lambda: client.chat("tiny", [{"role": "user", "content": "hi"}]),
    lambda: client.generate("tiny", "hi"),
    lambda: client.embed("tiny", "hi"),
    lambda: list(client.chat("tiny", [{"role": "user", "content": "hi"}], stream=True)),
    lambda: client.runtime.count_tokens("tiny", "hi"),
):
    try:
        call()
    except paddock.EngineMissingError as error:
        assert "pip install" in str(error) and "llama-cpp-python" in str(error), error
    else:
        sys.exit("it answered without an engine")
try:
    client.chat("nobody", [])
except paddock.ModelNotFoundError:
    pass
"""


def test_everything_but_the_engine_works_without_it(models: Path, tiny_gguf: Path) -> None:
    run_python("-c", WITHOUT_ENGINE, models, tiny_gguf, models)


def test_importing_loads_no_engine_and_no_model_starts_a_program_or_a_server(
    models: Path, minilm: str
) -> None:
    source = """
import socket, subprocess
def forbidden(*_, **__):
    raise AssertionError("paddock must not do this")
assert not {"llama_cpp", "numpy", "jinja2"} & sys.modules.keys()
for owner, name in ((socket.socket, "listen"), (socket.socket, "connect"), (socket.socket, "bind"),
                    (subprocess, "Popen"), (os, "system"), (os, "posix_spawn"), (os, "fork")):
    setattr(owner, name, forbidden)
said()
client.embed("minilm", ["a", "b"])
client.list(), client.ps(), client.show("tiny")
"""
    run_python("-c", START + source, models)
