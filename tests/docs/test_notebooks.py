"""The notebooks in examples/ run from beginning to end, and are kept without outputs."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
NEED_MNIST = {"first-lenet"}


def parameter(path: Path):
    return pytest.param(path, id=path.stem, marks=[pytest.mark.mnist] * (path.stem in NEED_MNIST))


@pytest.mark.slow
@pytest.mark.parametrize("path", [parameter(path) for path in NOTEBOOKS])
def test_a_notebook_runs(path, tmp_path):
    for folder in ("digits", "numbers"):
        (tmp_path / folder).symlink_to(EXAMPLES / folder)
    notebook = nbformat.read(path, 4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    errors = [output["text"] for output in outputs if output.get("name") == "stderr"]
    assert not errors  # progress is plain text on stdout


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path):
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)
