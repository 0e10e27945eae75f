"""The contract compiler: plain typed Python in, verified bytecode's bytes out.

    step1_parse   text to an accepted Python tree
    step2_check   names, types, units, control flow, authority
    step3_lower   structured stack code
    step4_emit    bytes, source map

`driver` runs them, `abi` encodes what crosses a contract's border, `codes` is
the registry of everything that can be wrong. Pure Python, no optimiser; the
same source gives the same bytes on every machine.
"""

from daicho.compiler.abi import Abi as Abi, AbiError as AbiError
from daicho.compiler.diagnostics import (
    CompileError as CompileError,
    Diagnostic as Diagnostic,
    explain as explain,
    render_json as render_json,
    render_text as render_text,
)
from daicho.compiler.driver import (
    Artefact as Artefact,
    compile_folder as compile_folder,
    compile_path as compile_path,
    compile_source as compile_source,
)
from daicho.compiler.ids import Ids as Ids, load_ids as load_ids
