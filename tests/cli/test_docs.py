"""What docs/ tells of settings, files and figures is what the program has and computes."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from annotated_types import Ge, Gt, Le, Lt
from platformdirs.macos import MacOS
from platformdirs.unix import Unix
from platformdirs.windows import Windows
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tests.cli.conftest import Cli
from tests.cli.pages import ROOT, blocks, page, prose, quoted, section, table
from vapor_tui import paths
from vapor_tui.config import Preferences, parse_preferences
from vapor_tui.datasets.shapes import KNOWN_KEYS
from vapor_tui.domain.health.findings import HealthKind
from vapor_tui.domain.health.settings import HealthSettings
from vapor_tui.domain.health.watch import HealthWatch
from vapor_tui.domain.job_pages import Sort
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.notifications import TEST_NOTICE, Kind, Notification
from vapor_tui.domain.run_events import run_event
from vapor_tui.domain.sources import FORMAT_NAMES
from vapor_tui.runlogs import names
from vapor_tui.runners.simulator import simulation_spec
from vapor_tui.services.exports import METRIC_COLUMNS
from vapor_tui.services.findings import Level
from vapor_tui.services.jobs import get_job
from vapor_tui.services.workspace import open_workspace
from vapor_tui.simulation import simulate
from vapor_tui.simulation.hazard import SAFE_SHARE, critical_rate
from vapor_tui.simulation.injection import InjectionKind
from vapor_tui.simulation.spec import SimulationMode
from vapor_tui.ui.job_rows import COLUMNS
from vapor_tui.ui.themes import PALETTES

PACKAGE = ROOT / "vapor_tui"
CONFIGURATION = page("configuration.md")
FORMATS = page("formats.md")
ESTIMATES = page("estimates.md")


class Setting(NamedTuple):
    """A row of the table of settings."""

    name: str
    default: str
    accepts: str
    meaning: str


def described() -> list[Setting]:
    rows = table(section(CONFIGURATION, "## config.toml").partition("### ")[0])
    return [Setting(quoted(row[0])[0], row[1], row[2], row[3]) for row in rows]


def fields() -> Iterator[tuple[str, FieldInfo]]:
    """Yield every setting there is, those of a section with its name before theirs."""
    for name, field in Preferences.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from ((f"{name}.{inner}", f) for inner, f in kind.model_fields.items())
        else:
            yield name, field


def bounds(field: FieldInfo) -> list[str]:
    """Return the bounds of a number in words, as the table has them."""
    words = {Ge: "{}", Gt: "above {}", Le: "{}", Lt: "below {}"}
    found = [
        words[type(rule)].format(f"{getattr(rule, type(rule).__name__.lower()):g}")
        for rule in field.metadata
        if type(rule) in words
    ]
    return [word for word in found if word]


def test_the_settings_are_those_that_exist_with_their_defaults() -> None:
    rows = {row.name: row for row in described()}
    assert list(rows) == [name for name, _ in fields()]
    for name, field in fields():
        stated = rows[name].default
        default = field.get_default(call_default_factory=True)
        if default is None:
            assert stated == "unset", name
        else:
            value = json.loads(quoted(stated)[0])
            assert value == (list(default) if isinstance(default, tuple) else default), name


def test_the_settings_have_their_bounds() -> None:
    rows = {row.name: row for row in described()}
    numbers = [(name, field) for name, field in fields() if bounds(field)]
    assert len(numbers) == 10
    for name, field in numbers:
        assert all(bound in rows[name].accepts for bound in bounds(field)), name


def test_the_settings_name_what_can_be_chosen() -> None:
    rows = {row.name: row for row in described()}
    assert quoted(rows["jobs.columns"].accepts) == list(COLUMNS)
    assert [word for word in quoted(rows["jobs.sort"].accepts) if word != "-"] == list(Sort)
    assert set(PALETTES) <= set(quoted(rows["theme"].meaning))


def test_the_example_of_settings_is_accepted() -> None:
    example = blocks(CONFIGURATION, "toml")[0]
    found = parse_preferences(example, "configuration.md")
    assert found.health == HealthSettings(slow_share=0.5)
    assert set(tomllib.loads(example)) <= set(Preferences.model_fields)


def test_the_event_is_what_a_program_gets_to_read() -> None:
    event = json.loads(blocks(CONFIGURATION, "json")[0])
    note = Notification.model_validate(event | {"owner": "someone", "read": False})
    assert set(event) == set(note.event())
    kinds = section(CONFIGURATION, "### on_event").rpartition("`type` is one of")[2]
    assert quoted(kinds) == list(Kind)
    assert TEST_NOTICE.kind in kinds


def test_it_names_every_variable_of_the_environment() -> None:
    read = re.compile(r"environ(?:ment)?(?:\.get\(|\[)\s*\"(\w+)\"")
    texts = [file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.py")]
    # Those that shells set to have a line completed are nobody's to set.
    shells = ("_", "COMP_")
    used = {name for text in texts for name in read.findall(text) if not name.startswith(shells)}
    assert {"TERM", "EDITOR", "HF_HOME"} <= used
    told = quoted("".join("".join(row) for row in table(section(CONFIGURATION, "## Places"))))
    assert used | {"VAPOR_TUI_DB"} <= set(told)


def test_the_places_are_those_of_each_system(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setattr("platformdirs.windows.get_win_folder", lambda _name: "LOCAL")
    rows = table(section(CONFIGURATION, "## Places"))[:3]
    for column, system in enumerate((Unix, MacOS, Windows), 1):
        places = system(paths.APP)
        wanted = (places.user_config_dir, places.user_data_dir, places.user_state_dir)
        for row, place in zip(rows, wanted, strict=True):
            told = quoted(row[column])[0].replace("~", "/home/someone")
            told = told.replace("%LOCALAPPDATA%", "LOCAL")
            assert told.replace("\\", "/") == place.replace("\\", "/"), row[0]


def test_the_example_of_own_entries_does_what_it_says(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "vapor-tui"
    folder.mkdir()
    for name, text in zip(
        ("gpus", "models", "presets"), blocks(CONFIGURATION, "toml")[1:], strict=True
    ):
        (folder / f"{name}.toml").write_text(text)
    prices = {gpu["type"]: gpu["price"] for gpu in json.loads(cli("gpus", "--json")[1])["gpus"]}
    assert prices["A100-80GB"] == 1.99
    assert prices["GH200"] == 2.60
    assert prices["H100"] == 4.20
    assert "our-3b" in cli("models", "our")[1]
    assert "overnight" in cli("presets")[1]


def test_it_names_every_key_of_a_dataset() -> None:
    told = section(FORMATS, "## Datasets")
    assert {key for key in KNOWN_KEYS if f"`{key}`" not in told and f'"{key}"' not in told} == set()


def test_it_names_every_column_of_a_log() -> None:
    rows = table(section(FORMATS, "## Runs that were started elsewhere"))
    metrics = {row[0]: quoted(row[1]) for row in rows if row[0] in names._ALIASES}
    assert metrics == {role: [role, *others] for role, others in names._ALIASES.items()}


def test_it_names_every_format_in_the_order_in_which_they_are_taken() -> None:
    rows = table(section(FORMATS, "## Runs that were started elsewhere"))
    told = [row[0].strip("`") for row in rows]
    assert told[: len(FORMAT_NAMES)] == list(FORMAT_NAMES.values())


def test_the_columns_of_an_exported_job_are_those_that_are_written() -> None:
    [told] = re.findall(r"has the columns `([^`]+)`", section(FORMATS, "## Exports"))
    assert told.split(",") == list(METRIC_COLUMNS)


def test_the_events_are_events() -> None:
    lines = blocks(section(FORMATS, "### events.jsonl"), "json")[0].splitlines()
    assert [run_event.validate_json(line).type for line in lines] == [
        "stage",
        "metrics",
        "log",
        "end",
    ]


@pytest.fixture
def job(cli: Cli, tmp_path: Path) -> str:
    """The number of a finished job on the worked example's dataset."""
    pairs = tmp_path / "pairs.jsonl"
    pair = {"prompt": "q" * 400, "completion": "a" * 400}
    pairs.write_text(f"{json.dumps(pair)}\n" * 1000)
    assert cli("datasets", "add", pairs)[0] == 0
    assert cli("run", "pairs", "--speed", "max", "--epochs", "1")[0] == 0
    return "1"


