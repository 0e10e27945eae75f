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
from daicho.compiler.step2_check.effects import all_functions, all_modules
from daicho.compiler.step2_check.scope import Module
from daicho.compiler.step3_lower.functions import lower_function
from daicho.compiler.tree import Function, TableDecl


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
    chosen: list[Function] = list(module.functions)
    seen = {(item.module, item.name) for item in chosen}
    for function in chosen:
        for other, name, _ in function.calls:
            callee = functions[other, name]
            if (other, name) not in seen and not is_import(module, callee):
                seen.add((other, name))
                chosen.append(callee)
    return [lower_function(module, function, functions, tables) for function in chosen]


def is_import(module: Module, callee: Function) -> bool:
    """Whether a call of `callee` leaves this contract."""
    return callee.module != module.name and callee.kind == "export"
