"""Lines of text: their widths, and which of their cells are drawn again."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.geometry import Region

from vapor_tui.ui.glyphs import bar, percent, sparkline
from vapor_tui.ui.widgets.lines import (
    Line,
    LinesView,
    changed_cells,
    fitted,
    joined,
    line_width,
    spread,
)

spans = st.tuples(st.text("ab 数据é", max_size=8), st.sampled_from(["", "dim", "bold accent"]))
lines = st.lists(spans, max_size=5).map(tuple)


@given(lines, st.integers(0, 30))
def test_a_fitted_line_has_exactly_its_width(line: Line, width: int) -> None:
    assert line_width(fitted(line, width)) == width


@given(lines, lines, st.integers(1, 40))
def test_the_right_part_of_a_spread_line_ends_at_its_edge(
    left: Line, right: Line, width: int
) -> None:
    assert line_width(spread(left, right, width)) == width


@given(lines, lines)
def test_what_is_outside_of_the_changed_cells_is_the_same(before: Line, after: Line) -> None:
    width = max(line_width(before), line_width(after))
    start, end = changed_cells(before, after)
    assert 0 <= start <= end <= width
    old, new = cells(fitted(before, width)), cells(fitted(after, width))
    assert old[:start] == new[:start]
    assert old[end:] == new[end:]


def cells(line: Line) -> list[tuple[str, str]]:
    from vapor_tui.ui.widgets.lines import _cells

    return _cells(line)


def test_parts_that_are_empty_leave_no_gap() -> None:
    assert joined([(("a", ""),), (), (("b", ""),)], " ") == (("a", ""), (" ", ""), ("b", ""))


@given(st.floats(allow_nan=True, allow_infinity=True), st.integers(1, 60))
def test_a_bar_never_changes_its_width(share: float, width: int) -> None:
    assert line_width(bar(share, width, "accent")) == width


def test_only_what_is_complete_shows_a_hundred_per_cent() -> None:
    assert percent(0.999) == " 99 %"
    assert percent(1.0) == "100 %"


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=12))
@example([2.99e292, -1.79e308])
@example([0.0, 5e-324])
def test_a_small_curve_has_a_fixed_width(values: list[float]) -> None:
    assert len(sparkline(values, 7)) == 7


def test_a_small_curve_follows_its_values() -> None:
    assert sparkline([7, 6, 5, 4, 3, 2, 1], 7) == "█▇▆▅▃▂▁"
    assert sparkline([1.0, 1.0], 7) == "▁▁     "


class Recorder(LinesView):
    """Notes which parts it was asked to draw again."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[tuple[Region, ...]] = []

    def refresh(self, *regions: Region, **options: bool) -> LinesView:
        if hasattr(self, "drawn"):
            self.drawn.append(regions)
        return super().refresh(*regions, **options)


class Host(App[None]):
    def compose(self) -> ComposeResult:
        yield Recorder()


async def test_only_the_cells_that_change_are_drawn() -> None:
    app = Host()
    async with app.run_test() as pilot:
        view = app.query_one(Recorder)
        view.show([(("loss 0.912", ""),), (("step 10", ""),)])
        await pilot.pause()
        view.drawn.clear()
        view.show([(("loss 0.911", ""),), (("step 10", ""),)])
        view.show([(("loss 0.911", ""),), (("step 10", ""),)])
        assert view.drawn == [(Region(9, 0, 1, 1),)]
