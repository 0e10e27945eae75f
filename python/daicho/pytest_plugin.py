"""The pytest plugin: contracts as fixtures.

    def test_a_bond_pays(chain, party, clock, aborts):
        bank = party("bank A", "MEMBER")
        with aborts("ROLE"):
            chain.call(bank, "bonds", "issue", ...)

It stands outside `daicho.testing` and imports nothing of it before a fixture is
used: a run that has no contracts pays for one small module. Its options carry
the project's name, since every plugin shares pytest's; `daicho test` has short ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from daicho.compiler import Artefact
    from daicho.testing import Chain, Clock, Oracle, Party
    from daicho.testing.record import Record

CONTRACTS_INI = "daicho_contracts"
WORKER_KEY = "daicho"
_TOLD: pytest.StashKey[dict[Path, str]] = pytest.StashKey()
"""By folder of contracts: what the compiler said when they last did not compile."""
_TO_TELL: pytest.StashKey[str] = pytest.StashKey()
"""What the next report of a failure tells of it."""
_RECORD: pytest.StashKey[Record] = pytest.StashKey()


class Aborts(Protocol):
    """What the fixture `aborts` is."""

    def __call__(self, code: str, *details: object) -> AbstractContextManager[None]:
        """The call in the block fails with this code and, if given, these details."""
        ...


# --- options and reports ---


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of a run."""
    group = parser.getgroup("daicho", "contracts on the ledger")
    group.addoption(
        "--daicho-backend",
        choices=("vm", "python", "both"),
        default="vm",
        help="What runs contracts: the real machine (vm), CPython for the debugger (python), or "
        "both, failing where they differ.",
    )
    group.addoption("--daicho-gas", action="store_true", help="Report the gas of every entry.")
    group.addoption("--daicho-cover", action="store_true", help="Report which contract lines ran.")
    group.addoption("--daicho-report", metavar="FILE", help="Write these reports as JSON.")
    group.addoption(
        "--daicho-results", metavar="FILE", help="Write what passed and failed as JSON."
    )
    parser.addini(CONTRACTS_INI, "The folder of contracts, from the ini file's folder.")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to record, if a report is wanted."""
    wants = [config.getoption(f"--daicho-{name}") for name in ("gas", "cover", "report")]
    if any(wants):
        from daicho.testing.record import open_record

        config.stash[_RECORD] = open_record(covers=bool(wants[1] or wants[2]))


def pytest_unconfigure(config: pytest.Config) -> None:
    """End recording."""
    if _RECORD in config.stash:
        from daicho.testing.record import close_record

        close_record()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands its part over; the run writes the file that was asked for."""
    config, record = session.config, session.config.stash.get(_RECORD, None)
    # A worker of pytest-xdist has this to fill; a run of its own has not.
    part = getattr(config, "workeroutput", None)
    if part is not None:
        if record is not None:
            part[WORKER_KEY] = record.plain()
        return
    report, results = (config.getoption(f"--daicho-{name}") for name in ("report", "results"))
    if report and record is not None:
        from daicho.testing.report import document

        Path(report).write_text(json.dumps(document(record)) + "\n")
    if results:
        Path(results).write_text(json.dumps(_results(config)) + "\n")


def _results(config: pytest.Config) -> dict[str, Any]:
    """How many tests ended in each way, and which of them not well."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    stats = reporter.stats if reporter is not None else {}
    wrong = [item.nodeid for name in ("failed", "error") for item in stats.get(name, [])]
    counted = {name: len(stats.get(name, [])) for name in ("passed", "failed", "error", "skipped")}
    return {"tests": counted, "failures": wrong}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take a worker's part in (pytest-xdist)."""
    part = getattr(node, "workeroutput", {}).get(WORKER_KEY)
    if part is not None:
        from daicho.testing.record import Record

        node.config.stash[_RECORD].add(Record.of_plain(part))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The reports, below the tests."""
    if _RECORD not in config.stash:
        return
    from daicho.testing.report import gas_lines, line_lines

    record = config.stash[_RECORD]
    for option, title, lines in (
        ("--daicho-gas", "gas", gas_lines),
        ("--daicho-cover", "contract lines", line_lines),
    ):
        if config.getoption(option):
            terminalreporter.section(title)
            for line in lines(record):
                terminalreporter.write_line(line)


# --- fixtures ---


def _folder(request: pytest.FixtureRequest) -> Path:
    from daicho.author.project import contracts_folder

    configured = str(request.config.getini(CONTRACTS_INI))
    if configured:
        ini = request.config.inipath
        return (ini.parent if ini is not None else request.config.rootpath) / configured
    return contracts_folder(request.path)


@pytest.fixture(scope="module")
def new_chain(request: pytest.FixtureRequest) -> Callable[[], Chain]:
    """Makes a ledger with the project's contracts, as often as it is called.

    For tests that need several, and for examples of hypothesis, each its own.
    """
    from daicho.testing import Chain

    name, folder = str(request.config.getoption("--daicho-backend")), _folder(request)

    def make() -> Chain:
        chain = Chain(backend_name=name)
        for artefact in _compiled(folder, request):
            chain.deploy(artefact)
        return chain

    return make


def _compiled(folder: Path, request: pytest.FixtureRequest) -> list[Artefact]:
    """The project's contracts; a test fails with what the compiler says, the first with all of it.

    No traceback: the fault is in a contract.
    """
    from daicho.author.checking import check_sources
    from daicho.author.project import artefacts, source_files
    from daicho.compiler import CompileError

    try:
        return list(artefacts(folder).values())
    except CompileError:
        said = check_sources(source_files(folder)).text
    told = request.config.stash.setdefault(_TOLD, {})
    if told.get(folder) == said:
        pytest.fail("the contracts do not compile, as told above", pytrace=False)
    told[folder] = said
    request.config.stash[_TO_TELL] = said
    pytest.fail("the contracts do not compile", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the compiler said is a section of the report: messages some summaries say again."""
    report = yield
    said = item.config.stash.get(_TO_TELL, "")
    if said and report.failed:
        report.sections.append(("contracts", said))
        item.config.stash[_TO_TELL] = ""
    return report


@pytest.fixture
def chain(new_chain: Callable[[], Chain]) -> Chain:
    """A ledger of this test's own, with every contract of the project's `ids.toml`."""
    return new_chain()


@pytest.fixture
def party(chain: Chain) -> Callable[..., Party]:
    """`party("bank A", "MEMBER")`: somebody with these roles."""
    return chain.party


@pytest.fixture
def clock(chain: Chain) -> Clock:
    """The ledger's time: `clock.advance(days=30)`, `clock.set(date(2027, 1, 4))`."""
    return chain.clock


@pytest.fixture
def oracle(chain: Chain) -> Oracle:
    """Readings of feeds: `oracle.set("usd_jpy", "151.25")`."""
    return chain.oracle


@pytest.fixture
def deploy(chain: Chain, request: pytest.FixtureRequest) -> Callable[..., Artefact]:
    """`deploy("bonds")` or `deploy(path, number=7)`: one more contract, or a new version."""
    from daicho.author.project import artefact

    def install(source: str | Path, number: int = 0) -> Artefact:
        __tracebackhide__ = True
        # A path needs no project, so the folder is looked for with a name alone.
        found = artefact(source, _folder(request) if isinstance(source, str) else Path())
        chain.deploy(found, number)
        return found

    return install


@pytest.fixture(scope="session")
def aborts() -> Aborts:
    """A context that the call inside it must fail, with this code and these details."""
    from daicho.testing import aborts as context

    return context
