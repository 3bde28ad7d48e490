"""Configures a job: preset, model, dataset, GPUs and hyperparameters, with what they will cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer

from vapor_tui.domain.results import Ok, Refused
from vapor_tui.domain.text import printable
from vapor_tui.ui.screens import configure_requests as requests
from vapor_tui.ui.screens.command import CommandScreen
from vapor_tui.ui.screens.configure_form import FIELDS, JobForm, gpu_count_effect
from vapor_tui.ui.screens.configure_presets import PresetsScreen
from vapor_tui.ui.screens.confirm import leave
from vapor_tui.ui.screens.pick import PickScreen
from vapor_tui.ui.widgets.dataset_picker import ADD, NO_DATASET, SAMPLE, DatasetPicker
from vapor_tui.ui.widgets.form_field import FormField
from vapor_tui.ui.widgets.gpu_picker import GpuPicker
from vapor_tui.ui.widgets.job_fields import DATASET, PICKED, JobFields
from vapor_tui.ui.widgets.model_picker import ModelPicker
from vapor_tui.ui.widgets.no_dataset import NoDataset
from vapor_tui.ui.widgets.pick_field import PickField
from vapor_tui.ui.widgets.picker import Picker
from vapor_tui.ui.widgets.preset_cards import PresetCards
from vapor_tui.ui.widgets.start_bar import StartBar

if TYPE_CHECKING:
    from vapor_tui.domain.datasets import Dataset
    from vapor_tui.domain.jobs import Job
    from vapor_tui.ui.plan_rows import GpuChoice

DATASET_NOT_FOUND = "Dataset not found"


class ConfigureScreen(PresetsScreen):
    """Dismissed with the number of the job that was created, or None."""

    CSS_PATH = "configure.tcss"
    AUTO_FOCUS = "PresetCards"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f5",
            "use_sample",
            "sample dataset",
            id="configure.sample",
            tooltip="Train on the small dataset that comes with the program",
        ),
        Binding(
            "ctrl+s",
            "start",
            "start training",
            id="configure.start",
            tooltip="Create the job and open its monitor",
        ),
        Binding(
            "f4",
            "copy_command",
            "copy as command",
            id="configure.copy-command",
            tooltip="Copy the command that creates this job, and show it",
        ),
        Binding(
            "escape", "leave", "cancel", id="configure.cancel", tooltip="Leave without a new job"
        ),
        Binding(
            "ctrl+o",
            "add_dataset",
            "add dataset",
            id="configure.add-dataset",
            tooltip="Read a dataset from a file and train on it",
        ),
    ]

    def __init__(
        self,
        *,
        dataset_id: int | None = None,
        model: str | None = None,
        preset: str | None = None,
        clone: Job | None = None,
    ) -> None:
        super().__init__()
        self._model, self._preset, self._clone = model, preset, clone
        self._wanted_dataset = dataset_id
        if dataset_id is None and clone is not None:
            self._wanted_dataset = clone.dataset_id
        self._datasets: Sequence[Dataset] | None = None
        """None until they were read."""
        self._waiting: Callable[[], None] | None = None
        """What a person asked for while datasets were being read, which needs one."""
        self._is_reading = False
        self._errors: dict[str, str] = {}
        """What is wrong at present, by field."""
        self._answers: dict[str, str] = {}
        """What a service said of a field that was not edited since."""

    @property
    def crumbs(self) -> tuple[str, ...]:
        return ("Jobs", f"New job like #{self._clone.id}" if self._clone else "New job")

    def compose_body(self) -> ComposeResult:
        catalogue = self._workspace.catalogue
        self._form = JobForm(catalogue, model=self._model, preset=self._preset, clone=self._clone)
        self._opened_as = self._form.snapshot()
        with ScrollableContainer(id="body", can_focus=False):
            yield JobFields(FIELDS, catalogue, self._form.values)
            yield from self.compose_costs()
        yield StartBar()

    def on_mount(self) -> None:
        self.show_form()
        self._read_datasets(self._wanted_dataset)
        if self._clone is not None:
            self._ask("names", requests.read_names)

    @property
    def _fields(self) -> JobFields:
        return self.query_one(JobFields)

    @property
    def _bar(self) -> StartBar:
        return self.query_one(StartBar)

    @property
    def is_changed(self) -> bool:
        """Whether anything would be lost by leaving."""
        return self._form.snapshot() != self._opened_as

    @property
    def is_busy(self) -> bool:
        return self._bar.is_saving

    # What stands on the screen.

    def show_form(self) -> None:
        """Show what the form comes to; runs with every keystroke and reads no database."""
        outcome = self._form.plan(self._workspace)
        plan = outcome.value if isinstance(outcome, Ok) else None
        details = outcome.details if isinstance(outcome, Refused) else {}
        self._errors = {**self._answers, **details}
        fields, form = self._fields, self._form
        fields.show_errors(self._errors)
        self.show_costs(plan, form.parsed("injection") or "")
        fields.show_warnings(form.warnings(self.last_plan))
        problem = self._errors.get("preset", "")
        fields.show_preset(form.preset_id, form.preset_lines, problem, is_custom=form.is_custom)
        fields.offer_datasets(form.dataset is None and self._datasets is not None)
        for key in PICKED:
            fields.field(key).hint = self._picker(key).facts(self._picked(key))
        if plan is not None:
            fields.field("gpu_count").hint = gpu_count_effect(plan)
        self._bar.explain(self.focused)

    def _put(self, names: Iterable[str]) -> None:
        """Show fields that changed without being typed into, and all that follows."""
        self._fields.put({name: self._form.values[name] for name in names})
        self.show_form()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self._bar.explain(self.focused)

    # Edits.

    @on(PresetCards.Chosen)
    def _preset_chosen(self, event: PresetCards.Chosen) -> None:
        self._put(self._form.choose_preset(event.preset_id))

    @on(FormField.Changed)
    def _edited(self, event: FormField.Changed) -> None:
        key = event.field.key
        self._answers.pop(key, None)
        self._put(self._form.edit(key, event.text) - {key})

    @on(PickField.Stepped)
    def _stepped(self, event: PickField.Stepped) -> None:
        key = event.field.key
        self._take(key, self._picker(key).neighbour(self._picked(key), event.direction))

    @on(PickField.Opened)
    def _opened(self, event: PickField.Opened) -> None:
        self._open_list(event.field.key, event.query)

    def _open_list(self, key: str, query: str = "") -> None:
        if not self.is_active:
            return  # a list is open already: more than one letter was waiting
        if key == DATASET and self._datasets is None:
            # Reading failed before.
            self._read_datasets(self._wanted_dataset)
        picker, picked = self._picker(key), self._picked(key)
        self.app.push_screen(
            PickScreen(picker.title, picker.rows, picked=picked, query=query),
            lambda found: self._take(key, found),
        )

    def _picker(self, key: str) -> Picker:
        match key:
            case "base_model":
                plan = self.last_plan
                return ModelPicker(self._workspace.catalogue, plan.draft if plan else None)
            case "gpu_type":
                return GpuPicker(self._workspace.catalogue)
            case _:
                return DatasetPicker(self._datasets or ())

    def _picked(self, key: str) -> str:
        dataset = self._form.dataset
        if key == DATASET:
            return str(dataset.id) if dataset else ""
        return self._form.values[key]

    def _take(self, key: str, found: str | None) -> None:
        """Take what was picked for a field."""
        if found is None:
            return
        if key != DATASET:
            self._enter({key: found})
        elif found == ADD:
            self.action_add_dataset()
        elif found == SAMPLE:
            self.action_use_sample()
        else:
            self._take_dataset(DatasetPicker(self._datasets or ()).dataset(found))

    def take_gpus(self, choice: GpuChoice) -> None:
        self._enter({"gpu_type": choice[0], "gpu_count": str(choice[1])})

    def _enter(self, values: Mapping[str, str]) -> None:
        """Take values that a person chose, as if they had been typed."""
        changed = set(values)
        for key, text in values.items():
            self._answers.pop(key, None)
            changed |= self._form.edit(key, text)
        self._put(changed)

    # Datasets.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "use_sample":
            # It is offered while there is nothing else to train on.
            return self._datasets is not None and not self._datasets
        if action == "copy_command":
            return True
        return super().check_action(action, parameters)

    @on(NoDataset.ChooseWanted)
    def _choose_dataset(self) -> None:
        self.vapor.action_datasets()

    @on(NoDataset.AddWanted)
    def action_add_dataset(self) -> None:
        from vapor_tui.ui.screens.add_dataset import AddDatasetScreen

        def added(dataset: Dataset | None) -> None:
            if dataset is not None:
                self._read_datasets(dataset.id)

        if not self._bar.is_saving:
            self.app.push_screen(AddDatasetScreen(), added)

    def take_dataset_id(self, dataset_id: int | None) -> None:
        """Train on the dataset of that number; None leaves the form as it is."""
        if dataset_id is not None and not self._bar.is_saving:
            self._read_datasets(dataset_id)

    @on(NoDataset.SampleWanted)
    def action_use_sample(self) -> None:
        if not self._bar.is_saving:
            self._fields.say_of_dataset("reading…")
            self._ask("datasets", requests.add_sample)

    def _read_datasets(self, wanted: int | None) -> None:
        self._is_reading = True
        self._fields.say_of_dataset("reading…")
        self._ask("datasets", partial(requests.read_datasets, wanted))

    @on(requests.NamesRead)
    def _names_read(self, message: requests.NamesRead) -> None:
        was_changed = self.is_changed
        if self._clone is not None:
            self._put(self._form.name_copy(self._clone, message.names))
        if not was_changed:
            self._opened_as = self._form.snapshot()

    @on(requests.SampleAnswered)
    def _sample_answered(self, message: requests.SampleAnswered) -> None:
        match message.answer:
            case Ok(dataset):
                self._read_datasets(dataset.id)
            case Refused(error=error):
                self._is_reading = False
                self._fields.say_of_dataset("none")
                self._answers[DATASET] = error
                self.show_form()

    @on(requests.DatasetsRead)
    def _datasets_read(self, message: requests.DatasetsRead) -> None:
        is_first, was_changed = self._datasets is None, self.is_changed
        self._datasets, self._is_reading = message.datasets, False
        self._bar.show_failure("")
        self._fields.say_of_dataset("none")
        if is_first and message.chosen is None and self._wanted_dataset is not None:
            self._answers[DATASET] = DATASET_NOT_FOUND
        self._take_dataset(message.chosen or self._form.dataset)
        if is_first and not was_changed:
            self._opened_as = self._form.snapshot()
        self.refresh_bindings()
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting()

    def _take_dataset(self, dataset: Dataset | None) -> None:
        if dataset is not None:
            self._answers.pop(DATASET, None)
        changed = self._form.choose_dataset(dataset)
        self._fields.field(DATASET).put(printable(dataset.name) if dataset else "")
        self._put(changed)

    # Start and cancel.

    @on(StartBar.Started)
    def action_start(self) -> None:
        dataset = self._startable(self.action_start)
        if dataset is None:
            return
        self._bar.show_failure("")
        self._bar.is_saving = self._fields.disabled = True
        form = self._form
        self._ask("create", partial(requests.create, form.raw, dataset.id, form.simulation))

    def action_copy_command(self) -> None:
        from vapor_tui.services.command_line import submit_command

        dataset = self._startable(self.action_copy_command)
        if dataset is None:
            return
        line = submit_command(self._workspace, self._form.raw, dataset, self._form.simulation)
        if isinstance(line, Ok):
            self.app.push_screen(CommandScreen(line.value))

    def _startable(self, again: Callable[[], None]) -> Dataset | None:
        """Return the dataset where all is as it must be; else go to what is not.

        While datasets are being read, that is not known: `again` is called when they are there.
        """
        if self._bar.is_saving:
            return None
        if self._is_reading:
            self._waiting = again
            return None
        dataset = self._form.dataset
        if dataset is None:
            self._answers.setdefault(DATASET, NO_DATASET)
            self.show_form()
        if self._errors or dataset is None:
            self._fields.focus_first(self._errors)
            return None
        return dataset

    @on(requests.JobAnswered)
    def _job_answered(self, message: requests.JobAnswered) -> None:
        match message.answer:
            case Ok(job):
                self.vapor.backend.wake_worker()
                self.finish_in_front(job.id)
            case Refused(error=error, details=details):
                self._bar.is_saving = self._fields.disabled = False
                self._answers = dict(details)
                self.show_form()
                if self._fields.has_any(details):
                    self._fields.focus_first(details)
                else:
                    self._bar.show_failure(f"{requests.CREATE_FAILED}: {error}")

    @on(requests.StorageFailed)
    def _storage_failed(self, message: requests.StorageFailed) -> None:
        if message.task == requests.CREATE_FAILED:
            self._bar.is_saving = self._fields.disabled = False
        else:
            self._is_reading, self._waiting = False, None
        self._fields.say_of_dataset("none")
        self._bar.show_failure(f"{message.task}: {message.reason}")

    @on(StartBar.Left)
    def action_leave(self) -> None:
        if not self._bar.is_saving:
            leave(self, "Leave without a job?", "What was entered here is not kept.")
