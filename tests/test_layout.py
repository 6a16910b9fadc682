"""The structure of the project: who imports whom, the public names, lengths of functions, pages made from results."""

import ast
import json
import re
import runpy
import subprocess
import sys
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import ModuleType

import pytest
from helpers import child_environment

import lenet
from lenet.experiments import report, reproduce
from lenet.extras import EXTRAS
from lenet.zoo.presets import literature

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "lenet"
FILES = sorted(SOURCE.rglob("*.py"))

ORDER = """
_version html spec recipe zoo extras image processes data _engine engine model synthesis reading evaluation plots
training experiments export __init__ cli __main__
""".split()
"""The order of packages: a package imports only what stands above it in this list."""

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))


def module_of(path: Path) -> str:
    """Return the dotted name of a file's module."""
    parts = ["lenet", *path.relative_to(SOURCE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


def package_of(path: Path) -> str:
    """Return the package or module at the top, below `lenet`, to which a file belongs."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> set[str]:
    """Return the modules that code imports, wherever in it: of `from package import name`, ``package.name``."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def imported_modules(path: Path) -> set[str]:
    """Return the modules of lenet that a file imports."""
    modules = set()
    for name in imports(ast.parse(path.read_text())):
        while name and name not in MODULES:  # the name of a function, say, in its module
            name = name.rpartition(".")[0] if name != "lenet._engine" else ""
        modules |= {name} - {""}
    return modules


@each_file
def test_a_package_imports_only_packages_above_it(path):
    if path.name == "__init__.py" and path.parent == SOURCE:
        return  # it names what is public, and imports it when it is used
    position = ORDER.index(package_of(path))
    for name in imported_modules(path):
        other = "__init__" if name == "lenet" else package_of(MODULES[name])
        if other != package_of(path):
            assert ORDER.index(other) < position, f"{path.relative_to(SOURCE)} imports {name}"


def test_every_package_is_in_the_order():
    assert {package_of(path) for path in FILES} | {"_engine"} == set(ORDER)


@pytest.mark.parametrize("package", [name for name in ORDER if (SOURCE / name).is_dir()])
def test_modules_of_a_package_do_not_import_each_other_in_a_circle(package):
    graph = {
        name: {other for other in imported_modules(path) if other != name and package_of(MODULES[other]) == package}
        for name, path in MODULES.items()
        if package_of(path) == package
    }
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" imports ".join(error.args[1]))


OPTIONAL = set(EXTRAS)
"""What functions may import: optional packages."""


@each_file
def test_only_optional_packages_are_imported_in_functions(path):
    """`lenet/__main__.py` imports the command line in its function, so that an interrupt meanwhile is caught."""
    if path == SOURCE / "__main__.py":
        return
    functions = [
        node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef | ast.Lambda)
    ]
    for name in {name for function in functions for name in imports(function)}:
        assert name.split(".")[0] in OPTIONAL, name


PUBLIC = """
Adam Averaging Calibration Constant Contrast Conv CrossEntropy DeformPool Dense Distillation Distortion Dropout
Ensemble Epoch Evaluation History Inverse LevenbergMarquardt Map MeanSquared Network OneCycle Patience Pool Preset Rbf
Reader Reading Recipe Scale Sgd Spec Steps Subsample Trace Truncated __version__ data evaluate export fit load plots
presets read read_many train
""".split()


def test_public_names():
    assert list(lenet.__all__) == PUBLIC
    for name in PUBLIC:
        assert getattr(lenet, name) is not None
        assert name in dir(lenet)
    for name in ("train", "evaluate", "fit", "read", "read_many", "load"):
        assert callable(getattr(lenet, name))
    assert isinstance(lenet.presets, Mapping)
    assert isinstance(lenet.data, ModuleType) and isinstance(lenet.export, ModuleType)
    with pytest.raises(AttributeError, match="module 'lenet' has no attribute 'open_file'"):
        lenet.open_file  # noqa: B018


def test_names_for_type_checkers_are_those_that_are_imported_lazily():
    tree = ast.parse((SOURCE / "__init__.py").read_text())
    (block,) = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    imported = {alias.name: node.module for node in block.body for alias in node.names}
    packages = {name for name, module in imported.items() if module == "lenet"}
    assert packages == set(lenet._PACKAGES)
    assert {name: module for name, module in imported.items() if name not in packages} == lenet._MODULE_OF
    assert {*imported, "__version__"} == set(PUBLIC)


