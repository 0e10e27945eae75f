"""Two ways to run a contract, and the programs that compare them.

    python -m differential --seeds 0..20000        (in tests/)

A **program** is one generated contract: types, stored state, helpers, a few entries
and queries, and the blocks of calls that are made of it. It is a text like an
author's, so that parser, checker, lowering, emitter, verifier and machine all take
part. It runs on the machine and on the CPython backend, and everything the ledger
shows must be the same: code, name, result or details, events, the place in the source
where it failed, and after every block every stored row, byte for byte.

    world        the declarations a program has
    literals     values as an author writes them
    leaves, arithmetic, conditions, texts, expressions     values
    nodes, blocks, assignments, reads, writes, control, statements   what stands in a function
    program      a whole contract and its next version, by its number (the seed)
    imported     the contract that programs call
    calls        blocks of calls with arguments, and where the next version comes
    compare      both backends side by side
    shrink       a difference, made small
    tally        opcodes and failure codes met, and which nothing can meet
    campaign     many programs, two processes, a summary
"""
