"""Puts the jar of a built clone into the wheel, so that ``sparkfocal.start()`` finds it."""

import os
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

TARGET = Path(__file__).resolve().parent.parent / "spark-plugin" / "target"


class BuildWithJar(build_py):
    """Copies the newest jar beside the modules, if there is one."""

    def run(self) -> None:
        super().run()
        jars = sorted(TARGET.glob("spark-focal-plugin-*-all.jar"), key=os.path.getmtime)
        for jar in jars[-1:]:
            folder = Path(self.build_lib) / "sparkfocal" / "jars"
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(jar, folder)


setup(cmdclass={"build_py": BuildWithJar})
