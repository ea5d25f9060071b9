"""BERT's linear layers in int8 on CPU.

Weights: one scale an output channel, fixed. Activations: one scale and one offset a token, found as the model
runs (one scale for a whole tensor keeps only .68 of the top-10 neighbours). The offset matters after GELU,
whose outputs are all but one-sided. Products are summed in int32 by `torch._int_mm` (oneDNN; VNNI where the
processor has it); attention, layer norms and residuals stay float32.

Once the products are quick, fresh memory is what costs: a page fault for each 4 KB of each intermediate result
took four times as long as the arithmetic on it. So results go into a `_Scratch` that lasts for one call.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own convention
from transformers import BertModel
from transformers.models.bert.modeling_bert import BertLayer

# Queries, keys and values of this many last layers stay float32: a third less error (1 - cosine 181 instead of
# 279 parts per million) for a twelfth of fp32's multiplications. Earlier layers' bring nothing.
_FLOAT_PROJECTIONS = 4


class _Scratch:
    """Room for the largest intermediate results of `tokens` tokens; every view overwrites the last of its kind."""

    def __init__(self, tokens: int, width: int) -> None:
        self._codes = torch.empty(tokens * width, dtype=torch.int8)
        self._sums = torch.empty(tokens * width, dtype=torch.int32)
        self._rounded = torch.empty(tokens * width)
        self._wide = torch.empty(tokens * width)

    def codes(self, *shape: int) -> Tensor:
        return _view(self._codes, shape)

    def sums(self, *shape: int) -> Tensor:
        return _view(self._sums, shape)

    def rounded(self, *shape: int) -> Tensor:
        return _view(self._rounded, shape)

    def wide(self, *shape: int) -> Tensor:
        return _view(self._wide, shape)


def _view(buffer: Tensor, shape: tuple[int, ...]) -> Tensor:
    rows, columns = shape
    return buffer[: rows * columns].view(rows, columns)


class Int8Linear:
    """`x @ weight.T + bias` for float32 `[tokens, in]`, both factors in int8."""

    def __init__(self, *layers: nn.Linear) -> None:
        """Quantise the layers' weights. Several that share an input are stacked along the output."""
        weight = torch.cat([layer.weight.detach() for layer in layers])
        self.scale = weight.abs().amax(1).clamp_min(torch.finfo(torch.float32).tiny) / 127
        codes = (weight / self.scale[:, None]).round()
        self.codes = codes.to(torch.int8).t()
        self.row_sum = codes.sum(1) * self.scale
        self.bias = torch.cat([layer.bias.detach() for layer in layers])

    def __call__(self, x: Tensor, scratch: _Scratch, out: Tensor) -> Tensor:
        low, high = x.amin(1, keepdim=True), x.amax(1, keepdim=True)
        offset = (low + high) / 2
        scale = ((high - low) / 254).clamp_min(1e-12)
        rounded = torch.sub(x, offset, out=scratch.rounded(*x.shape)).mul_(1 / scale).round_()
        codes = scratch.codes(*x.shape).copy_(rounded)
        sums = torch._int_mm(codes, self.codes, out=scratch.sums(*out.shape))
        out.copy_(sums).mul_(scale).mul_(self.scale)
        return out.addcmul_(offset, self.row_sum).add_(self.bias)


class FloatLinear:
    """The same in float32, for the few places where int8 costs most."""

    def __init__(self, *layers: nn.Linear) -> None:
        self.weight = torch.cat([layer.weight.detach() for layer in layers]).t()
        self.bias = torch.cat([layer.bias.detach() for layer in layers])

    def __call__(self, x: Tensor, scratch: _Scratch, out: Tensor) -> Tensor:  # noqa: ARG002 - Int8Linear's signature
        return torch.addmm(self.bias, x, self.weight, out=out)


class _Layer:
    def __init__(self, layer: BertLayer, *, float_projections: bool) -> None:
        attention = layer.attention.self
        linear = FloatLinear if float_projections else Int8Linear
        self.project = linear(attention.query, attention.key, attention.value)
        self.attended = Int8Linear(layer.attention.output.dense)
        self.attended_norm = layer.attention.output.LayerNorm
        self.inner = Int8Linear(layer.intermediate.dense)
        self.outer = Int8Linear(layer.output.dense)
        self.norm = layer.output.LayerNorm


class Int8Bert:
    """A `BertModel` with int8 linear layers."""

    def __init__(self, model: BertModel) -> None:
        self.embeddings = model.embeddings
        first_float = len(model.encoder.layer) - _FLOAT_PROJECTIONS
        self.layers = [
            _Layer(cast(BertLayer, layer), float_projections=depth >= first_float)
            for depth, layer in enumerate(model.encoder.layer)
        ]
        self.heads: int = model.config.num_attention_heads
        self.width: int = max(model.config.intermediate_size, 3 * model.config.hidden_size)

    def __call__(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Token ids and a boolean mask `[rows, width]` → last hidden states `[rows, width, dim]`."""
        rows, width = ids.shape
        embedded: Tensor = self.embeddings(ids)
        x = embedded.flatten(0, 1)
        tokens, dim = x.shape
        scratch = _Scratch(tokens, self.width)
        narrow = torch.empty_like(x)
        allowed = None if bool(mask.all()) else mask[:, None, None, :]
        for layer in self.layers:
            projected = layer.project(x, scratch, scratch.wide(tokens, 3 * dim))
            q, k, v = projected.view(rows, width, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            context = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed).transpose(1, 2).reshape(x.shape)
            x = layer.attended_norm(layer.attended(context, scratch, narrow).add_(x))
            inner = layer.inner(x, scratch, scratch.wide(tokens, layer.inner.bias.numel()))
            x = layer.norm(layer.outer(torch.ops.aten.gelu_(inner), scratch, narrow).add_(x))
        return x.view(embedded.shape)