def test_the_documents_have_the_names_that_it_tells(cli: Cli, job: str) -> None:
    second = json.loads(cli("clone", job, "--json")[1])["id"]
    arguments = {
        "estimate": ["1"],
        "estimate --compare": ["1"],
        "run": ["1", "--speed", "max", "--epochs", "1"],
        "submit": ["1"],
        "clone": [job],
        "show": [job],
        "jobs": ["--totals"],
        "metrics": [job],
        "logs": [job],
        "compare": [job, second],
        "datasets add": [str(paths.sample_dataset())],
        "datasets show": ["1"],
    }
    for row in table(section(FORMATS, "## JSON documents")):
        if row[0].startswith("any"):
            assert set(json.loads(cli("show", "99", "--json")[1])) == told_of(row[1])
            continue
        for command in quoted(row[0]):
            words = command.split()
            printed = cli(*words, *arguments.get(command, ()), "--json")[1]
            assert told_of(row[1]) <= names_in(json.loads(printed)), command


def told_of(text: str) -> set[str]:
    return {word for word in quoted(text) if not word.startswith("--")}


def names_in(document: Any) -> set[str]:
    if isinstance(document, dict):
        return {*document, *(name for value in document.values() for name in names_in(value))}
    items = document if isinstance(document, list) else []
    return {name for item in items for name in names_in(item)}


