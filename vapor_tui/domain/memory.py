"""Whether a LoRA fine-tune fits into a GPU's memory, part by part."""

from __future__ import annotations

import math

from pydantic import BaseModel, ConfigDict

from vapor_tui.domain.catalogue import Model
from vapor_tui.domain.hyperparameters import Hyperparameters

GB = 1e9

OVERHEAD_GB = 1.4
"""CUDA context, kernels, buffers of the collective library, fragmentation."""

BYTES_PER_WEIGHT = 2.0
"""bf16 and fp16."""
BYTES_PER_4BIT_WEIGHT = 0.625
"""Half a byte and the scales of its block; only linear layers are quantized."""
BYTES_PER_GRADIENT = 2.0
_OPTIMIZER_BYTES = {"adamw_torch": 8.0, "adamw_8bit": 2.0}
"""Per trainable parameter: two moments, in fp32 or in eight bits."""

_BYTES_PER_LOGIT = 12.0
"""bf16 logits, their fp32 copy, the gradient of that, and a bf16 gradient."""
_WORKING_BYTES = 34.0
"""Per token and hidden unit inside the one layer that is recomputed (Korthikanti et al. 2022,
"Reducing Activation Recomputation in Large Transformer Models", without attention scores)."""
_KEPT_BYTES = 18.0
"""Per token and hidden unit of every layer when nothing is recomputed: norms, queries, output."""
_KEPT_MLP_BYTES = 8.0
"""Per token and inner unit of a gated MLP: gate, up, activation, product."""

TIGHT_SHARE = 0.9
"""Beyond this share of a GPU's memory, fragmentation may still end a run."""


class MemoryEstimate(BaseModel):
    """GB (1e9 bytes) on each GPU, by what they hold."""

    model_config = ConfigDict(frozen=True)

    weights: float
    adapters: float
    gradients: float
    optimizer: float
    activations: float
    overhead: float
    available: float
    """What the GPU has."""
    trainable_parameters: int

    @property
    def parts(self) -> dict[str, float]:
        """The parts by name, in the order in which they are shown."""
        names = ("weights", "adapters", "gradients", "optimizer", "activations", "overhead")
        return {name: getattr(self, name) for name in names}

    @property
    def total(self) -> float:
        """GB needed on each GPU."""
        return sum(self.parts.values())

    @property
    def fits(self) -> bool:
        """Whether each GPU has as much."""
        return self.total <= self.available

    @property
    def is_tight(self) -> bool:
        """Whether it fits with less room than fragmentation may take."""
        return self.fits and self.total > TIGHT_SHARE * self.available


def estimate_memory(
    model: Model, values: Hyperparameters, gpu_memory_gb: float, gpu_count: int
) -> MemoryEstimate:
    """Return what one of `gpu_count` GPUs holds, each with the whole model and a share of a batch.

    Held against published measurements on an A100-80GB at sequence 2048 in the tests.
    """
    trainable = adapter_parameters(model, values)
    tokens = math.ceil(values.batch_size / gpu_count) * values.max_sequence_length
    return MemoryEstimate(
        weights=_weight_bytes(model, values) / GB,
        adapters=trainable * BYTES_PER_WEIGHT / GB,
        gradients=trainable * BYTES_PER_GRADIENT / GB,
        optimizer=trainable * _OPTIMIZER_BYTES[values.optim] / GB,
        activations=tokens * _activation_bytes(model, values) / GB,
        overhead=OVERHEAD_GB,
        available=gpu_memory_gb,
        trainable_parameters=trainable,
    )


def adapter_parameters(model: Model, values: Hyperparameters) -> int:
    """Return the trainable parameters: rank × (inputs + outputs) of every adapted layer."""
    hidden, kv, mlp = model.hidden_size, model.kv_size, model.mlp_size
    experts = model.experts or 1
    widths = {
        "q_proj": hidden + hidden,
        "k_proj": hidden + kv,
        "v_proj": hidden + kv,
        "o_proj": hidden + hidden,
        "gate_proj": (hidden + mlp) * experts,
        "up_proj": (hidden + mlp) * experts,
        "down_proj": (mlp + hidden) * experts,
    }
    names = [name.strip() for name in values.target_modules.split(",")]
    adapted = [name for name in names if name in widths]
    if not adapted:  # "all-linear", or names that this table does not know: the upper bound
        adapted = list(widths)
    return values.lora_rank * model.layers * sum(widths[name] for name in adapted)


def _weight_bytes(model: Model, values: Hyperparameters) -> float:
    embedding = model.vocabulary * model.hidden_size * (1 if model.tied_embeddings else 2)
    if values.quantization == "none":
        return model.parameters * BYTES_PER_WEIGHT
    linear = model.parameters - embedding
    return linear * BYTES_PER_4BIT_WEIGHT + embedding * BYTES_PER_WEIGHT


def _activation_bytes(model: Model, values: Hyperparameters) -> float:
    """Return bytes per token: what the layers keep, what one recomputes, and the logits."""
    logits = _BYTES_PER_LOGIT * model.vocabulary
    if values.gradient_checkpointing:
        kept = BYTES_PER_WEIGHT * model.hidden_size * model.layers
        return kept + _WORKING_BYTES * model.hidden_size + logits
    active = model.experts_per_token or 1
    layer = (
        _KEPT_BYTES * model.hidden_size
        + 2 * BYTES_PER_WEIGHT * model.kv_size
        + _KEPT_MLP_BYTES * model.mlp_size * active
    )
    return layer * model.layers + logits
