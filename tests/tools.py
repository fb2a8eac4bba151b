"""Programs that some tests need beside Python, Java and Maven."""

import os
import shutil

import pytest


def need(program: str, package: str, *folders: str) -> str:
    """Path of a program; the test is skipped where it is missing, except in CI, where it must be there."""
    path = shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), *folders]))
    if path is None:
        message = f"{program} is not installed: on Debian, apt-get install {package}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path
