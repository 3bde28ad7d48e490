"""What config.toml may say, and what is answered to what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from vapor_tui.config import ConfigError, Preferences, load_preferences, parse_preferences


def test_a_file_that_is_not_there_leaves_the_defaults(tmp_path: Path) -> None:
    assert load_preferences(tmp_path / "config.toml") == Preferences()


def test_what_is_written_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        'theme = "vapor-light"\nrefresh_seconds = 2\non_event = ["notify", "--now"]\n'
        '[keys]\n"jobs.new" = "ctrl+n"\n[jobs]\ncolumns = ["id", "name"]\n'
        "[health]\nplateau = false\nstalled_seconds = 300\n",
        encoding="utf-8",
    )
    found = load_preferences(path)
    assert found.theme == "vapor-light"
    assert found.refresh_seconds == 2.0
    assert found.on_event == ("notify", "--now")
    assert found.keys == {"jobs.new": "ctrl+n"}
    assert found.jobs.columns == ("id", "name")
    assert (found.health.plateau, found.health.stalled_seconds) == (False, 300.0)
    assert found.health.enabled


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("theme = ", "not valid TOML"),
        ("\nthem = 'x'", 'line 2, "them": there is no such setting'),
        ("bell = true\nrefresh_seconds = 99", 'line 2, "refresh_seconds"'),
        ("bell = 'loud'", 'line 1, "bell": must be a valid boolean'),
        ("on_event = 'notify'", 'must be a list of texts, as in ["first", "second"]'),
        ("on_event = ['']", 'line 1, "on_event"'),
        ("[monitor]\n\nsmoothing = 1", 'line 3, "monitor.smoothing"'),
        ("[health]\ndivergence_sigmas = 1", 'line 2, "health.divergence_sigmas"'),
        ("[health]\nspikes = true", 'line 2, "health.spikes": there is no such setting'),
        ("[health]\nenabled = 1", 'line 2, "health.enabled"'),
        ("[moniter]\nsmoothing = 1", 'line 1, "moniter"'),
        ("refresh_seconds = nan", 'line 1, "refresh_seconds"'),
        ("a = " + "[" * 5000, "c.toml"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_preferences(text, "c.toml")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_not_such_a_file_is_refused(tmp_path: Path) -> None:
    for content in (b"\xff\xfe", b"#" * 20_000):
        path = tmp_path / "config.toml"
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=r"config\.toml"):
            load_preferences(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_preferences(tmp_path)
