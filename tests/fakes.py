"""A backend of scripted logits: bytes are tokens, 256 ends. Records what the engine asks of it."""

import threading
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from paddock.engine.backend import Choice, ModelFacts
from paddock.engine.sequence import Chunk, SamplingParams, Step
from paddock.errors import DecodeError, GrammarError

END = 256

Script = Callable[[Sequence[int]], int]
"""All tokens so far -> the next one."""


def echo(tokens: Sequence[int]) -> int:
    """Says the prompt again and again; depends on the whole context, so that a mix-up shows."""
    return (sum(tokens) + len(tokens)) % 26 + ord("a")


@dataclass
class FakeSampler:
    backend: "FakeBackend"
    closed: bool = False

    def sample(self, row: int) -> Choice:
        assert not self.closed
        slot, length = self.backend.outputs[row]
        held = self.backend.cells[slot]
        assert len(held) == length
        return Choice(self.backend.script(held))

    def close(self) -> None:
        assert not self.closed, "a sampler is closed once"
        self.closed = True


@dataclass
class FakeBackend:
    """Keeps what every slot would hold, and checks each rule of the Backend protocol."""

    script: Script = echo
    n_ctx: int = 64
    n_slots: int = 4
    n_batch: int = 16
    can_shift: bool = True
    can_truncate: bool = True
    fail_when: Callable[[Step], bool] = lambda _: False
    gate: threading.Event | None = None
    """When given, every decode waits for it."""
    cells: dict[int, "array[int]"] = field(default_factory=dict)
    positions: dict[int, list[int]] = field(default_factory=dict)
    """Where each cell stands."""
    pictures: list[tuple[int, int]] = field(default_factory=list)
    """First row and number of rows of every piece of a picture, in order."""
    histories: list[list[int]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    outputs: dict[int, tuple[int, int]] = field(default_factory=dict)
    copies: list[tuple[int, int, int]] = field(default_factory=list)
    samplers: list[FakeSampler] = field(default_factory=list)
    closed: int = 0
    thread: threading.Thread | None = None
    in_decode: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.cells = {slot: array("i") for slot in range(self.n_slots)}
        self.positions = {slot: [] for slot in range(self.n_slots)}
        self.facts = ModelFacts(
            n_vocab=257,
            n_embd=8,
            n_embd_input=8,
            n_ctx_train=self.n_ctx,
            bos=None,
            eos=END,
            add_bos=False,
            add_eos=False,
            end_tokens=frozenset({END}),
            can_shift=self.can_shift,
            can_truncate=self.can_truncate,
        )

    def _one_thread(self) -> None:
        self.thread = self.thread or threading.current_thread()
        assert self.thread is threading.current_thread(), "one thread owns the backend"

    def decode(self, step: Step) -> None:
        self._one_thread()
        self.in_decode.set()
        if self.gate is not None:
            self.gate.wait(10)
        assert step.num_tokens > 0
        texts = [chunk for chunk in step.chunks if chunk.picture is None]
        assert sum(len(chunk.tokens) for chunk in texts) <= self.n_batch
        slots = [chunk.slot for chunk in step.chunks]
        assert slots == sorted(set(slots)), "one chunk per slot, ordered"
        self.steps.append(step)
        if self.fail_when(step):
            raise DecodeError("scripted failure")
        self.outputs = {}
        row = -1
        for chunk in step.chunks:
            held = self.cells[chunk.slot]
            places = self._places(chunk)
            before = self.positions[chunk.slot]
            free = max(before, default=-1) + 1
            if chunk.picture is None:
                assert places[0] >= free, "positions go on"
                assert all(0 <= token < self.facts.n_vocab for token in chunk.tokens)
                row += len(chunk.tokens)
            else:
                assert not chunk.output
                assert len(chunk.tokens) <= self.n_batch
                assert set(chunk.tokens) == {chunk.picture.mark}
                self.pictures.append((chunk.first, len(chunk.tokens)))
            if not any(token < 0 for token in held) and chunk.picture is None:
                assert chunk.position == len(held), "positions are consecutive"
            held.extend(chunk.tokens)
            before.extend(places)
            assert len(held) <= self.n_ctx
            if chunk.output:
                self.outputs[row] = (chunk.slot, len(held))

    def _places(self, chunk: Chunk) -> list[int]:
        count = len(chunk.tokens)
        if chunk.picture is None:
            return list(range(chunk.position, chunk.position + count))
        return chunk.picture.positions(chunk.position, chunk.first, count)[0].tolist()

    def sampler(self, params: SamplingParams, history: Sequence[int]) -> FakeSampler:
        self._one_thread()
        self.histories.append(list(history))
        if params.grammar == "bad":
            raise GrammarError("grammar: scripted failure")
        sampler = FakeSampler(self)
        self.samplers.append(sampler)
        return sampler

    def piece(self, token: int) -> bytes:
        return bytes([token]) if token < 256 else b""

    def truncate(self, slot: int, length: int) -> bool:
        self._one_thread()
        held, places = self.cells[slot], self.positions[slot]
        kept = sum(place < length for place in places)
        assert length <= len(held)
        if not self.can_truncate and 0 < kept < len(held):
            del held[:], places[:]
            return False
        del held[kept:], places[kept:]
        return True

    def copy(self, source: int, target: int, length: int) -> bool:
        self._one_thread()
        assert source != target
        assert length <= len(self.cells[source])
        self.copies.append((source, target, length))
        self.cells[target] = self.cells[source][:]
        self.positions[target] = self.positions[source][:]
        return self.truncate(target, length)

    def shift(self, slot: int, keep: int, discard: int) -> None:
        self._one_thread()
        assert self.can_shift
        del self.cells[slot][keep : keep + discard]
        self.positions[slot] = list(range(len(self.cells[slot])))

    def close(self) -> None:
        self._one_thread()
        self.closed += 1
        assert all(sampler.closed for sampler in self.samplers), "no sampler outlives the engine"
