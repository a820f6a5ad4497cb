"""The network: Llama's shape (RMSNorm, rotary positions, SwiGLU) with biases on q, k and v, small.

A quarter of each head turns with the position, the rest does not. A head that matches words must find
them at any distance, and a dimension that has turned all the way round matches nothing; a file tells
llama.cpp so with its factors of the rotary frequencies (`rope_freqs`). Heads are wider together than
the network: a question is found by all of its words at once, which takes room to tell sentences apart.
"""

import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ROPE_BASE = 1e8
TURNING = 8
"""Pairs of a head's dimensions that turn."""
POINTERS = ((1, 5), (0, 1))
"""Heads, by layers before the last and number, that are taught where the next token is copied from."""


@dataclass(frozen=True)
class Shape:
    vocabulary: int
    layers: int = 5
    width: int = 192
    heads: int = 6
    head: int = 64
    feed_forward: int = 512
    epsilon: float = 1e-6

    def frequencies(self) -> Tensor:
        """Radians a position that the turning pairs of a head's dimensions turn, from fast to slow."""
        return ROPE_BASE ** (-torch.arange(TURNING) / (self.head // 2))

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


class Norm(nn.Module):
    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight, self.epsilon)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turns the first dimensions of x, (..., length, head): a quarter of them against the next one."""
    turning = cos.shape[-1]
    a, b, still = x.split((turning, turning, x.shape[-1] - 2 * turning), dim=-1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin, still), dim=-1)


def as_neighbours(shape: Shape, rows: Tensor, back: bool = False) -> Tensor:
    """Rows of q or k, (heads * head, ...), in llama.cpp's order: the two of a pair side by side."""
    order = torch.arange(rows.shape[0] // shape.heads)
    order[: 2 * TURNING] = order[: 2 * TURNING].view(2, TURNING).T.flatten()
    order = order.argsort() if back else order
    return rows.view(shape.heads, len(order), -1)[:, order].reshape(rows.shape)


class Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, wide, heads = shape.width, shape.feed_forward, shape.heads * shape.head
        self.shape = shape
        self.attention_norm = Norm(width, shape.epsilon)
        self.qkv = nn.Linear(width, 3 * heads)
        self.out = nn.Linear(heads, width, bias=False)
        self.forward_norm = Norm(width, shape.epsilon)
        self.gate_up = nn.Linear(width, 2 * wide, bias=False)
        self.down = nn.Linear(wide, width, bias=False)

    def attend(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x with what attention brought; queries and keys, each (batch, heads, length, head)."""
        batch, length, _ = x.shape
        qkv = self.qkv(self.attention_norm(x)).view(batch, length, 3, self.shape.heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        mixed = F.scaled_dot_product_attention(q, k, v.contiguous(), is_causal=True)
        return x + self.out(mixed.transpose(1, 2).reshape(batch, length, -1)), q, k

    def feed_forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up(self.forward_norm(x)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up)


class Model(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.width, shape.epsilon)
        self.initialise()

    @torch.no_grad()
    def initialise(self) -> None:
        nn.init.normal_(self.embedding.weight, std=0.05)
        deep = math.sqrt(2 * self.shape.layers)
        for block in self.blocks:
            for linear in (block.qkv, block.gate_up):
                nn.init.normal_(linear.weight, std=self.shape.width**-0.5)
            nn.init.zeros_(block.qkv.bias)
            nn.init.normal_(block.out.weight, std=self.shape.width**-0.5 / deep)
            nn.init.normal_(block.down.weight, std=self.shape.feed_forward**-0.5 / deep)
        self.look_back()

    def look_back(self, strength: float = 5.0) -> None:
        """Heads of the first layer begin as readers of the token 1, 2, … places before.

        Copying is matching what came before, so every model has to learn such heads; the biases of
        q and k can hold them: a constant vector, turned back by the distance, meets its own
        rotation there. A start, nothing more: training changes them freely.
        """
        frequency = self.shape.frequencies()
        bias = self.blocks[0].qkv.bias.view(3, self.shape.heads, self.shape.head)
        for head in range(min(4, self.shape.heads)):
            angle = -(head + 1) * frequency
            bias[0, head, : 2 * len(frequency)] = strength * torch.cat((angle.cos(), angle.sin()))
            bias[1, head, : len(frequency)] = strength
        weight = self.blocks[0].qkv.weight.view(3, self.shape.heads, self.shape.head, -1)
        weight[:2, :4] *= 0.2

    def hidden(
        self, tokens: Tensor, wanted: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """(batch, length) token ids -> (batch, length, width), after the last norm.

        `wanted`: rows and places, (count,) each, of the only positions to be answered, (count, width).
        Beside it query and key, (batch, length, head) each, of the POINTERS.
        """
        frequency = self.shape.frequencies().to(tokens.device)
        angle = torch.outer(torch.arange(tokens.shape[1], device=tokens.device), frequency)
        cos, sin = angle.cos(), angle.sin()
        x = self.embedding(tokens)
        pointers: list[tuple[Tensor, Tensor]] = []
        last = len(self.blocks) - 1
        for number, block in enumerate(self.blocks):
            x, q, k = block.attend(x, cos, sin)
            pointers += [(q[:, head], k[:, head]) for at, head in POINTERS if last - at == number]
            if number == last and wanted is not None:
                x = x[wanted]
            x = block.feed_forward(x)
        return self.norm(x), pointers

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits over the vocabulary, with the embedding as the head."""
        return self.hidden(tokens)[0] @ self.embedding.weight.T
