"""Every GPU type and count side by side for the job in the form; one is taken with a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import var
from textual.widgets import Static

from vapor_tui.domain.plans import PlanSort
from vapor_tui.services.plans import compare, plan_table
from vapor_tui.ui.plan_rows import LEGEND, GpuChoice, choice_of, detail_lines, title_line
from vapor_tui.ui.screens.base import VaporScreen
from vapor_tui.ui.widgets.lines import LinesView
from vapor_tui.ui.widgets.plan_table import PlanTable

if TYPE_CHECKING:
    from vapor_tui.domain.plans import PlanRow
    from vapor_tui.services.export_files import ExportTable
    from vapor_tui.services.plans import Plan

SORTS = tuple(PlanSort)
ALL, FITTING, BEST = "all", "fitting", "best"
SHOWN = (ALL, BEST, FITTING)


class PlansScreen(VaporScreen[GpuChoice | None]):
    """Dismissed with the type and number of GPUs to take, or None."""

    CSS_PATH = "plans.tcss"
    AUTO_FOCUS = "PlanTable"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "sort", "sort", id="plans.sort", tooltip="Sort by cost, by time, by GPU"),
        Binding(
            "f",
            "show_next",
            "filter",
            id="plans.filter",
            tooltip="Show all, only the best of those that fit, all that fit",
        ),
    ]

    sort: var[PlanSort] = var(PlanSort.COST, init=False)
    shown: var[str] = var(ALL, init=False)

    def __init__(self, plan: Plan, crumbs: tuple[str, ...], *, is_stale: bool = False) -> None:
        """`crumbs` is where one comes from; `is_stale` when the form has become invalid since."""
        super().__init__()
        self._plan = plan
        self._came_from = crumbs
        self._is_stale = is_stale
        settings = plan.draft.settings
        self._choice: GpuChoice = (settings.gpu_type, settings.gpu_count)
        self._present: PlanRow | None = None
        self._best = 0
        """How many of all rows are the best of those that fit."""

    @property
    def crumbs(self) -> tuple[str, ...]:
        return (*self._came_from, "Plans")

    @property
    def table(self) -> PlanTable:
        return self.query_one(PlanTable)

    def compose_body(self) -> ComposeResult:
        yield LinesView(id="title")
        yield PlanTable(self._choice)
        yield LinesView(id="detail")
        yield Static(LEGEND, id="legend", markup=False)

    def on_mount(self) -> None:
        self._list()

    def on_resize(self, _event: events.Resize) -> None:
        self.call_after_refresh(self._settle)

    def _settle(self) -> None:
        # In a terminal that is too small the table is hidden, and hiding takes the focus away.
        if self.focused is None:
            self.table.focus()
        self._show_lines()

    async def exported_table(self) -> ExportTable | None:
        return plan_table(self.table.rows)

    def watch_sort(self) -> None:
        self._list()

    def watch_shown(self) -> None:
        self._list()

    def action_sort(self) -> None:
        self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]

    def action_show_next(self) -> None:
        self.shown = SHOWN[(SHOWN.index(self.shown) + 1) % len(SHOWN)]

    @on(PlanTable.Adopted)
    def _adopt(self, message: PlanTable.Adopted) -> None:
        self.finish(message.choice)

    @on(PlanTable.Highlighted)
    def _show_lines(self) -> None:
        self._show_title()
        detail, table = self.query_one("#detail", LinesView), self.table
        if width := detail.content_size.width:
            place = f"row {table.cursor + 1} of {len(table.rows)}"
            detail.show(detail_lines(table.row, self._present, place, width))

    def _list(self) -> None:
        rows = compare(self.vapor.backend.workspace, self._plan, self.sort)
        self._present = next((row for row in rows if choice_of(row) == self._choice), None)
        self._best = sum(row.is_on_frontier for row in rows)
        self.table.rows = tuple(row for row in rows if _is_shown(row, self.shown))
        self._show_lines()

    def _show_title(self) -> None:
        title = self.query_one("#title", LinesView)
        if width := title.content_size.width:
            line = title_line(
                self._plan,
                self.sort,
                self.shown,
                len(self.table.rows),
                self._best,
                width,
                is_next_best=self.shown == ALL,
                is_stale=self._is_stale,
            )
            title.show([line])


def _is_shown(row: PlanRow, shown: str) -> bool:
    return shown == ALL or (row.is_on_frontier if shown == BEST else row.may_fit)