def worked(heading: str) -> dict[str, str]:
    """Return the results of a worked example by what they are of."""
    rows = [row for row in table(section(ESTIMATES, heading)) if re.search(r"\d$", row[-1])]
    return {row[0]: row[-1].replace(",", "") for row in rows}


@pytest.mark.usefixtures("job")
def test_the_worked_example_is_what_the_program_computes(cli: Cli) -> None:
    found = json.loads(cli("estimate", "pairs", "--model", "Qwen2.5-7B-Instruct", "--json")[1])
    details, listed = found["training_details"], worked("## The list estimate")
    assert float(listed["steps per epoch"]) == details["steps_per_epoch"]
    assert float(listed["steps"]) == details["total_steps"]
    assert float(listed["seconds per step"]) == round(200_000 / 1000 * 4 / 3600, 4)
    assert float(listed["duration in hours"]) == found["estimated_duration_hours"]
    assert float(listed["compute in USD"]) == found["cost_breakdown"]["compute"]
    assert float(listed["total in USD"]) == found["estimated_cost"]
    own, model = worked("## The estimate for the model"), found["model_estimate"]
    assert float(own["tokens per second"]) == model["estimated_throughput_tokens_per_sec"]
    assert float(own["duration in hours"]) == model["estimated_duration_hours"]
    assert float(own["total in USD"]) == model["estimated_cost"]
    assert float(own["cheapest in USD"]) == model["cost_low"]
    assert float(own["dearest in USD"]) == model["cost_high"]
    memory = found["memory"]
    parts = worked("## Memory")
    assert float(parts.pop("all")) == memory["per_gpu_gb"]
    assert {f"{name}_gb": float(size) for name, size in parts.items()} == {
        name: size
        for name, size in memory.items()
        if name.endswith("_gb") and name not in ("per_gpu_gb", "available_gb")
    }


def test_the_computations_of_the_worked_example_come_out() -> None:
    """Each row's arithmetic, as it is written there, gives its result."""
    rows = [
        *table(section(ESTIMATES, "## The list estimate")),
        *(
            row
            for row in table(section(ESTIMATES, "## The estimate for the model"))
            if "%" not in row[1]
        ),
    ]
    assert len(rows) == 9
    for _, written, result in rows:
        expression = written.replace(",", "").replace("×", "*").replace("ceil", "")
        value = float(eval(expression, {"__builtins__": {}}))  # a page of ours, arithmetic alone
        digits = len(result.partition(".")[2])
        assert float(result) == pytest.approx(value, abs=0.6 * 10**-digits), written


def test_the_simulator_page_has_the_programs_figures() -> None:
    text = page("simulator.md")
    critical = critical_rate(4)
    assert f"With batch size 4 the critical rate is {critical:.0e}".replace("e-0", "e-") in text
    assert f"a rate below {SAFE_SHARE * critical:.1e} is safe".replace("e-0", "e-") in text
    assert {mode for mode in SimulationMode if f"`{mode}`" not in text} == set()
    faults = {word.partition("@")[0] for word in quoted(prose(text))}
    assert set(InjectionKind) <= faults


def test_the_simulator_page_counts_the_spikes_that_are_missed(cli: Cli, tmp_path: Path) -> None:
    cli("datasets", "add", "--sample")
    cli("submit", "support-chats", "--inject", "spike@60")
    with closing(open_workspace(tmp_path / "cli.db")) as workspace:
        job = get_job(workspace, 1)
    assert job is not None
    told = " ".join(page("simulator.md").split())
    assert f"{job.total_steps} steps with batches of 4, it missed {_missed(job)} of 24" in told
    plain = job.model_copy(update={"mode": SimulationMode.EXPONENTIAL})
    assert _missed(plain) == 0, "none of 24 with `--mode exponential`"


def _missed(job: Job) -> int:
    """Return in how many of the runs with seeds 1 to 24 no spike is found."""
    specs = [simulation_spec(job.model_copy(update={"seed": seed})) for seed in range(1, 25)]
    runs = [simulate(spec, 0, spec.total_steps) for spec in specs]
    found = [{change.finding.kind for change in HealthWatch().feed(run)} for run in runs]
    return sum(kinds.isdisjoint({HealthKind.SPIKE, HealthKind.DIVERGENCE}) for kinds in found)


def test_the_doctors_findings_are_all_explained() -> None:
    """Every finding that is not fine stands in the table, and nothing else does."""
    told = {quoted(row[0])[0] for row in table(page("troubleshooting.md"))}
    assert told == set(findings())


def findings() -> Iterator[str]:
    """Yield what the code's findings are about, of those that ask for something."""
    files = [*(PACKAGE / "services").glob("doctor*.py"), PACKAGE / "cli" / "doctor.py"]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            match node.func.id, node.args:
                case "trouble", [ast.Constant(value=str(what)), *_]:
                    yield what
                case "Finding", [level, ast.Constant(value=str(what)), *_]:
                    if ast.unparse(level) != f"Level.{Level.FINE.name}":
                        yield what
