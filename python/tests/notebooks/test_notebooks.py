"""The notebooks of ``examples`` and the README's are run, and print what stands in them.

``SPARK_FOCAL_NOTEBOOKS=write`` writes into them what they print and draw.
"""

import os
import re
import shutil
from pathlib import Path
from typing import Any, List

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "examples" / "notebooks"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call,unused-ignore]


def run(notebook: Any, folder: Path) -> None:
    NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(folder)}}, record_timing=False
    ).execute()


def printed(cell: Any) -> str:
    return "".join(
        output["text"]
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stdout"
    )


def pictures(cell: Any) -> int:
    return sum("image/svg+xml" in output.get("data", {}) for output in cell.outputs)


def assert_alike(actual: str, expected: str) -> None:
    """Words and whole numbers are the same, others near: bits differ from one kind of CPU to another."""
    assert NUMBER.sub("#", actual) == NUMBER.sub("#", expected)
    for found, known in zip(NUMBER.findall(actual), NUMBER.findall(expected)):
        if "." in known:
            assert float(found) == pytest.approx(float(known), rel=0.15, abs=0.05), actual
        else:
            assert found == known


def code_cells(notebook: Any) -> List[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_readme_says_what_works(tmp_path: Path) -> None:
    section = (ROOT / "README.md").read_text().split("### In a notebook")[1].split("\n### ")[0]
    code = section.split("```python\n")[1].split("```")[0]
    shutil.copytree(ROOT / "examples" / "data", tmp_path / "data")
    (tmp_path / "notebooks").mkdir()
    notebook = read(FOLDER / "first_model.ipynb")
    notebook.cells = code_cells(notebook)[:1]
    notebook.cells[0].source = code
    run(notebook, tmp_path / "notebooks")
    assert any("image/png" in output.get("data", {}) for output in notebook.cells[0].outputs)


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")


def test_all_notebooks_are_known() -> None:
    names = {path.name for path in FOLDER.glob("*.ipynb")}
    assert names == {"first_model.ipynb", "loss_and_threshold.ipynb", "own_network.ipynb"}


@pytest.mark.parametrize("name", ["first_model", "loss_and_threshold", "own_network"])
def test_a_notebook_prints_and_draws_what_stands_in_it(name: str, tmp_path: Path) -> None:
    path = FOLDER / f"{name}.ipynb"
    known = read(path)
    assert known.nbformat == 4
    nbformat.validate(known)
    here = tmp_path / "notebooks"
    shutil.copytree(FOLDER, here)
    shutil.copytree(ROOT / "examples" / "data", tmp_path / "data")
    fresh = read(path)
    run(fresh, here)
    if os.environ.get("SPARK_FOCAL_NOTEBOOKS") == "write":
        for cell in code_cells(fresh):
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
        nbformat.write(fresh, path)  # type: ignore[no-untyped-call,unused-ignore]
        return
    assert sum(pictures(cell) for cell in code_cells(fresh)) >= 2
    for cell, before in zip(code_cells(fresh), code_cells(known)):
        assert_alike(printed(cell), printed(before))
        assert pictures(cell) == pictures(before)
