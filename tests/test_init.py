"""The package itself: importing it is cheap, and its public names come when they are used."""

import subprocess
import sys

import pytest
from helpers import child_environment

import lenet


def test_import_starts_no_thread_and_loads_no_heavy_library():
    code = """
import sys, threading, lenet
heavy = {"torch", "onnx", "onnxruntime", "matplotlib", "cv2", "PIL", "typer", "rich", "sklearn"}
heavy |= {"safetensors", "platformdirs"}
print(sorted(heavy & {name.partition(".")[0] for name in sys.modules}), threading.active_count())
"""
    out = subprocess.run(
        [sys.executable, "-c", code], env=child_environment(), capture_output=True, text=True, check=True
    )
    assert out.stdout.split("]")[0] == "["
    assert out.stdout.split()[1] == "1"


def test_every_public_name_is_there():
    assert set(lenet.__all__) <= set(dir(lenet))
    for name in lenet.__all__:
        assert getattr(lenet, name) is not None
    with pytest.raises(AttributeError, match="module 'lenet' has no attribute 'open_file'"):
        _ = lenet.open_file
