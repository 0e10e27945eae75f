"""Configuration: `network.toml`, `genesis.toml`, `node.toml`.

Read strictly (an unknown key is an error), checked whole (one run reports
everything that is wrong), written with comments for whoever opens them.
"""

from daicho.config.errors import ConfigError, Problem
from daicho.config.load import (
    Genesis,
    NodeHome,
    check_network,
    load_genesis,
    load_network,
    load_node,
    load_party,
)
from daicho.config.models import (
    GenesisFile,
    NetworkFile,
    NetworkNode,
    NodeFile,
    Parameters,
    PartyFile,
)

__all__ = [
    "ConfigError",
    "Genesis",
    "GenesisFile",
    "NetworkFile",
    "NetworkNode",
    "NodeFile",
    "NodeHome",
    "Parameters",
    "PartyFile",
    "Problem",
    "check_network",
    "load_genesis",
    "load_network",
    "load_node",
    "load_party",
]
