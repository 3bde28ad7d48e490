"""The colours: that they can be read wherever they are drawn, and told apart by everybody."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from textual.color import Color
from textual.screen import ModalScreen
from textual.theme import Theme

from tests.ui.contrast import contrast
from tests.ui.support import Session
from tests.ui.tour import STOPS, AddJob, Stop, standing_at
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.themes import PALETTES, THEMES, Palette

STATUSES = ("running", "completed", "failed", "cancelled", "queued", "paused")
TEXT = ("foreground", "dim", "accent", "chart_line", "chart_eval", *STATUSES)
LINES = ("faint", "chart_raw")
GROUNDS = ("background", "surface", "panel", "cursor")

ENOUGH = dict.fromkeys(PALETTES, 4.5) | {"vapor-contrast": 7.0}
"""The least contrast of text: AA, and AAA in the theme that is for it."""
DECORATION = "━╸─│┤└┬┴┼├┊╭╮╰╯┏┓┗┛┃█▌▊▎▁▔▄▀ "

SIMULATED_EYES = {
    "all cones": np.eye(3),
    "no red cones": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "no green cones": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "no blue cones": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
"""Linear RGB as somebody without these cones sees it: Machado, Oliveira and Fernandes, 2009."""
LEAST_DISTANCE = 0.1
"""In Oklab, where two colours side by side are told apart from about 0.02 on."""


def palettes() -> list[Any]:
    return [pytest.param(name, palette, id=name) for name, palette in PALETTES.items()]


@pytest.mark.parametrize(("name", "palette"), palettes())
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_can_be_read_on_every_ground(name: str, palette: Palette, ground: str) -> None:
    for colour in (*(getattr(palette, part) for part in TEXT), *palette.curves):
        found = contrast(colour, getattr(palette, ground))
        assert found >= ENOUGH[name], (colour, ground, found)


@pytest.mark.parametrize(("name", "palette"), palettes())
def test_lines_can_be_seen(name: str, palette: Palette) -> None:
    least = 3.0 if name == "vapor-contrast" else 1.3
    for colour in LINES:
        for ground in GROUNDS:
            assert contrast(getattr(palette, colour), getattr(palette, ground)) >= least


@pytest.mark.parametrize("stop", STOPS, ids=str)
async def test_what_is_drawn_can_be_read(workspace: Workspace, add_job: AddJob, stop: Stop) -> None:
    async with standing_at(stop, workspace, add_job) as app:
        for theme in THEMES:
            app.app.theme = theme.name
            await app.pilot.pause()
            assert not list(hard_to_read(app, theme)), theme.name


def hard_to_read(app: Session, theme: Theme) -> Any:
    """Yield what has too little contrast on the present screen, above what a dialog dims."""
    screen = app.app.screen
    region = screen.children[0].region if isinstance(screen, ModalScreen) else screen.region
    lines = {str(Color.parse(theme.variables[name]).hex) for name in ("faint", "chart-raw")}
    for strip in screen._compositor.render_strips()[region.y : region.bottom]:
        for text, style, _ in strip.crop(region.x, region.right):
            if style is None or not text.strip(DECORATION) or not style.color:
                continue
            front, back = (Color.from_rich_color(c).hex for c in (style.color, style.bgcolor))
            if front not in lines and contrast(front, back) < ENOUGH[theme.name]:
                yield text, front, back, contrast(front, back)


def test_status_colours_are_told_apart_whichever_cones_are_missing() -> None:
    palette = PALETTES["vapor-safe"]
    for eyes, matrix in SIMULATED_EYES.items():
        seen = {name: oklab(matrix @ linear(getattr(palette, name))) for name in STATUSES}
        for one, other in combinations(STATUSES, 2):
            distance = float(np.linalg.norm(seen[one] - seen[other]))
            assert distance >= LEAST_DISTANCE, (eyes, one, other, distance)


def test_the_simulated_eyes_find_colours_that_are_confused() -> None:
    """Red and green of the same lightness: what the safe theme is there to avoid."""
    red, green = linear("#c8503c"), linear("#788c1e")
    matrix = SIMULATED_EYES["no green cones"]
    assert np.linalg.norm(oklab(red) - oklab(green)) > 2 * LEAST_DISTANCE
    assert np.linalg.norm(oklab(matrix @ red) - oklab(matrix @ green)) < LEAST_DISTANCE


def linear(colour: str) -> Any:
    parts = np.array(Color.parse(colour).normalized)
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def oklab(rgb: Any) -> Any:
    """Return linear RGB in Oklab (Ottosson, 2020), where distances are those that are seen."""
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    mixed = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return mixed @ np.cbrt(cones @ np.clip(rgb, 0, 1))
