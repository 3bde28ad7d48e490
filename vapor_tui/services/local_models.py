"""Base models that lie on this machine: folders, and what the Hugging Face hub has cached."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vapor_tui.domain.catalogue import Catalogue, Model
from vapor_tui.domain.job_drafts import names_folder
from vapor_tui.paths import readable

_LARGEST_JSON = 20_000_000
_HEADER_LENGTH_BYTES = 8


def known_model(name: str, catalogue: Catalogue) -> Model | None:
    """Return what is known of a base model: by the catalogue, a local folder, or the hub cache.

    Never opens a network connection; None means that nothing can be said of its size.
    """
    listed = catalogue.model(name)
    if listed is not None:
        return listed
    folder = readable(name) if names_folder(name) else _cached_snapshot(name)
    if folder is None:
        return None
    config = folder / "config.json"
    try:
        changed = config.stat().st_mtime_ns
    except (OSError, ValueError):  # a name may hold what no path can
        return None
    return _read(name, config, changed)


@lru_cache(maxsize=64)
def _read(name: str, config: Path, changed: int) -> Model | None:
    """Read a configuration; `changed` is its time of change, so that an edited one is read anew."""
    document = _json(config)
    try:
        dimensions = _Dimensions.model_validate(document)
        parameters = _counted_parameters(config.parent) or dimensions.parameters
        return Model(
            id=name,
            hf_id=name,
            family=dimensions.model_type,
            parameters=parameters,
            active_parameters=dimensions.active_parameters,
            layers=dimensions.layers,
            hidden_size=dimensions.hidden_size,
            kv_size=dimensions.kv_size,
            mlp_size=dimensions.expert_size,
            experts=dimensions.expert_count,
            experts_per_token=dimensions.experts_per_token or None,
            vocabulary=dimensions.vocabulary,
            context=dimensions.context,
            tied_embeddings=dimensions.tied_embeddings,
        )
    except ValidationError:
        return None


_LARGEST_SIZE = 10**9
_Size = Annotated[int, Field(gt=0, le=_LARGEST_SIZE)]
_Optional = Annotated[int, Field(ge=0, le=_LARGEST_SIZE)] | None
"""0 says as little as None."""


class _Dimensions(BaseModel):
    """The entries of a config.json that say how large a decoder is, under their usual names."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    model_type: str = "unknown"
    layers: _Size = Field(alias="num_hidden_layers")
    hidden_size: _Size
    heads: _Size = Field(alias="num_attention_heads")
    kv_heads: _Optional = Field(default=None, alias="num_key_value_heads")
    head_dim: _Optional = None
    mlp_size: _Size = Field(alias="intermediate_size")
    vocabulary: _Size = Field(alias="vocab_size")
    context: _Size = Field(default=2048, alias="max_position_embeddings")
    tied_embeddings: bool = Field(default=False, alias="tie_word_embeddings")
    num_experts: _Optional = None
    num_local_experts: _Optional = None
    experts_per_token: _Optional = Field(default=None, alias="num_experts_per_tok")
    moe_intermediate_size: _Optional = None

    @property
    def head_size(self) -> int:
        return self.head_dim or self.hidden_size // self.heads

    @property
    def kv_size(self) -> int:
        return (self.kv_heads or self.heads) * self.head_size

    @property
    def expert_count(self) -> int | None:
        return self.num_experts or self.num_local_experts or None

    @property
    def expert_size(self) -> int:
        if self.expert_count and self.moe_intermediate_size:
            return self.moe_intermediate_size
        return self.mlp_size

    @property
    def parameters(self) -> int:
        """All weights of a plain decoder: embeddings, attention, gated MLPs."""
        return self._parameters(self.expert_count or 1)

    @property
    def active_parameters(self) -> int | None:
        if not self.expert_count:
            return None
        return self._parameters(self.experts_per_token or 1)

    def _parameters(self, experts: int) -> int:
        query = self.heads * self.head_size
        attention = 2 * self.hidden_size * query + 2 * self.hidden_size * self.kv_size
        mlp = 3 * self.hidden_size * self.expert_size * experts
        embeddings = self.vocabulary * self.hidden_size * (1 if self.tied_embeddings else 2)
        return embeddings + self.layers * (attention + mlp)


def _counted_parameters(folder: Path) -> int | None:
    """Return the parameters in a folder's safetensors files by their headers; None without any."""
    total = 0
    for file in sorted(folder.glob("*.safetensors")):
        header = _safetensors_header(file)
        if header is None:
            return None
        for name, tensor in header.items():
            if name != "__metadata__" and isinstance(tensor, dict):
                total += _product(tensor.get("shape", []))
    return total or None


def _safetensors_header(file: Path) -> dict[str, Any] | None:
    """Return the JSON at the beginning of a safetensors file: its length, then itself."""
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(_HEADER_LENGTH_BYTES), "little")
            if length > _LARGEST_JSON:
                return None
            header = json.loads(stream.read(length))
    except (OSError, ValueError, RecursionError):
        return None
    return header if isinstance(header, dict) else None


def _product(shape: Any) -> int:
    result = 1
    for size in shape if isinstance(shape, list) else []:
        result *= size if isinstance(size, int) else 0
    return result


def _cached_snapshot(name: str) -> Path | None:
    """Return the folder of a model's newest snapshot in the hub cache."""
    repository = _hub_cache() / f"models--{name.replace('/', '--')}"
    try:
        revision = (repository / "refs" / "main").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    folder = repository / "snapshots" / revision
    return folder if revision and folder.is_dir() else None


def _hub_cache() -> Path:
    """Return where the Hugging Face libraries keep what they downloaded."""
    if cache := os.environ.get("HF_HUB_CACHE"):
        return Path(cache)
    home = os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface"
    return Path(home) / "hub"


def _json(file: Path) -> Any:
    try:
        if file.stat().st_size > _LARGEST_JSON:
            return None
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
