"""The GPUs, base models and presets that can be chosen, from TOML texts to checked entries."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vapor_tui.domain.formats import short_count
from vapor_tui.domain.hyperparameters import ALPHA_PER_RANK, Hyperparameters, field_messages

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0, le=10**15)]

CUSTOM = "custom"
"""The preset id of a job whose fields are no longer those of a preset."""

LONGEST_PRESET_NAME = 40


class CatalogueError(Exception):
    """A catalogue file is wrong; the message says in which file and line, and how."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    TABLE: ClassVar[str]
    """The name of the entry's table in its TOML file."""
    KEY: ClassVar[str] = "id"
    """The field that tells entries apart."""

    @property
    def key(self) -> str:
        return str(getattr(self, self.KEY))


class Gpu(_Entry):
    """A GPU that can be rented."""

    TABLE: ClassVar[str] = "gpu"
    KEY: ClassVar[str] = "type"

    type: str
    name: str
    price: Positive
    """USD per GPU-hour."""
    tokens_per_second: Positive
    """Training throughput of one GPU, whatever the model."""
    memory_gb: Positive
    peak_flops: Positive
    """Dense bf16 FLOP/s; fp16 where the GPU knows no bf16."""
    tagline: str = ""
    source: str = ""
    date: date
    derived: bool = False
    """Whether `tokens_per_second` is scaled from another GPU's by peak."""


class Model(_Entry):
    """A base model that can be fine-tuned."""

    TABLE: ClassVar[str] = "model"

    id: str
    hf_id: str
    family: str
    parameters: Count
    active_parameters: Count | None = None
    """Parameters that one token passes; None for a dense model."""
    layers: Count
    hidden_size: Count
    kv_size: Count
    """Width of keys, and of values: key/value heads × head dimension."""
    mlp_size: Count
    """Inner width of the MLP; of one expert in a mixture."""
    experts: Count | None = None
    experts_per_token: Count | None = None
    vocabulary: Count
    context: Count
    """Longest sequence in tokens."""
    tied_embeddings: bool = False
    licence: str = ""
    purposes: tuple[str, ...] = ()
    tagline: str = ""

    @property
    def summary(self) -> str:
        """Size and context in a few words, as "1.17B, 32k context"."""
        size = short_count(self.parameters)
        if self.active_parameters:
            size += f" ({short_count(self.active_parameters)} active)"
        return f"{size}, {self.context // 1024}k context"


class Preset(_Entry):
    """Named values for the fields that most decide a run."""

    TABLE: ClassVar[str] = "preset"

    id: str
    name: str
    icon: str = ""
    learning_rate: float
    batch_size: int
    epochs: int
    lora_rank: int
    lora_alpha: int
    lora_dropout: float
    tagline: str = ""
    detail: str = ""
    default: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """The hyperparameters that the preset sets."""
        return {name: getattr(self, name) for name in PRESET_FIELDS}


PRESET_FIELDS = (
    "learning_rate",
    "batch_size",
    "epochs",
    "lora_rank",
    "lora_alpha",
    "lora_dropout",
)


class Catalogue(BaseModel):
    """Everything that can be chosen, in the order in which it is shown."""

    model_config = ConfigDict(frozen=True)

    gpus: tuple[Gpu, ...]
    models: tuple[Model, ...]
    presets: tuple[Preset, ...]
    own_presets: frozenset[str] = frozenset()
    """Ids of the presets that stand in the person's own file."""

    @cached_property
    def default_preset(self) -> Preset:
        """The preset that a new job starts from."""
        return next((p for p in self.presets if p.default), self.presets[0])

    def gpu(self, type_: str) -> Gpu | None:
        """Return the GPU of a type, in whatever case; None where there is none."""
        return _find(self.gpus, type_)

    def model(self, id_: str) -> Model | None:
        """Return the model of that catalogue id or Hugging Face id."""
        wanted = id_.casefold()
        return _find(self.models, id_) or next(
            (m for m in self.models if m.hf_id.casefold() == wanted), None
        )

    def preset(self, id_: str) -> Preset | None:
        """Return the preset with an id, in whatever case; None where there is none."""
        return _find(self.presets, id_)

    def search_models(self, query: str) -> tuple[Model, ...]:
        """Return the models whose id, family, size, purpose or tagline hold every word."""
        words = query.casefold().split()
        return tuple(m for m in self.models if all(word in _haystack(m) for word in words))

    def extended(self, other: Catalogue) -> Self:
        """Return this catalogue with the other's entries replacing their namesakes or added."""
        return self.model_copy(
            update={
                "gpus": _merged(self.gpus, other.gpus),
                "models": _merged(self.models, other.models),
                "presets": _merged(self.presets, other.presets),
            }
        )


