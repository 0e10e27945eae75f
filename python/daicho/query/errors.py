"""What is wrong with a file that was brought to be checked."""

from __future__ import annotations


class DamagedFileError(Exception):
    """The file says what it is, and is not whole: nothing in it can be checked."""
