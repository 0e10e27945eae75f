"""The operator's door: a Unix socket in the node's own folder, mode 0600.

One request a line, one JSON object a line back. It reads; it changes nothing.
"""

from __future__ import annotations

import os
import socketserver
import threading
from collections.abc import Callable
from pathlib import Path

REQUEST_BYTES_MAX = 256


class AdminSocket:
    """Serves `status` until stopped."""

    def __init__(self, path: Path, status: Callable[[], bytes]) -> None:
        path.unlink(missing_ok=True)

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                request = self.rfile.readline(REQUEST_BYTES_MAX).strip()
                known = request == b"status"
                self.wfile.write(status() if known else b'{"error":"unknown request"}')
                self.wfile.write(b"\n")

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True

        mask = os.umask(0o177)
        # A Unix address is short; the folder's descriptor stands for a long path.
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._server = Server(f"/proc/self/fd/{folder}/{path.name}", Handler)
        finally:
            os.close(folder)
            os.umask(mask)
        self._path = path
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="admin-socket", daemon=True
        )

    def start(self) -> None:
        """Begins to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and takes the socket away."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._path.unlink(missing_ok=True)