def preset_id_of(name: str) -> str:
    """Return what is typed after --preset for a name: "My long chats" is "my-long-chats"."""
    return re.sub(r"[\W_]+", "-", name.casefold()).strip("-")


def preset_name_problem(name: str, shipped: Iterable[str]) -> str | None:
    """Return why a preset of a person's own cannot be called that, or None."""
    preset_id = preset_id_of(name)
    if not preset_id:
        return "A preset's name needs a letter or a digit"
    if len(name.strip()) > LONGEST_PRESET_NAME:
        return f"A preset's name must be at most {LONGEST_PRESET_NAME} characters"
    if preset_id == CUSTOM:
        return f'"{CUSTOM}" is the word for no preset at all; choose another name'
    if preset_id in shipped:
        return f'"{preset_id}" comes with the program; choose another name'
    return None


def preset_hyperparameters(preset: Preset | None, overrides: dict[str, Any]) -> dict[str, Any]:
    """Return the raw hyperparameters of a preset with some values given by a person.

    Alpha keeps following the rank when only the rank was given. Without a preset the
    schema's own defaults stand.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    values = dict(preset.values) if preset else {}
    if (
        preset is not None
        and "lora_rank" in given
        and "lora_alpha" not in given
        and preset.lora_alpha == ALPHA_PER_RANK * preset.lora_rank
    ):
        del values["lora_alpha"]
    return {**values, **given}


def preset_of(values: Hyperparameters, base: Preset | None) -> str:
    """Return the id of the preset that the values still are, or `custom`."""
    if base is None or any(getattr(values, name) != base.values[name] for name in PRESET_FIELDS):
        return CUSTOM
    return base.id


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint with the closest known words, to end a sentence; "" when none is near."""
    names = {name.casefold(): name for name in known}
    wanted = word.casefold()
    beginning = [name for name in names if wanted and name.startswith(wanted)]
    alike = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
    found = list(dict.fromkeys(beginning + alike))[:3]
    return f" Did you mean {' or '.join(names[name] for name in found)}?" if found else ""


EntryT = TypeVar("EntryT", bound=_Entry)


def parse_entries(kind: type[EntryT], text: str, file: str) -> tuple[EntryT, ...]:
    """Return the entries of a TOML text; raises CatalogueError naming `file` and the line."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{file}: not valid TOML: {error}") from error
    except (RecursionError, ValueError, OverflowError) as error:
        raise CatalogueError(f"{file}: nested too deeply, or a number is too large") from error
    unknown = set(document) - {kind.TABLE}
    if unknown:
        raise CatalogueError(
            f'{file}: unknown table "{min(unknown)}"; entries stand under [[{kind.TABLE}]]'
        )
    tables = document.get(kind.TABLE, [])
    if not isinstance(tables, list):
        raise CatalogueError(f"{file}: write [[{kind.TABLE}]] with two brackets for each entry")
    return tuple(_entry(kind, table, text, file, index) for index, table in enumerate(tables))


def _entry(kind: type[EntryT], table: Any, text: str, file: str, index: int) -> EntryT:
    try:
        entry = kind.model_validate(table)
        if isinstance(entry, Preset):
            Hyperparameters.model_validate(entry.values)
    except ValidationError as error:
        finding = error.errors(include_url=False)[0]
        name = str(finding["loc"][0]) if finding["loc"] else kind.TABLE
        message = field_messages(error).get(name, finding["msg"])
        if finding["type"] != "setting":
            message = finding["msg"]
        line = _line_of(text, kind.TABLE, index, name)
        raise CatalogueError(f'{file}, line {line}, "{name}": {message}') from error
    return entry


def _line_of(text: str, table: str, index: int, name: str) -> int:
    """Return the line of a field in the index-th table, or the table's own line."""
    seen = -1
    header_line = 1
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*\[\[\s*{table}\s*\]\]", line):
            seen += 1
            if seen == index:
                header_line = number
            elif seen > index:
                break
        elif seen == index and re.match(rf"\s*{re.escape(name)}\s*=", line):
            return number
    return header_line


def _find(entries: tuple[EntryT, ...], key: str) -> EntryT | None:
    wanted = key.casefold()
    return next((entry for entry in entries if entry.key.casefold() == wanted), None)


def _merged(ours: tuple[EntryT, ...], theirs: tuple[EntryT, ...]) -> tuple[EntryT, ...]:
    entries = {entry.key: entry for entry in ours}
    entries.update({entry.key: entry for entry in theirs})
    return tuple(entries.values())


def _haystack(model: Model) -> str:
    words = (model.id, model.hf_id, model.family, short_count(model.parameters), model.tagline)
    return " ".join((*words, *model.purposes)).casefold()
