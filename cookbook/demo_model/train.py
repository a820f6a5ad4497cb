"""Trains the demo model from nothing, seeded, on processors alone.

    python train.py --steps 7000

The learning rate stands after a short rise and falls in the last part (warm-up, stable, decay), so
that a run can be taken up from a checkpoint. Matrices of the layers learn with Muon (Jordan et al.,
2024: momentum made orthogonal by a Newton-Schulz iteration), everything else with AdamW.
"""

import argparse
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
import torch.nn.functional as F
from data import STAGES, example, questions
from dialogue import CALL, END, segments
from model import POINTERS, Model, Shape, as_neighbours
from rag import UNKNOWN
from tokenizer import Encoder
from torch import Tensor
from words import Words

BUILD = Path(__file__).parent / "build"
MAX_LENGTH = 1408


GRAM = 4
"""So many equal tokens in a row are a copy."""
POINTING = 0.25
"""Weight of the pointers' loss, each."""
OPENING = 3.0
"""Weight of the first token of an answer: it decides between sentences, functions and not knowing."""
VERDICTS = ("Found", "Not")
"""Tokens of a thought that tell whether the answer stands there (`rag.thought`)."""
NOWHERE = 0
"""The place that pointers look at when there is nothing to copy."""
DECIDED = 3
"""After so many tokens what is copied is clear from them. Before, nothing at their own places tells
that they are the right ones - what tells comes later in the sentence or in the function's
description - so pointers may look anywhere in it."""


@dataclass(frozen=True)
class Row:
    """`learned`: the weight of each token's loss. `sources`: for places whose token was copied, the
    places it may have been copied from."""

    tokens: list[int]
    learned: list[float]
    sources: dict[int, list[int]]


def encode(encoder: Encoder, parts: list[tuple[str, bool]], brisk: bool = False) -> Row:
    """`brisk`: answers end with the tokens that decide which it is, so that a row has more of them."""
    tokens: list[int] = []
    learned: list[float] = []
    sources: dict[int, list[int]] = {}
    grams: dict[tuple[int, ...], list[int]] = {}
    decided = 0
    """Where a thought tells whether it found something."""
    for text, learn in parts:
        ids = encoder.encode(text)
        start = len(tokens)
        tokens += ids
        learned += [float(learn)] * len(ids)
        if learn:
            fork = 0
            for run in copied(tokens, start, grams):
                sources |= run.exact()
                if run.start == start:
                    fork = run.fork
                    places = range(start, min(start + fork + DECIDED, len(tokens)))
                    sources |= dict.fromkeys(places, run.whole())
            learned[start] = learned[start + fork] = OPENING
            for place, line in called(encoder, text, parts[0][0]):
                sources |= dict.fromkeys(range(start + place, start + place + DECIDED), line)
                learned[start + place] = OPENING
            if text.startswith(UNKNOWN):
                sources[start] = [NOWHERE]
            if decided and start in sources:
                sources[decided] = sources[start]
            if brisk:
                end = start + fork + DECIDED
                del tokens[end:], learned[end:]
                sources = {place: at for place, at in sources.items() if place < end}
                tokens.append(encoder.ids[END])
                learned.append(0.0)
                continue
            verdict = [n for n, token in enumerate(ids[-9:]) if encoder.tokens[token] in VERDICTS]
            decided = start + max(0, len(ids) - 9) + verdict[-1] if verdict else 0
        for place in range(max(0, start - GRAM + 1), len(tokens) - GRAM + 1):
            grams.setdefault(tuple(tokens[place : place + GRAM]), []).append(place)
    return Row(tokens, learned, sources)


@dataclass(frozen=True)
class Run:
    """`length` tokens from `start` on that stand before: `sources` maps the places where they begin
    there to how many of them are the same."""

    start: int
    length: int
    sources: dict[int, int]

    @property
    def fork(self) -> int:
        """Its first tokens that another sentence has too: the next one tells them apart."""
        return max((n for n in self.sources.values() if n < self.length), default=0)

    @property
    def origins(self) -> list[int]:
        """Where the whole of it stands."""
        return [source for source, length in self.sources.items() if length == self.length]

    def exact(self) -> dict[int, list[int]]:
        """For each of its places the ones with the same token."""
        origins = self.origins
        return {self.start + n: [at + n for at in origins] for n in range(self.length)}

    def whole(self) -> list[int]:
        """All places where it stands."""
        return sorted({at + n for at in self.origins for n in range(self.length)})


