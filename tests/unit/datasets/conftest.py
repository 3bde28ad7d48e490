"""Files of a test's own, and the short way to a report."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vapor_tui.datasets import DatasetReport, read_dataset


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write bytes, text, or a list of records (one a line; as an array for .json)."""

    def write_file(name: str, content: Any) -> Path:
        path = tmp_path / name
        if isinstance(content, list):
            lines = [
                item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
                for item in content
            ]
            content = (
                "[" + ",\n".join(lines) + "]"
                if name.endswith(".json")
                else "".join(line + "\n" for line in lines)
            )
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


@pytest.fixture
def read(write: Callable[..., Path]) -> Callable[..., DatasetReport]:
    """Write a file and read it: `read("name", content, **options)`."""

    def read_file(name: str, content: Any, **options: Any) -> DatasetReport:
        return read_dataset(write(name, content), **options)

    return read_file
