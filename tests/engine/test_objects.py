"""Whose code is in which object of the engine, and that ARM computes the same bits."""

import re
import subprocess
from pathlib import Path
from shutil import which

import pytest

ROOT = Path(__file__).parent.parent.parent


SOURCES = [
    source
    for source in re.findall(r"engine/\S+\.cpp", (ROOT / "CMakeLists.txt").read_text())
    if not re.search(r"avx|neon|python|test", source)
]
"""The engine's sources for every processor, as CMakeLists.txt lists them."""
FLAGS = "-std=c++20 -ffp-contract=off -fno-math-errno -Wall -Wextra -Werror -pthread -Iengine".split()


@pytest.mark.slow
def test_code_for_one_instruction_set_is_in_no_others_reach(tmp_path):
    """Each object of an instruction set exports its table and nothing else that a linker could pick for another."""
    for name, flags in {"baseline": [], "avx2": ["-mavx2", "-mfma"]}.items():
        target = tmp_path / f"{name}.o"
        command = ["g++", *FLAGS, "-O0", "-fPIC", *flags, "-c", f"engine/isa/{name}.cpp", "-o", str(target)]
        subprocess.run(command, cwd=ROOT, check=True)
        symbols = subprocess.run(
            ["nm", "--defined-only", "--extern-only", str(target)], capture_output=True, text=True, check=True
        )
        exported = [line.split()[-1] for line in symbols.stdout.splitlines() if "personality" not in line]
        assert len(exported) == 1, exported
        assert name in exported[0]


@pytest.mark.slow
def test_arm_gives_the_same_bits(tmp_path):
    """The NEON engine, cross-compiled and emulated, trains the same weights as this machine's own."""
    cross, emulator, native = which("aarch64-linux-gnu-g++"), which("qemu-aarch64"), which("cmake")
    if not (cross and emulator and native):
        pytest.skip("needs aarch64-linux-gnu-g++, qemu-aarch64 and cmake")
    sources = [*SOURCES, "engine/isa/neon.cpp", "engine/test/engine_test.cpp"]
    arm = [cross, *FLAGS, "-O2", "-static", *sources, "-o", str(tmp_path / "arm")]
    subprocess.run(arm, cwd=ROOT, check=True)
    build = ["cmake", "-S", str(ROOT), "-B", str(tmp_path / "build"), "-DLENET_TESTS=ON"]
    subprocess.run(build, check=True, capture_output=True)
    subprocess.run(["cmake", "--build", str(tmp_path / "build"), "--parallel", "2"], check=True, capture_output=True)
    programs = [[emulator, str(tmp_path / "arm")], [str(tmp_path / "build" / "engine_test")]]
    printed = [subprocess.run(p, capture_output=True, text=True, check=True).stdout for p in programs]
    assert printed[0] == printed[1]
    assert printed[0].startswith("engine: fine")
