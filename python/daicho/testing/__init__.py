"""Contracts on the real machine, in this process: what tests are written with.

    chain = Chain.of_folder(Path("contracts"))
    bank = chain.party("bank A", "MEMBER")
    trade = chain.call(bank, "trades", "enter", counterparty=other, ...)
    rows = chain.query(bank, "trades", "trades_of", holder=bank)
    with aborts("MISMATCH"):
        chain.call(other, "trades", "confirm", ...)

Every call is a block of its own unless `block` is used, half a second after the
one before. Values go in and come out as `daicho.compiler.abi` says. Under pytest
the same things are fixtures (`daicho.pytest_plugin`), and `daicho test` runs them.

    parties      who signs
    chain        calls and blocks         clock     when they are
    outcome      what came of them        oracle    what feeds say
    backends     what executes them       watching  which lines ran
    record       gas and lines of a run   report    as tables and JSON
    strategies   values for hypothesis
"""

from daicho.testing.backends import BACKENDS as BACKENDS
from daicho.testing.chain import BLOCK_US as BLOCK_US
from daicho.testing.chain import GAS_L as GAS_L
from daicho.testing.chain import GAS_M as GAS_M
from daicho.testing.chain import GAS_S as GAS_S
from daicho.testing.chain import GENESIS_US as GENESIS_US
from daicho.testing.chain import Call as Call
from daicho.testing.chain import Chain as Chain
from daicho.testing.clock import Clock as Clock
from daicho.testing.differences import Difference as Difference
from daicho.testing.oracle import Oracle as Oracle
from daicho.testing.outcome import Aborted as Aborted
from daicho.testing.outcome import Event as Event
from daicho.testing.outcome import Outcome as Outcome
from daicho.testing.outcome import TimerRun as TimerRun
from daicho.testing.outcome import aborts as aborts
from daicho.testing.parties import Party as Party
from daicho.testing.parties import account as account
