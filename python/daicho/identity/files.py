"""Files that hold secrets, and files that everybody may read.

Folders of an identity are 0700, secrets 0600, the rest 0644. A file appears
whole or not at all: it is written beside its place, synced, then renamed.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from daicho import _native

UNLOCK_BYTES = 32
SYNC_THREADS = 16
"""Syncs wait for the disk, not for a core, and the disk serves many at once."""

_SECRET_MODE = 0o600
_PUBLIC_MODE = 0o644
_FOLDER_MODE = 0o700
_deferred: ContextVar[bool] = ContextVar("deferred", default=False)


class KeyFileError(Exception):
    """A key file is missing, readable by others, or does not open."""

    def __init__(self, path: Path, problem: str, hint: str = "") -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem
        self.hint = hint


def make_private_folder(path: Path) -> Path:
    """Create a folder that only its owner enters; it must not exist yet."""
    path.mkdir(mode=_FOLDER_MODE, parents=True)
    path.chmod(_FOLDER_MODE)
    return path


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads."""
    _write(path, content, _SECRET_MODE)


def write_public(path: Path, content: bytes) -> None:
    """Write a file that everybody may read."""
    _write(path, content, _PUBLIC_MODE)


def append_private(path: Path, line: str) -> None:
    """Add a line to a journal that only its owner reads."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _SECRET_MODE)
    with os.fdopen(descriptor, "w") as journal:
        journal.write(line + "\n")


@contextmanager
def synced_together(folder: Path) -> Iterator[None]:
    """Sync what is written below `folder` once, at the end, instead of file by file.

    For a folder that counts only when it is whole, as one being founded.
    """
    token = _deferred.set(True)
    try:
        yield
    finally:
        _deferred.reset(token)
    paths = [folder, *folder.rglob("*")]
    with ThreadPoolExecutor(SYNC_THREADS) as pool:
        list(pool.map(_sync, paths))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, content: bytes, mode: int) -> None:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            if not _deferred.get():
                os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def read_secret(path: Path) -> bytes:
    """Read a secret, refusing one that others can read too."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        content = path.read_bytes()
    except OSError as error:
        raise KeyFileError(path, error.strerror or "cannot be read") from error
    if mode & 0o077:
        raise KeyFileError(path, f"has mode {mode:04o}: others can read it", f"chmod 600 {path}")
    return content


class Unlock:
    """The key under which a folder's other secrets are sealed.

    On a test network it stands in a file of mode 0600 whose path is in the
    node's configuration; elsewhere the same file can be put on a volume that
    is mounted only while the node starts. It is never printed.
    """

    def __init__(self, text: bytes) -> None:
        self._text = text

    @classmethod
    def create(cls, path: Path) -> Unlock:
        """Draw a new key and keep it in `path`."""
        unlock = cls(secrets.token_hex(UNLOCK_BYTES).encode())
        write_secret(path, unlock._text)
        return unlock

    @classmethod
    def read(cls, path: Path) -> Unlock:
        """Read the key that `create` left in `path`."""
        text = read_secret(path).strip()
        try:
            key = bytes.fromhex(text.decode("ascii"))
        except (UnicodeDecodeError, ValueError):
            key = b""
        if len(key) != UNLOCK_BYTES:
            raise KeyFileError(path, "is no unlock key of 64 hex digits")
        return cls(text)

    def __repr__(self) -> str:
        return "Unlock(..)"

    @property
    def passphrase(self) -> bytes:
        """For PKCS#8 and for the executor's key file: the file's own bytes."""
        return self._text

    @property
    def _key(self) -> bytes:
        return bytes.fromhex(self._text.decode("ascii"))

    def seal(self, path: Path, label: str, secret: bytes) -> None:
        """Write `secret` sealed; `label` says what it is for."""
        salt = secrets.token_bytes(16)
        write_secret(path, _native.secret_file_seal(self._key, label, salt, secret))

    def open(self, path: Path, label: str) -> bytes:
        """The inverse of `seal`."""
        try:
            return _native.secret_file_open(self._key, label, read_secret(path))
        except ValueError as error:
            raise KeyFileError(path, "does not open under this unlock key") from error
