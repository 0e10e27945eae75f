"""The contract compiler: plain typed Python in, verified bytecode's bytes out.

    step1_parse   text to an accepted Python tree
    step2_check   names, types, units, control flow, authority
    step3_lower   structured stack code
    step4_emit    bytes, source map

`driver` runs them, `abi` encodes what crosses a contract's border, `codes` is
the registry of everything that can be wrong. Pure Python, no optimiser; the
same source gives the same bytes on every machine.
"""

from daicho.compiler.abi import Abi as Abi
from daicho.compiler.abi import AbiError as AbiError
from daicho.compiler.diagnostics import (
    CompileError as CompileError,
)
from daicho.compiler.diagnostics import (
    Diagnostic as Diagnostic,
)
from daicho.compiler.diagnostics import (
    explain as explain,
)
from daicho.compiler.diagnostics import (
    render_json as render_json,
)
from daicho.compiler.diagnostics import (
    render_text as render_text,
)
from daicho.compiler.driver import (
    Artefact as Artefact,
)
from daicho.compiler.driver import (
    compile_folder as compile_folder,
)
from daicho.compiler.driver import (
    compile_path as compile_path,
)
from daicho.compiler.driver import (
    compile_source as compile_source,
)
from daicho.compiler.ids import Ids as Ids
from daicho.compiler.ids import load_ids as load_ids
