"""Step 2, check: names, types, units, control flow, authority.

    declarations  the top level, in order: imports, constants, state
    classes, tables, signatures, annotations   what stands there
    statements    function bodies, and what holds after each statement
    expressions   operators, calls, methods, storage
    convert       every conversion, made explicit
    effects       what a function does to state, through all it calls

The result is a `Module` of typed functions (`daicho.compiler.tree`).
"""

from __future__ import annotations

from daicho.compiler.diagnostics import Reporter
from daicho.compiler.step1_parse import Parsed
from daicho.compiler.step2_check.declarations import Declarations, Loader
from daicho.compiler.step2_check.effects import check_effects
from daicho.compiler.step2_check.scope import Module, Scope
from daicho.compiler.step2_check.statements import check_body


def check(name: str, parsed: Parsed, reporter: Reporter, load: Loader) -> Module:
    """The typed module of a parsed file; faults go to `reporter`."""
    declarations = Declarations(name, parsed, reporter, load)
    if not parsed.readable:
        return declarations.module
    module = declarations.read()
    for function, node in declarations.bodies:
        check_body(Scope(module, function, reporter), node)
    check_effects(module, reporter)
    return module
