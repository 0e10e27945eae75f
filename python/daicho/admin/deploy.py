"""Deploys the market's contract set on a network."""

from __future__ import annotations

from daicho.admin.control import approvers_beside, deploy
from daicho.compiler import CompileError, compile_folder, render_text
from daicho.config import ConfigError
from daicho.gateway import LedgerClient
from daicho.gateway.client import must_be_ok
from daicho.query.book import ContractBook
from daicho.resources import contract_set


def deploy_contract_set(client: LedgerClient, book: ContractBook) -> dict[str, int]:
    """Compile the set here and deploy it, with the approvals of parties beside the client's.

    Nodes verify and store bytecode. Returns the contracts' numbers by name;
    ConfigError when the set does not compile, RefusedError for any no.
    """
    try:
        artefacts = compile_folder(contract_set())
    except CompileError as error:
        first = error.diagnostics[0]
        text = render_text(error.source, error.diagnostics)
        raise ConfigError.one("CFG_SYNTAX", str(first.code), text) from error
    approvers = approvers_beside(client.party)
    for name, artefact in artefacts.items():
        number = artefact.contract_id
        must_be_ok(deploy(client, number, name, artefact.data, approvers), name)
        book.put(number, name, artefact.data)
    return {name: artefact.contract_id for name, artefact in artefacts.items()}
