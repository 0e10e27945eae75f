"""The Rust half: see rust/bindings."""

def version() -> str:
    """Version of the native module, the same as the distribution's."""
