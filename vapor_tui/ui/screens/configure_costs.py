"""What the configured job costs, here and on other GPUs, and what past runs say of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message

from vapor_tui.ui.screens import configure_requests as requests
from vapor_tui.ui.screens.form_screen import FormScreen
from vapor_tui.ui.widgets.cost_line import CostLine
from vapor_tui.ui.widgets.cost_panel import READING, CostPanel, PastRuns

if TYPE_CHECKING:
    from vapor_tui.services.plans import Plan
    from vapor_tui.services.workspace import Workspace
    from vapor_tui.ui.backend import Backend
    from vapor_tui.ui.plan_rows import GpuChoice


class CostsScreen(FormScreen[int | None]):
    """Shows a plan in the panel and in a line. What reads the database answers in its own time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f2",
            "compare_plans",
            "plans",
            id="configure.plans",
            tooltip="Compare cost, time and fit of every GPU type and count",
        ),
    ]

    reading_delay = 0.5
    """Seconds without a change of model and GPU before past runs are read."""

    def __init__(self) -> None:
        super().__init__()
        self._runs_of: tuple[str, str] | None = None
        """Model and GPU of the past runs that are shown or being read."""

    @property
    def _workspace(self) -> Workspace:
        return self.vapor.backend.workspace

    @property
    def last_plan(self) -> Plan | None:
        """The last valid one."""
        return self.query_one(CostPanel).plan

    @property
    def is_busy(self) -> bool:
        """Whether nothing may be changed at this moment."""
        return False

    def compose_costs(self) -> ComposeResult:
        with VerticalScroll(id="cost", can_focus=False):
            yield CostPanel()

    def show_costs(self, plan: Plan | None, injection: str) -> None:
        """Show a plan; None dims the last valid one. Reads no database.

        `injection` is the fault that will be rehearsed, if any.
        """
        from vapor_tui.services.plans import compare

        panel, line = self.query_one(CostPanel), self.query_one(CostLine)
        panel.injection = line.injection = injection
        panel.is_stale = line.is_stale = plan is None
        if plan is None or plan == panel.plan:
            return
        had_plan = panel.plan is not None
        panel.cheapest = compare(self._workspace, plan)[0]
        panel.plan = line.plan = plan
        self._ask_for_past_runs(plan)
        if not had_plan:
            self.refresh_bindings()

    def take_gpus(self, choice: GpuChoice) -> None:
        """Put type and number of GPUs into the form."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "compare_plans":
            return self.is_mounted and self.last_plan is not None
        return super().check_action(action, parameters)

    @on(CostPanel.ComparisonWanted)
    def action_compare_plans(self) -> None:
        from vapor_tui.ui.screens.plans import PlansScreen

        panel = self.query_one(CostPanel)
        if self.is_busy or panel.plan is None:
            return

        def chosen(choice: GpuChoice | None) -> None:
            if choice is not None:
                self.take_gpus(choice)

        screen = PlansScreen(panel.plan, self.crumbs, is_stale=panel.is_stale)
        self.app.push_screen(screen, chosen)

    def _ask_for_past_runs(self, plan: Plan) -> None:
        wanted = (plan.draft.settings.base_model, plan.draft.gpu.type)
        if wanted != self._runs_of:
            self._runs_of = wanted
            self.query_one(CostPanel).past_runs = PastRuns(READING)
            request = requests.read_past_runs
            self._ask("runs", partial(request, wanted, plan.draft.gpu, self.reading_delay))

    @on(requests.PastRunsRead)
    def _past_runs_read(self, message: requests.PastRunsRead) -> None:
        if message.wanted == self._runs_of:
            self.query_one(CostPanel).past_runs = message.runs

    def _ask(self, group: str, request: Callable[[Backend], Awaitable[Message]]) -> None:
        """Let a service work in its own time; its answer comes as a message.

        A newer request of the same group makes the one before pointless.
        """

        async def answer() -> None:
            self.post_message(await request(self.vapor.backend))

        work: Callable[[], Awaitable[None]] = answer
        self.run_worker(work, group=group, exclusive=True)