CALLED = re.compile(re.escape(CALL) + r'\{"name": "([^"]+)"')


def called(encoder: Encoder, text: str, listed: str) -> Iterator[tuple[int, list[int]]]:
    """Where in the tokens of `text` a called function's name begins, and the places that the
    function's line has in the list of functions at the beginning of everything."""
    for call in CALLED.finditer(text):
        named = re.search(f'"name": ?"{re.escape(call[1])}"', listed)
        if named:
            first = listed.rindex("\n", 0, named.start()) + 1
            before = len(encoder.encode(listed[:first]))
            length = len(encoder.encode(listed[first : listed.index("\n", first)]))
            name = len(encoder.encode(text[: call.start(1)]))
            yield name, list(range(before, before + length))


def copied(tokens: list[int], start: int, grams: dict[tuple[int, ...], list[int]]) -> Iterator[Run]:
    """The stretches from `start` on that stand before, each the longest from its beginning."""
    place = start
    while place < len(tokens):
        runs: dict[int, int] = {}
        for source in grams.get(tuple(tokens[place : place + GRAM]), ()):
            length = GRAM
            while (
                place + length < len(tokens)
                and source + length < start
                and tokens[place + length] == tokens[source + length]
            ):
                length += 1
            runs[source] = length
        if runs:
            yield Run(place, max(runs.values()), runs)
        place += max(runs.values(), default=1)


GROWTH = (200, 600, 1200)
"""Steps after which contexts grow."""


def stage_of(step: int, rng: Random) -> int:
    """Short contexts first; every stage keeps some of the earlier ones."""
    reached = sum(step > growth for growth in GROWTH)
    return reached if rng.random() < 0.7 else rng.randint(0, reached)


def batches(
    encoder: Encoder, seed: int, step: int, size: int, parts: int, brisk: float = 0.0
) -> Iterator[list[list[Row]]]:
    """`parts` batches of about `size` tokens for every step, rows of like length together. `brisk`:
    the part of them that is questions with the beginnings of their answers."""
    rng = Random(seed * 1_000_003 + step)
    w = Words(rng)
    while True:
        rows: list[Row] = []
        while sum(len(row.tokens) for row in rows) < 12 * size:
            copying = max(0.18, 0.9 - step / 60)
            stage = STAGES[stage_of(step, rng)]
            quick = rng.random() < brisk
            made = questions(w, stage) if quick else example(w, stage, copying)
            row = encode(encoder, segments(made, rng), quick)
            if len(row.tokens) <= MAX_LENGTH:
                rows.append(row)
        rows.sort(key=lambda row: len(row.tokens))
        packs: list[list[Row]] = [[]]
        for row in rows:
            if packs[-1] and (len(packs[-1]) + 1) * len(row.tokens) > size:
                packs.append([])
            packs[-1].append(row)
        rng.shuffle(packs)
        for start in range(0, len(packs) - parts + 1, parts):
            step += 1
            yield packs[start : start + parts]


def tensors(rows: list[Row]) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Token ids padded to one length; row and place of every position that predicts a learned one,
    its token, and its weight; row and place of every position that predicts a copied one, and where from,
    (copied, length)."""
    length = max(len(row.tokens) for row in rows)
    tokens = torch.zeros(len(rows), length, dtype=torch.long)
    learned = torch.zeros(len(rows), length)
    for index, row in enumerate(rows):
        tokens[index, : len(row.tokens)] = torch.tensor(row.tokens)
        learned[index, : len(row.tokens)] = torch.tensor(row.learned)
    tokens, targets, learned = tokens[:, :-1], tokens[:, 1:], learned[:, 1:]
    predicts = learned.nonzero()
    points = [(i, place) for i, row in enumerate(rows) for place in row.sources]
    origins = torch.zeros(len(points), length - 1, dtype=torch.bool)
    for index, (row, place) in enumerate(points):
        origins[index, rows[row].sources[place]] = True
    points = torch.tensor([(row, place - 1) for row, place in points], dtype=torch.long)
    chosen = learned > 0
    return tokens, predicts, targets[chosen], learned[chosen], points.view(-1, 2), origins


def pointing_loss(query: Tensor, key: Tensor, points: Tensor, origins: Tensor) -> Tensor:
    """How much of a head's attention misses the places that the tokens come from, in nats."""
    scores = (query @ key.transpose(-1, -2))[points[:, 0], points[:, 1]] * query.shape[-1] ** -0.5
    ahead = torch.arange(scores.shape[1]) > points[:, 1:]
    scores = scores.masked_fill(ahead, float("-inf"))
    hit = scores.masked_fill(~origins, float("-inf"))
    return (scores.logsumexp(-1) - hit.logsumexp(-1)).mean()


