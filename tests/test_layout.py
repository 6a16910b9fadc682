"""The house itself: who imports whom, the public names, the README's numbers, whose code is in which object."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import child_environment

import lenet

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "lenet"

# In the order data flow: a module imports only what stands above it. Packages count as one.
ORDER = """
layers pooling tables spec distort schedule recipe recipes entry presets calibration weights reference _engine engine
network ensemble files data evaluate marks hands nondigits lessons train workers reading paper compose fields strings
figures runs bench reproduce report interop __init__ cli __main__
""".split()


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "lenet":
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("lenet.")}
    return found


def room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_module_imports_only_what_stands_above_it(path):
    here = ORDER.index(room(path))
    for name in imports_of(path) - {room(path)}:
        if name in ORDER:
            assert ORDER.index(name) < here, f"{room(path)} imports {name}"


def test_every_module_is_in_the_order():
    assert {room(p) for p in SOURCE.rglob("*.py")} <= set(ORDER)


def test_public_names():
    layers = "Contrast Conv DeformPool Dense Pool Rbf Subsample"
    values = "Calibration Ensemble Epoch Evaluation Network Preset Reading Recipe Spec Trace"
    functions = "data evaluate fit load open_file presets read train"
    assert sorted(lenet.__all__) == sorted(f"{layers} {values} {functions}".split())
    for name in ("fit", "train", "evaluate", "read", "load"):
        assert callable(getattr(lenet, name))
    code = "import lenet.cli, lenet.bench, lenet.runs, lenet; print(callable(lenet.train), callable(lenet.evaluate))"
    out = subprocess.run(
        [sys.executable, "-c", code], env=child_environment(), capture_output=True, text=True, check=True
    )
    assert out.stdout.split() == ["True", "True"]


def test_files_are_short():
    long = [p.name for p in SOURCE.rglob("*.py") if len(p.read_text().splitlines()) > 400]
    long += [p.name for p in (ROOT / "engine").iterdir() if p.is_file() and len(p.read_text().splitlines()) > 400]
    assert not long


@pytest.mark.slow
def test_code_for_one_instruction_set_is_in_no_others_reach(tmp_path):
    """Each object of an instruction set exports its table and nothing else that a linker could pick for another."""
    names = {"isa_baseline": [], "isa_avx2": ["-mavx2", "-mfma"]}
    for name, flags in names.items():
        target = tmp_path / f"{name}.o"
        command = ["g++", "-std=c++20", "-O0", "-fPIC", "-Wall", "-Wextra", "-Werror", *flags, "-c"]
        subprocess.run([*command, str(ROOT / "engine" / f"{name}.cpp"), "-o", str(target)], check=True)
        symbols = subprocess.run(
            ["nm", "--defined-only", "--extern-only", str(target)], capture_output=True, text=True, check=True
        )
        exported = [line.split()[-1] for line in symbols.stdout.splitlines() if "personality" not in line]
        assert len(exported) == 1, exported
        assert name.removeprefix("isa_") in exported[0]


SOURCES = [f"engine/{n}.cpp" for n in "plan run alone model trainer online distort pool dispatch isa_baseline".split()]
FLAGS = "-std=c++20 -O2 -ffp-contract=off -fno-math-errno -Wall -Wextra -Werror -pthread -Iengine".split()


@pytest.mark.slow
def test_arm_gives_the_same_bits(tmp_path):
    """The NEON engine, cross-compiled and emulated, trains the same weights as this machine's own."""
    from shutil import which

    cross, emulator, native = which("aarch64-linux-gnu-g++"), which("qemu-aarch64"), which("cmake")
    if not (cross and emulator and native):
        pytest.skip("needs aarch64-linux-gnu-g++, qemu-aarch64 and cmake")
    arm = [
        cross,
        *FLAGS,
        "-static",
        *SOURCES,
        "engine/isa_neon.cpp",
        "engine/test/engine_test.cpp",
        "-o",
        str(tmp_path / "arm"),
    ]
    subprocess.run(arm, cwd=ROOT, check=True)
    build = ["cmake", "-S", str(ROOT), "-B", str(tmp_path / "build"), "-DLENET_TESTS=ON"]
    subprocess.run(build, check=True, capture_output=True)
    subprocess.run(["cmake", "--build", str(tmp_path / "build"), "--parallel", "2"], check=True, capture_output=True)
    programs = [[emulator, str(tmp_path / "arm")], [str(tmp_path / "build" / "engine_test")]]
    said = [subprocess.run(p, capture_output=True, text=True, check=True).stdout for p in programs]
    assert said[0] == said[1]
    assert said[0].startswith("engine: fine")


def test_numbers_on_pages_come_from_files():
    """Between the markers of both pages stands what scripts/numbers makes of the results in the repository."""
    out = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "numbers")],
        env=child_environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    tables = []
    for page, mark in (("README.md", "numbers"), ("docs/reading.md", "reading")):
        found = re.search(rf"<!-- {mark} -->\n(.*?)<!-- /{mark} -->", (ROOT / page).read_text(), re.DOTALL)
        assert found is not None
        tables.append(found[1] + "\n")
    assert "".join(tables) == out


def test_the_page_on_history_is_what_the_specs_say():
    command = [sys.executable, str(ROOT / "scripts" / "history")]
    out = subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=True).stdout
    assert (ROOT / "docs" / "history.md").read_text() == out


def test_results_say_where_they_come_from():
    for path in (ROOT / "benchmarks" / "results").glob("*.json"):
        result = json.loads(path.read_text())
        assert {"command", "commit", "date", "processor"} <= set(result), path


def test_citation_and_version_agree():
    assert f'version = "{lenet.__version__}"' in (ROOT / "pyproject.toml").read_text()
    assert f"version: {lenet.__version__}" in (ROOT / "CITATION.cff").read_text()


def test_the_page_on_reproducing_is_what_was_measured():
    """docs/reproducing.md shows the figures that `lenet reproduce` left beside it, and every preset has some."""
    from lenet import report, reproduce
    from lenet.presets import literature

    figures = reproduce.load(ROOT / "docs" / "reproducing.json")
    assert set(literature) <= set(figures)
    assert (ROOT / "docs" / "reproducing.md").read_text() == report.page(figures)
