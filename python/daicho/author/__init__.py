"""What a contract's author does before anything is on a ledger.

    founding   a new project from the template (`daicho/template`)
    project    where a project's contracts are, compiled once
    checking   everything that is wrong with them
    interface  what an artefact shows to the outside; typetexts, touching: parts of it
    comparing  what one version changes against another, and whether it can take over

No network, no keys, no clock: `daicho.cli` prints what these return.
"""
