"""Step 2, check: names, types, units, control flow, authority.

    declarations  the top level, in order: imports, constants, state
    classes, tables, sources, signatures, annotations   what stands there
    statements    function bodies, and what holds after each statement
    assignments, loops, matching   the larger statements
    expressions   operators, calls, methods, storage
    calls         functions of the contract and of the language, constructors, failures
    convert       every conversion, made explicit
    effects       what a function does to state, through all it calls
    ownership     which lists and maps another name may reach
    limits        what the machine cannot hold
    values        that everything has a type that the artefact can have

No file of them needs one that needs it: the checker of expressions reaches the
others through the scope.

The result is a `Module` of typed functions (`daicho.compiler.tree`).
"""

from __future__ import annotations

from daicho.compiler.diagnostics import Reporter
from daicho.compiler.step1_parse import Parsed
from daicho.compiler.step2_check import expressions
from daicho.compiler.step2_check.declarations import Declarations, Loader
from daicho.compiler.step2_check.effects import check_codes, check_effects
from daicho.compiler.step2_check.limits import check_limits
from daicho.compiler.step2_check.ownership import check_ownership
from daicho.compiler.step2_check.scope import Module, Scope
from daicho.compiler.step2_check.statements import check_body
from daicho.compiler.step2_check.values import check_values


def check(name: str, parsed: Parsed, reporter: Reporter, load: Loader) -> Module:
    """The typed module of a parsed file; faults go to `reporter`."""
    declarations = Declarations(name, parsed, reporter, load)
    if not parsed.readable:
        return declarations.module
    module = declarations.read()
    for function, node in declarations.bodies:
        check_body(Scope(module, function, reporter, expressions.check), node)
        check_limits(function, reporter)
        check_values(function, reporter)
    check_effects(module, reporter)
    check_codes(module, reporter)
    if not reporter.diagnostics:
        check_ownership(module, reporter)
    return module
