"""Puts the jar of a built clone into the wheel, so that ``sparkfocal.start()`` finds it."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

TARGET = Path(__file__).resolve().parent.parent / "spark-plugin" / "target"


class BuildWithJar(build_py):
    """Copies the jar beside the modules, if there is one."""

    def run(self) -> None:
        super().run()
        for jar in TARGET.glob("spark-focal-plugin-*-all.jar"):
            folder = Path(self.build_lib) / "sparkfocal" / "jars"
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(jar, folder)


setup(cmdclass={"build_py": BuildWithJar})
