"""From source to artefact: the four steps in order.

    artefact = compile_path(Path("contracts/trades.py"))
    artefact = compile_source(text, "trades.py", imports={"cash": cash_text}, ids=ids)

A contract that does not compile raises `CompileError` with every diagnostic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from daicho.compiler import codes, ir, tree
from daicho.compiler.abi import Abi
from daicho.compiler.access import AccessSet, access_sets
from daicho.compiler.diagnostics import (
    START,
    CompileError,
    Diagnostic,
    Reporter,
    Source,
    Span,
)
from daicho.compiler.ids import Ids, load_ids
from daicho.compiler.step1_parse import parse
from daicho.compiler.step2_check import check
from daicho.compiler.step2_check.effects import all_modules
from daicho.compiler.step2_check.scope import Module
from daicho.compiler.step3_lower import lower
from daicho.compiler.step4_emit import MapEntry, emit, function_name, write

IDS_FILE = "ids.toml"
CONTRACT_NAME_MAX = 64
"""Letters of a contract's name."""


class Texts(Mapping[str, str]):
    """Texts by name, each made when it is asked for: few ever are."""

    def __init__(self, makers: Mapping[str, Callable[[], str]]) -> None:
        self._makers = makers

    def __getitem__(self, name: str) -> str:
        return self._makers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


@dataclass(frozen=True)
class Artefact:
    """A compiled contract. `data` is what is deployed."""

    name: str
    data: bytes
    abi: Abi
    source_map: dict[str, list[MapEntry]]
    contract_id: int
    """0 if the id map has none."""
    module: Module = field(compare=False, repr=False)
    """What step 2 made of the source; `python/daicho/compiler/tree.py` describes it."""
    lowered: list[ir.Code] = field(compare=False, repr=False)
    """What step 3 made of it."""
    accesses: list[AccessSet] = field(compare=False, repr=False)
    """What each callable may touch."""
    ids: Ids = field(compare=False, repr=False, default_factory=Ids)
    folder: Path | None = field(compare=False, repr=False, default=None)
    """Where the source lies, for a debugger; None when it came as a text."""

    def written_in(self, function: str) -> Module:
        """The file in which a function of the artefact was written.

        Helpers of other files are compiled in; their lines are those of their files.
        """
        for module in all_modules(self.module).values():
            for item in module.functions:
                if function == function_name(self.name, module.name, item.name):
                    return module
        return self.module

    @cached_property
    def texts(self) -> dict[str, str]:
        """The printable form after parse, check and lower; and what each callable touches."""
        return {
            "parse": self.module.parsed.text(),
            "check": "\n".join(tree.show(item) for item in self.module.functions),
            "lower": "\n".join(ir.show(item) for item in self.lowered),
            "access": "\n".join(map(str, self.accesses)) + "\n",
        }


KEPT_MAX = 32
"""Imported files that are kept for the next compilation."""
_KEPT: dict[tuple[str, Source], Module] = {}
"""By name and text. A module that is checked does not change any more."""


def forget() -> None:
    """Drop what is kept: the next compilation reads every imported file anew."""
    _KEPT.clear()


