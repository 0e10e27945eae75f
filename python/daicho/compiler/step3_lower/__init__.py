"""Step 3, lower: from the typed tree to structured stack code.

    functions   bodies: assignments, branches, loops
    values      expressions
    effects     calls, failures, events, timers, readings, attempts
    state       rows, tables, holdings, scans

Nothing is decided here and nothing improved: each construct has one expansion,
which is written where it stands.
"""

from __future__ import annotations

from daicho.compiler.ir import Code
from daicho.compiler.step2_check.effects import all_functions, all_modules, compiled_in
from daicho.compiler.step2_check.scope import Module
from daicho.compiler.step3_lower.functions import lower_function
from daicho.compiler.tree import TableDecl


def lower(module: Module) -> list[Code]:
    """Every function of the artefact.

    The module's own in their order, then the helpers it takes from other contracts.
    """
    functions = all_functions(module)
    tables: dict[tuple[str, str], TableDecl] = {
        (item.name, table.name): table
        for item in all_modules(module).values()
        for table in item.tables
    }
    chosen = compiled_in(module, functions)
    return [lower_function(module, function, functions, tables) for function in chosen]
