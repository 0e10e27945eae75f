//! What a genesis must be beyond well-formed: no name twice, no entity with
//! two votes, approvers who can approve.

use std::collections::BTreeSet;

use daicho_types::codec::CodecError;
use daicho_types::genesis::{Genesis, GenesisNode};
use daicho_types::{Alias, Code, PartyId, ReplicaId};

/// Why no ledger starts from this genesis.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadGenesis {
    /// A rule of [`Genesis::check`].
    #[error(transparent)]
    Fields(#[from] CodecError),
    /// Two nodes of one kind run by one entity.
    #[error("{0} would run a second node of that kind as {1}")]
    EntityLimit(PartyId, ReplicaId),
    /// Something that names one thing names two.
    #[error("two {0} are the same")]
    Twice(&'static str),
    /// An approver that is no party, or may only read.
    #[error("approver {0} is not a party that may submit")]
    Approver(Alias),
}

impl BadGenesis {
    /// The code it is reported under.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::EntityLimit(..) => Code::EntityLimit,
            _ => Code::Malformed,
        }
    }
}

/// Checks `genesis` as a whole.
///
/// # Errors
/// [`BadGenesis`] with the first rule that is broken.
pub(crate) fn check(genesis: &Genesis) -> Result<(), BadGenesis> {
    genesis.check()?;
    one_per_entity(genesis.validators())?;
    one_per_entity(genesis.executors())?;
    let nodes = &genesis.nodes;
    distinct("node names", nodes.iter().map(|n| n.name.to_vec()))?;
    distinct("vote keys", nodes.iter().map(|n| n.vote_key))?;
    distinct("node CURVE keys", nodes.iter().map(|n| n.curve_key))?;
    let executors = nodes.iter().filter_map(|n| n.executor.as_ref());
    distinct("result keys", executors.clone().map(|e| e.result_key))?;
    distinct("executor HPKE keys", executors.map(|e| e.hpke_key.0))?;
    distinct("aliases", genesis.parties.iter().map(|p| p.alias))?;
    distinct("approvers", genesis.approvers.iter().copied())?;
    approvers_can_submit(genesis)
}

/// An entity has at most one validator, and at most one executor.
fn one_per_entity<'a>(
    nodes: impl Iterator<Item = (ReplicaId, &'a GenesisNode)>,
) -> Result<(), BadGenesis> {
    let mut seen = BTreeSet::new();
    for (id, node) in nodes {
        if !seen.insert(node.party) {
            return Err(BadGenesis::EntityLimit(node.party, id));
        }
    }
    Ok(())
}

fn distinct<T: Ord>(
    what: &'static str,
    mut values: impl Iterator<Item = T>,
) -> Result<(), BadGenesis> {
    let mut seen = BTreeSet::new();
    match values.all(|value| seen.insert(value)) {
        true => Ok(()),
        false => Err(BadGenesis::Twice(what)),
    }
}

fn approvers_can_submit(genesis: &Genesis) -> Result<(), BadGenesis> {
    let cannot = |alias: &&Alias| {
        let party = genesis.parties.iter().find(|p| p.alias == **alias);
        party.is_none_or(|p| p.read_only)
    };
    match genesis.approvers.iter().find(cannot) {
        Some(alias) => Err(BadGenesis::Approver(*alias)),
        None => Ok(()),
    }
}