class Sources:
    """The contract files of one compilation, read once each."""

    def __init__(self, texts: Mapping[str, str], folder: Path | None = None) -> None:
        self._texts = dict(texts)
        self._folder = folder
        self._modules: dict[str, Module | list[Diagnostic]] = {}
        self._open: list[str] = []

    def _source(self, name: str) -> Source | None:
        if name in self._texts:
            return Source(f"{name}.py", self._texts[name])
        if self._folder is not None:
            path = self._folder / f"{name}.py"
            if path.is_file():
                return read_source(path)
        return None

    def load(self, name: str) -> Module | list[Diagnostic] | str:
        """The checked contract `name`, what is wrong in it, or why there is none."""
        if name in self._open:
            return f"the imports go round: {' → '.join([*self._open, name])}"
        if not _names_contract(name):
            return f"`{name[:CONTRACT_NAME_MAX]}` cannot name a contract"
        if name not in self._modules:
            try:
                source = self._source(name)
                if source is None:
                    return f"there is no contract `{name}` beside this one"
                self._modules[name] = self._kept(name, source) or self._fresh(name, source)
            except CompileError as failure:
                self._modules[name] = [
                    replace(item, source=item.source or failure.source)
                    for item in failure.diagnostics
                ]
        return self._modules[name]

    def _kept(self, name: str, source: Source) -> Module | None:
        """What an earlier compilation made of the file, if all that it imports is the same."""
        module = _KEPT.get((name, source))
        if module is None:
            return None
        self._open.append(name)
        same = all(self.load(other) is known for other, known in module.imported.items())
        self._open.pop()
        return module if same else None

    def _fresh(self, name: str, source: Source) -> Module:
        reporter = Reporter(source)
        module = self.check(name, source, reporter)
        reporter.stop_if_any()
        if len(_KEPT) >= KEPT_MAX:
            _KEPT.clear()
        _KEPT[name, source] = module
        return module

    def check(self, name: str, source: Source, reporter: Reporter) -> Module:
        """Steps 1 and 2 of one file."""
        self._open.append(name)
        try:
            return check(name, parse(source, reporter), reporter, self.load)
        finally:
            self._open.pop()


def read_source(path: Path) -> Source:
    """A file's text; CompileError unless it is UTF-8."""
    data = path.read_bytes()
    try:
        return Source(path.name, data.decode())
    except UnicodeDecodeError as fault:
        source = Source(path.name, data.decode(errors="replace"))
        line = data.count(b"\n", 0, fault.start) + 1
        reporter = Reporter(source)
        span = Span(line, 1, line, 2)
        hint = "save the file as UTF-8"
        reporter.error(codes.SYNTAX, span, hint, reason="the file is not UTF-8")
        raise CompileError(source, reporter.diagnostics) from fault


def compile_source(
    text: str,
    filename: str,
    imports: Mapping[str, str] | None = None,
    ids: Ids | None = None,
    folder: Path | None = None,
) -> Artefact:
    """Compile one contract.

    `filename` names it in diagnostics and gives its name (its stem). `imports`
    are the texts of contracts it may import, by name; others are looked for in
    `folder`. `ids` are the numbers of `daicho.compiler.ids`.
    """
    source = Source(filename, text)
    name = Path(filename).stem
    reporter = Reporter(source)
    if not _names_contract(name):
        hint = f"call the file by at most {CONTRACT_NAME_MAX} of A-Z, a-z, 0-9 and _"
        what = f"`{name[:CONTRACT_NAME_MAX]}` cannot name a contract"
        reporter.error(codes.CONTRACT_SET, START, hint, what=what)
        reporter.stop_if_any()
    module = Sources(imports or {}, folder).check(name, source, reporter)
    reporter.stop_if_any()
    lowered = lower(module)
    written = write(module, lowered, ids or Ids(), reporter)
    reporter.stop_if_any()
    sets = access_sets(module)
    emitted = emit(written, sets, reporter)
    reporter.stop_if_any()
    return Artefact(
        name,
        emitted.data,
        Abi(emitted.data),
        emitted.source_map,
        (ids or Ids()).contracts.get(name, 0),
        module,
        lowered,
        sets,
        ids or Ids(),
        folder,
    )


def _names_contract(name: str) -> bool:
    return name.isidentifier() and name.isascii() and len(name) <= CONTRACT_NAME_MAX


def compile_path(path: Path, ids: Ids | None = None) -> Artefact:
    """Compile a contract file; its neighbours are its imports, `ids.toml` its numbers."""
    numbers = ids if ids is not None else load_ids(path.parent / IDS_FILE)
    text = read_source(path).text
    return compile_source(text, path.name, ids=numbers, folder=path.parent)


def compile_folder(folder: Path) -> dict[str, Artefact]:
    """Every contract of a folder that has an id, in the order of their ids."""
    ids = load_ids(folder / IDS_FILE)
    names = sorted(ids.contracts, key=lambda name: ids.contracts[name])
    return {name: compile_path(folder / f"{name}.py", ids) for name in names}


__all__ = ["Artefact", "CompileError", "compile_folder", "compile_path", "compile_source"]
