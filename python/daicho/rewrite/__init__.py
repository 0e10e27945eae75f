"""Contracts on CPython: the same typed program, as Python code.

    chain = PythonChain(genesis_us)
    chain.deploy(number, artefact)
    outcomes = chain.block(time_us, packed_calls)

What step 2 of the compiler has checked is rewritten into Python code objects that
carry the file name and the line numbers of the contract, so that a debugger, its
breakpoints and a coverage tool work in the author's own file. The values are
Python's: whole numbers without a bound and a check of the type's range after each
operation, `decimal` to round, `datetime` for the calendar, tuples, lists and dicts.

It is the machine's **oracle**: written from the language's rules and not from the
machine, so that one does not repeat the other's mistakes. And it is the author's
**debugger**. It is never an authority: no node runs it, nothing it says is signed,
it measures no gas, and its memory has no bound. Where it and the machine differ,
one of them has a fault.

    functions, expressions, stored   the rewriting, construct by construct
    program                          one deployed contract
    numbers, dates, texts, containers, encoding   what the rewritten code calls
    run, store                       one transaction, the ledger it runs on
    chain                            blocks, calls, queries
"""

from daicho.rewrite.chain import PythonChain
from daicho.rewrite.run import StepLimitError

__all__ = ["PythonChain", "StepLimitError"]
