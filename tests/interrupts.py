"""Ctrl-C for processes that a test starts."""

from __future__ import annotations

import signal


def heard() -> None:
    """As `preexec_fn`: whoever runs the tests in the background has INT ignored,
    and what they start would inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
