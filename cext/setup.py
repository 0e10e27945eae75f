"""Builds the one Cython module of the pump; everything else is in pyproject.toml."""

from Cython.Build import cythonize
from setuptools import Extension, setup

EXTENSION = Extension(
    "daicho_pump._pump",
    ["daicho_pump/_pump.pyx"],
    extra_compile_args=["-O2", "-Wall"],
    libraries=["dl"],
)

setup(
    ext_modules=cythonize(
        [EXTENSION],
        compiler_directives={"language_level": 3, "boundscheck": False, "embedsignature": True},
    )
)
