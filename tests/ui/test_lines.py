"""Lines of text: their widths, and which of their cells are drawn again."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip

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


joined_signs = st.text("ab 数é❤\u0301\ufe0f\u200d👩", max_size=8)
any_lines = st.lists(st.tuples(joined_signs, st.sampled_from(["", "dim"])), max_size=4).map(tuple)


@given(any_lines, any_lines, st.integers(1, 30))
def test_what_is_outside_of_the_changed_cells_is_the_same(
    before: Line, after: Line, width: int
) -> None:
    before, after = fitted(before, width), fitted(after, width)
    start, end = changed_cells(before, after)
    assert 0 <= start <= end <= width
    assert drawn(before, 0, start) == drawn(after, 0, start)
    assert drawn(before, end, width) == drawn(after, end, width)


def drawn(line: Line, start: int, end: int) -> list[tuple[str, str]]:
    """Return what Textual sends for some cells of a line, character by character."""
    strip = Strip([Segment(text, Style(meta={"style": style})) for text, style in line])
    return [
        (character, segment.style.meta["style"] if segment.style else "")
        for segment in strip.crop(start, end)
        for character in segment.text
    ]


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("❤️ loss A", "❤️ loss B", (0, 9)),
        ("cafe x", "cafe\u0301 x", (0, 6)),
        ("loss 1.5", "loss 1.6", (7, 8)),
    ],
)
def test_characters_that_are_not_a_cell_each_are_drawn_with_all_of_their_text(
    before: str, after: str, changed: tuple[int, int]
) -> None:
    assert changed_cells(((before, ""),), ((after, ""),)) == changed


async def test_a_line_that_no_longer_fits_is_drawn_with_its_ellipsis() -> None:
    class Narrow(App[None]):
        def compose(self) -> ComposeResult:
            yield LinesView()

    async with Narrow().run_test(size=(8, 3)) as pilot:
        view = pilot.app.query_one(LinesView)
        regions: list[Region] = []
        view.show([(("abcdefgh", ""),)])
        await pilot.pause()
        view.refresh = lambda *given, **_: regions.extend(given)  # type: ignore[method-assign]
        view.show([(("abcdefghIJ", ""),)])
        assert regions == [Region(7, 0, 1, 1)]
        view.show([(("abcdefgh", ""),)])
        assert regions[1:] == [Region(7, 0, 1, 1)]


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