def orthogonal(gradient: Tensor) -> Tensor:
    a, b, c = 3.4445, -4.7750, 2.0315
    x = gradient / (gradient.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(5):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    def __init__(self, parameters: list[Tensor], lr: float, momentum: float = 0.95) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                momentum = state.setdefault("momentum", torch.zeros_like(parameter))
                momentum.lerp_(parameter.grad, 1 - group["momentum"])
                update = parameter.grad.lerp(momentum, group["momentum"])
                parts = update.chunk(max(1, update.shape[0] // update.shape[1]))
                whole = torch.cat([orthogonal(part) for part in parts])
                scale = 0.2 * max(parts[0].shape) ** 0.5
                parameter.mul_(1 - group["lr"] * 0.05)
                parameter.add_(whole, alpha=-group["lr"] * scale)


@torch.no_grad()
def read_weights(model: Model, path: Path) -> None:
    """The weights of an exported file, as exact as its type is. Where the model has more layers than
    the file, the new ones stand before those of the POINTERS; where its heads are wider, the new
    dimensions are their last. Both begin by changing nothing."""
    import gguf

    stored = {
        tensor.name: torch.from_numpy(
            gguf.quants.dequantize(tensor.data, tensor.tensor_type).copy()
        )
        for tensor in gguf.GGUFReader(path).tensors
    }
    for name, tensor in stored.items():
        if ".attn_q." in name or ".attn_k." in name:
            stored[name] = as_neighbours(model.shape, tensor, back=True)
    model.embedding.weight.copy_(stored["token_embd.weight"])
    model.norm.weight.copy_(stored["output_norm.weight"])
    layers = sum(name.endswith(".attn_norm.weight") for name in stored)
    after = layers - len(POINTERS)
    added = model.shape.layers - layers
    for block in model.blocks[after : after + added]:
        block.out.weight.zero_()
        block.down.weight.zero_()
    for number, block in enumerate([*model.blocks[:after], *model.blocks[after + added :]]):

        def of(*names: str, number: int = number) -> Tensor:
            return torch.cat([stored[f"blk.{number}.{name}"] for name in names])

        block.attention_norm.weight.copy_(of("attn_norm.weight"))
        block.forward_norm.weight.copy_(of("ffn_norm.weight"))
        heads = (3, model.shape.heads, model.shape.head)
        weight, bias = block.qkv.weight.view(*heads, -1), block.qkv.bias.view(heads)
        out = block.out.weight.view(-1, *heads[1:])
        read = of("attn_q.weight", "attn_k.weight", "attn_v.weight").view(
            *heads[:2], -1, model.shape.width
        )
        known = read.shape[2]
        weight[0, :, known:] = 0.0
        weight[:, :, :known] = read
        bias.zero_()
        bias[:, :, :known] = of("attn_q.bias", "attn_k.bias", "attn_v.bias").view(*heads[:2], -1)
        # Scores are divided by the root of a head's dimensions.
        weight[0] *= (model.shape.head / known) ** 0.5
        bias[0] *= (model.shape.head / known) ** 0.5
        out.zero_()
        out[:, :, :known] = of("attn_output.weight").view(-1, heads[1], known)
        block.gate_up.weight.copy_(of("ffn_gate.weight", "ffn_up.weight"))
        block.down.weight.copy_(of("ffn_down.weight"))


def schedule(step: int, steps: int, decay: float) -> float:
    warm, falling = 60, int(steps * (1 - decay))
    if step < warm:
        return (step + 1) / warm
    return 1.0 if step < falling else max(0.02, (steps - step) / (steps - falling))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=7000)
    parser.add_argument("--tokens", type=int, default=4096, help="tokens in a batch")
    parser.add_argument(
        "--parts", type=int, default=1, help="batches in a step; small ones stay in the cache"
    )
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.3, help="last part of the run, falling")
    parser.add_argument("--layers", type=int, default=5)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", type=Path)
    parser.add_argument("--start", type=Path, help="GGUF file whose weights to begin with")
    parser.add_argument("--grown", action="store_true", help="long contexts from the first step")
    parser.add_argument(
        "--brisk", type=float, default=0.0, help="part of the rows that teach choosing alone"
    )
    parser.add_argument("--stop", type=int, help="leave off after this step")
    parser.add_argument("--plain", action="store_true", help="start without look-back heads")
    parser.add_argument("--out", type=Path, default=BUILD / "model.pt")
    given = parser.parse_args()

    torch.manual_seed(given.seed)
    torch.set_num_threads(int(os.environ.get("THREADS", "2")))
    encoder = Encoder(BUILD / "tokenizer.json")
    shape = Shape(
        len(encoder.tokens),
        given.layers,
        given.width,
        heads=given.width // 32,
        feed_forward=(given.width * 8 // 3 + 63) // 64 * 64,
    )
    model = Model(shape)
    if given.plain:
        model.blocks[0].qkv.bias.data.zero_()
    if given.start:
        read_weights(model, given.start)
    matrices = [p for p in model.blocks.parameters() if p.ndim == 2]
    others = [p for p in model.parameters() if p.ndim != 2] + [model.embedding.weight]
    optimizers = [
        Muon(matrices, given.rate),
        torch.optim.AdamW(others, given.rate * 1.5, (0.9, 0.98), weight_decay=0.0),
    ]
    rates = [given.rate, given.rate * 1.5]
    first = 0
    if given.resume:
        stored = torch.load(given.resume)
        model.load_state_dict(stored["model"])
        for optimizer, state in zip(optimizers, stored["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        first = stored["step"]
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters", flush=True)

    def save(step: int) -> None:
        stored = {
            "model": model.state_dict(),
            "optimizers": [o.state_dict() for o in optimizers],
            "step": step,
            "shape": shape.as_dict(),
        }
        torch.save(stored, given.out.with_suffix(".tmp"))
        given.out.with_suffix(".tmp").replace(given.out)

    hidden = torch.compile(model.hidden, dynamic=True)
    began, seen, losses, missing = time.time(), 0, 0.0, 0.0
    right, opened = [0, 0], [0, 0]
    begin = first + (GROWTH[-1] + 1 if given.grown else 0)
    stream = batches(encoder, given.seed, begin, given.tokens, given.parts, given.brisk)
    for step in range(first, given.stop or given.steps):
        for pack in next(stream):
            tokens, predicts, targets, weights, points, origins = tensors(pack)
            answered, pointers = hidden(tokens, (predicts[:, 0], predicts[:, 1]))
            logits = answered @ model.embedding.weight.T
            loss = (F.cross_entropy(logits, targets, reduction="none") * weights).mean()
            missed = sum(pointing_loss(q, k, points, origins) for q, k in pointers)
            ((loss + POINTING * missed) / given.parts).backward()
            missing += float(missed.detach()) / len(pointers) / given.parts
            seen += tokens.numel()
            losses += loss.item() / given.parts
            for counts, counted in ((right, weights > 0), (opened, weights == OPENING)):
                counts[0] += int((logits.argmax(-1) == targets)[counted].sum())
                counts[1] += int(counted.sum())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer, rate in zip(optimizers, rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * schedule(step, given.steps, given.decay)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        if (step + 1) % 20 == 0:
            print(
                f"{step + 1:6d} loss {losses / 20:.4f} missed {missing / 20:.3f} "
                f"right {right[0] / right[1]:.4f} openings {opened[0] / opened[1]:.4f} "
                f"{seen / (time.time() - began):.0f} tokens/s {(time.time() - began) / 60:.1f} min",
                flush=True,
            )
            losses, missing, right, opened = 0.0, 0.0, [0, 0], [0, 0]
        if (step + 1) % 100 == 0:
            save(step + 1)
    save(given.stop or given.steps)


if __name__ == "__main__":
    main()
