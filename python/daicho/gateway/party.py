"""A party as it acts: its folder opened, its network and genesis at hand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from blake3 import blake3

from daicho import _native
from daicho.config import (
    ConfigError,
    Genesis,
    NetworkFile,
    PartyFile,
    load_genesis,
    load_network,
    load_party,
)
from daicho.identity import CertificateError, Credentials, role_mask
from daicho.identity.files import KeyFileError

EPOCH = 0
_SESSION_CONTEXT = "daicho v1 client session"


@dataclass(frozen=True)
class Party:
    """Who signs, with which keys, on which chain."""

    home: Path
    file: PartyFile
    credentials: Credentials
    network: NetworkFile
    genesis: Genesis

    @classmethod
    def open(cls, home: Path) -> Party:
        """Open `DIR/parties/ID`."""
        file = load_party(home / "party.toml")
        try:
            credentials = Credentials.open(home)
        except KeyFileError as error:
            raise ConfigError.one("CFG_KEY_FILE", file.name, str(error), error.hint) from error
        except CertificateError as error:
            raise ConfigError.one(error.code, file.name, str(error)) from error
        network = load_network(home / file.network)
        return cls(home, file, credentials, network, load_genesis(home / file.genesis))

    def __repr__(self) -> str:
        return f"Party({self.file.name!r})"

    @cached_property
    def signer(self) -> _native.Signer:
        """The signing key, ready."""
        return _native.Signer(self.credentials.sign_seed)

    def session(self, number: int = 0) -> _native.Session:
        """A sealing session; the same number gives the same one again.

        It follows from the party's session secret, so that receipts open after
        a restart without anything having been kept.
        """
        place = self.genesis.chain_id + EPOCH.to_bytes(4, "little") + number.to_bytes(8, "little")
        secret = self.credentials.session_secret
        entropy = blake3(secret + place, derive_key_context=_SESSION_CONTEXT).digest()
        return self._session(entropy)

    def fresh_session(self, entropy: bytes) -> _native.Session:
        """A session for one query."""
        return self._session(entropy)

    def _session(self, entropy: bytes) -> _native.Session:
        epoch_key = self.genesis.file.epoch_key
        return _native.Session(epoch_key, self.genesis.chain_id, EPOCH, entropy)

    def record(self) -> dict[str, Any]:
        """The party as an admission states it, for `_native.command_admit`."""
        return {
            "alias": self.file.alias,
            "party": self.file.party,
            "key": self.credentials.certificate.public_key,
            "roles": role_mask(self.file.roles),
            "read_only": self.file.read_only,
            "curve_key": self.credentials.curve_public,
            "certificate": self.credentials.certificate.digest,
        }
