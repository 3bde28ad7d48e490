"""The program without what Linux alone has, and without what Windows has not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.system.terminal import Terminal

WORLDS = ("macos", "windows")
ROOT = Path(__file__).parents[2]
ELSEWHERE = (sys.executable, "-m", "tests.system.elsewhere")


def _run(world: str, *commands: str) -> str:
    """Run commands in a world; return what they printed."""
    ran = subprocess.run(
        [*ELSEWHERE, world, *commands], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.parametrize("world", WORLDS)
def test_everything_can_be_imported(world: str) -> None:
    _run(world)


LOOKS = {
    "open": "open(path).close()",
    "stat": "os.stat(path)",
    "lstat": "os.lstat(path)",
    "readlink": "os.readlink(path)",
    "listdir": "os.listdir(path)",
    "scandir": "os.scandir(path)",
    "access": "assert not os.access(path, os.F_OK); raise FileNotFoundError",
    "exists": "assert not Path(path).exists(); raise FileNotFoundError",
    "is_dir": "assert not os.path.isdir(path); raise FileNotFoundError",
    "read_text": "Path(path).read_text()",
    "iterdir": "list(Path(path).iterdir())",
}


@pytest.mark.parametrize("path", ["/proc", "/proc/self/stat", "/etc/machine-id"])
def test_what_linux_alone_tells_is_hidden_from_every_look(path: str) -> None:
    code = f"""
import os
from pathlib import Path
from tests.system.elsewhere import hide_proc
hide_proc()
path = {path!r}
assert os.stat("/etc").st_size and os.access("/etc", os.R_OK) and os.listdir("/etc")
for name, look in {LOOKS!r}.items():
    try:
        exec(look)
    except FileNotFoundError:
        continue
    raise AssertionError(name)
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("world", WORLDS)
def test_jobs_are_run_listed_and_examined(world: str, tmp_path: Path) -> None:
    log = tmp_path / "train.csv"
    log.write_text("step,loss\n1,2.5\n2,2.4\n")
    _run(
        world,
        "datasets add --sample",
        "run support-chats --speed max",
        "submit support-chats",
        "worker --once --speed max",
        "doctor",
        "notifications test",
    )
    assert "train.csv" in _run(world, f"discover {tmp_path}")
    listed = json.loads(_run(world, "jobs --json"))
    assert [job["status"] for job in listed["jobs"]] == ["completed", "completed"]
    in_library = (Path.home() / "Library" / "Application Support" / "vapor-tui").exists()
    assert in_library is (world == "macos")


def test_ctrl_c_hands_a_job_back_where_loops_take_no_signals() -> None:
    _run("windows", "datasets add --sample")
    running = subprocess.Popen(
        [*ELSEWHERE, "windows", "run support-chats --speed 100s"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )
    assert running.stdout is not None
    try:
        assert "initializing" in running.stdout.readline()
        time.sleep(0.5)
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=60)
    finally:
        running.kill()
    assert "Job 1 is back in the queue" in said
    assert running.returncode == 130


def test_the_app_opens_and_is_left_without_proc() -> None:
    program = (*ELSEWHERE, "macos", "--no-worker")
    terminal = Terminal([], program=program, PYTHONPATH=str(ROOT))
    try:
        terminal.wait_for("vapor  Jobs", "rehearse")
        terminal.press("q")
        assert terminal.wait_until_left() == 0
    finally:
        terminal.close()
