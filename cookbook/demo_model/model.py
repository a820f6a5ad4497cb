"""The network: Qwen2's shape (RMSNorm, rotary positions, biases on q, k and v, SwiGLU), small."""

import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Shape:
    vocabulary: int
    layers: int = 5
    width: int = 192
    heads: int = 6
    feed_forward: int = 512
    rope_base: float = 10000.0
    epsilon: float = 1e-6

    @property
    def head(self) -> int:
        return self.width // self.heads

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
    """Rotary positions over halves (NeoX order), as llama.cpp does for qwen2."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)


class Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, wide = shape.width, shape.feed_forward
        self.shape = shape
        self.attention_norm = Norm(width, shape.epsilon)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width, bias=False)
        self.forward_norm = Norm(width, shape.epsilon)
        self.gate_up = nn.Linear(width, 2 * wide, bias=False)
        self.down = nn.Linear(wide, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, length, width = x.shape
        qkv = self.qkv(self.attention_norm(x)).view(batch, length, 3, self.shape.heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(
            rotate(q, cos, sin), rotate(k, cos, sin), v.contiguous(), is_causal=True
        )
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
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
        half = self.shape.head // 2
        frequency = self.shape.rope_base ** (-torch.arange(half) / half)
        bias = self.blocks[0].qkv.bias.view(3, self.shape.heads, self.shape.head)
        for head in range(min(4, self.shape.heads)):
            angle = -(head + 1) * frequency
            bias[0, head] = strength * torch.cat((angle.cos(), angle.sin()))
            bias[1, head, :half] = strength
        weight = self.blocks[0].qkv.weight.view(3, self.shape.heads, self.shape.head, -1)
        weight[:2, :4] *= 0.2

    def hidden(self, tokens: Tensor) -> Tensor:
        """(batch, length) token ids -> (batch, length, width), after the last norm."""
        half = self.shape.head // 2
        frequency = self.shape.rope_base ** (-torch.arange(half, device=tokens.device) / half)
        angle = torch.outer(torch.arange(tokens.shape[1], device=tokens.device), frequency)
        cos, sin = angle.cos(), angle.sin()
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, cos, sin)
        return self.norm(x)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits over the vocabulary, with the embedding as the head."""
        return self.hidden(tokens) @ self.embedding.weight.T