def run_python(code: str) -> list[str]:
    """Return the words that code prints in a process of its own."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=True).stdout.split()


def test_importing_lenet_imports_no_heavy_library():
    heavy = "cv2 PIL matplotlib torch sklearn onnx typer safetensors".split()
    assert run_python(f"import sys, lenet; print(*[name for name in {heavy} if name in sys.modules])") == []


def test_public_names_stay_what_they_are_when_all_modules_are_imported():
    """A module that is called like a public name would take its place as soon as it is imported."""
    names = [name for name in MODULES if not name.endswith("__main__")]
    checked = "train evaluate fit read read_many load".split()
    code = f"""
import importlib, types
for name in {names}:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in {set(EXTRAS)}:
            raise
import lenet
print(*[callable(getattr(lenet, name)) for name in {checked}])
print(isinstance(lenet.training, types.ModuleType), hasattr(lenet.training, "__path__"))
print(isinstance(lenet.presets, types.ModuleType))
"""
    assert run_python(code) == ["True"] * (len(checked) + 2) + ["False"]


MAX_LINES, MAX_PARAMETERS = 50, 6
POSITIONAL_BY_CONTRACT = {"fit", "train"}
"""Public functions with seven positional parameters, by their documented signatures."""


def functions_in(path: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]


def is_command(function: ast.FunctionDef) -> bool:
    """Return whether it is a command of the command line, whose parameters are its options."""
    return any(".command" in ast.unparse(decorator) for decorator in function.decorator_list)


@each_file
def test_functions_are_short(path):
    """At most fifty lines, without the docstring and decorators."""
    long = {}
    for function in functions_in(path):
        lines = function.end_lineno - function.lineno + 1
        if ast.get_docstring(function) is not None:
            lines -= function.body[0].end_lineno - function.body[0].lineno + 1
        if lines > MAX_LINES:
            long[function.name] = lines
    assert long == {}


@each_file
def test_functions_have_few_parameters(path):
    """At most six that are not keyword-only; commands, and two public functions, have more."""
    many = {}
    for function in functions_in(path):
        arguments = [*function.args.posonlyargs, *function.args.args]
        count = len([argument for argument in arguments if argument.arg not in ("self", "cls")])
        if count > MAX_PARAMETERS and not is_command(function) and function.name not in POSITIONAL_BY_CONTRACT:
            many[function.name] = count
    assert many == {}


def test_tables_on_pages_come_from_files():
    """Between the marks of the READMEs and docs/reading.md stands what scripts/numbers makes of the results."""
    script = runpy.run_path(str(ROOT / "scripts" / "numbers"))
    marks = set()
    for page, mark, table in script["tables"]():
        between = re.search(rf"<!-- {mark} -->\n(.*?)<!-- /{mark} -->", page.read_text(), re.DOTALL)
        assert between is not None, mark
        assert between[1] == table, mark
        marks.add(mark)
    assert {"mnist", "speed", "cheques", "reading"} <= marks


def test_the_page_on_history_is_what_the_specs_say(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["history"])
    with pytest.raises(SystemExit) as exit_:
        runpy.run_path(str(ROOT / "scripts" / "history"), run_name="__main__")
    assert not exit_.value.code
    assert (ROOT / "docs" / "history.md").read_text() == capsys.readouterr().out


RESULTS = ROOT / "benchmarks" / "results"
FIGURES = RESULTS / "reproducing.json"


def test_results_say_where_they_come_from():
    paths = sorted(RESULTS.glob("*.json"))
    assert FIGURES in paths
    for path in paths:
        result = json.loads(path.read_text())
        if path == FIGURES:  # it has them for each preset
            assert all({"commit", "date", "processor"} <= set(one) for one in result.values())
        else:
            assert {"command", "commit", "date", "processor"} <= set(result), path


def test_citation_and_version_agree():
    assert f'version = "{lenet.__version__}"' in (ROOT / "pyproject.toml").read_text()
    assert f"version: {lenet.__version__}" in (ROOT / "CITATION.cff").read_text()


def test_the_page_on_reproducing_is_what_was_measured():
    """docs/reproducing.md shows the figures in benchmarks/results; each preset from the literature has some."""
    figures = reproduce.load(FIGURES)
    assert set(literature) <= set(figures)
    assert (ROOT / "docs" / "reproducing.md").read_text() == report.page(figures)
