"""Daicho (台帳, "ledger"): a permissioned ledger node for capital markets.

Contracts import `daicho.contract` and nothing else; operators use the
`daicho` command. The native half is `daicho._native`.
"""

__version__ = "0.1.0"
