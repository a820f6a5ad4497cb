"""Sixteen threads that chat, generate and embed at once, each answer compared with the same call
alone.

As a program (`python -m tests.mixed_calls FOLDER`) it ends with an answer still running and nothing
closed, as careless programs do.
"""

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

import numpy as np

from paddock.client import Client
from paddock.runtime import Runtime

THREADS, CALLS = 16, 20
TOKENS = 12
CLEAR = 0.02
"""How much likelier than the next one every token of a reference answer is. What other sequences do
to the last bits of a logit is a hundred times smaller."""
NEAR = 0.999
"""Cosine of a text's vectors in different company. The random chat model rounds its activations to
eight bits, which makes of every last bit 0.0003 at most."""
GREEDY = {"temperature": 0, "num_predict": TOKENS}


@dataclass(frozen=True)
class Call:
    run: Callable[[], Any]
    expected: Any

    def is_right(self) -> bool:
        found = self.run()
        if isinstance(self.expected, str):
            return found == self.expected
        return bool(((found * self.expected).sum(axis=1) >= NEAR).all())


def is_clear(answer: Any) -> bool:
    """Whether no token of the answer was a close decision."""
    tops = ([item.logprob for item in entry.top_logprobs] for entry in answer.logprobs)
    return all(first - second > CLEAR for first, second in tops)


def _chat(client: Client, text: str) -> Callable[..., Any]:
    messages = [{"role": "user", "content": text}]
    return lambda **fields: client.chat("tiny", messages, options=GREEDY, **fields)


def _stream(client: Client, text: str) -> str:
    messages = [{"role": "user", "content": text}]
    parts = client.chat("tiny", messages, stream=True, options=GREEDY)
    return "".join(part.message.content or "" for part in parts)


def _generate(client: Client, text: str) -> Callable[..., Any]:
    return lambda **fields: client.generate("tiny", text, options=GREEDY, raw=True, **fields)


def _embed(client: Client, model: str, texts: list[str]) -> Callable[[], Any]:
    return lambda: np.array(client.embed(model, texts).embeddings)


def calls(client: Client, embedders: list[str]) -> list[Call]:
    """Calls of every kind, with what they answer when nothing else runs."""
    prompts = (f"{'the cat and the dog ' * (number % 5)}question {number}" for number in count())
    chats = ((text, _chat(client, text)(logprobs=True, top_logprobs=2)) for text in prompts)
    clear_chats = [(text, answer) for text, answer in islice(chats, 40) if is_clear(answer)][:8]
    raw = ((text, _generate(client, text)(logprobs=True, top_logprobs=2)) for text in prompts)
    clear_raw = [(text, answer) for text, answer in islice(raw, 40) if is_clear(answer)][:8]
    assert len(clear_chats) == len(clear_raw) == 8
    made: list[Call] = []
    for text, answer in clear_chats:
        said, run = answer.message.content or "", _chat(client, text)
        made.append(Call(lambda run=run: run().message.content, said))
        made.append(Call(lambda text=text: _stream(client, text), said))
    for text, answer in clear_raw:
        run = _generate(client, text)
        made.append(Call(lambda run=run: run().response, answer.response))
    for model in embedders:
        for size in (1, 2, 5):
            run = _embed(client, model, [f"{'some words ' * n}{size}" for n in range(size)])
            made.append(Call(run, run()))
    return made


def wrong_answers(made: list[Call]) -> list[str]:
    """What went wrong when all threads went through the calls, each in its own order."""
    wrong: list[str] = []
    barrier = threading.Barrier(THREADS)

    def work(seed: int) -> None:
        barrier.wait()
        for index in np.random.default_rng(seed).integers(0, len(made), CALLS):
            try:
                if not made[index].is_right():
                    wrong.append(f"call {index} gave another answer")
            except BaseException as error:
                wrong.append(f"call {index}: {error!r}")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def main(folder: str, embedders: list[str]) -> None:
    client = Client(runtime=Runtime(folder))
    wrong = wrong_answers(calls(client, embedders))
    assert not wrong, wrong
    left = client.generate("tiny", "for ever", stream=True, options={"num_predict": 100_000})
    next(iter(left))
    globals()["left"] = left


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
