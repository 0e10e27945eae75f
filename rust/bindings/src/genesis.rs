//! The genesis between its readable form (a dict, from `genesis.toml`) and its
//! canonical bytes; the keys that `net init` needs beside it; the registry of
//! codes. Conversion only: the rules stand in `daicho_types::genesis`.

use daicho_crypto::{
    Domain, ExecutorSeeds, SealKeyPair, Secret, SigningKey, epoch_keys, hash, open_secret_file,
    seal_secret_file, unwrap_epoch_secret as unwrap_secret, wrap_epoch_secret as wrap_secret,
};
use daicho_types::codec::{Blob, CodecError, Decode, Encode, List};
use daicho_types::codes::Retry;
use daicho_types::genesis::{
    ClockMode, Genesis, GenesisExecutor, GenesisNode, LeaderPolicy, Parameters, PartyRecord,
    Purpose,
};
use daicho_types::{AgreementKey, Alias, Code, ConsensusTime, Digest, Epoch, PartyId, PublicKey};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Adds what this file exposes to `daicho._native`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(genesis_encode, module)?)?;
    module.add_function(wrap_pyfunction!(genesis_decode, module)?)?;
    module.add_function(wrap_pyfunction!(genesis_check, module)?)?;
    module.add_function(wrap_pyfunction!(chain_id, module)?)?;
    module.add_function(wrap_pyfunction!(codes, module)?)?;
    module.add_function(wrap_pyfunction!(public_key, module)?)?;
    module.add_function(wrap_pyfunction!(seal_public_key, module)?)?;
    module.add_function(wrap_pyfunction!(certificate_digest, module)?)?;
    module.add_function(wrap_pyfunction!(secret_file_seal, module)?)?;
    module.add_function(wrap_pyfunction!(secret_file_open, module)?)?;
    module.add_function(wrap_pyfunction!(executor_keys_seal, module)?)?;
    module.add_function(wrap_pyfunction!(genesis_curve_keys, module)?)?;
    module.add_function(wrap_pyfunction!(epoch_public_key, module)?)?;
    module.add_function(wrap_pyfunction!(wrap_epoch_secret, module)?)?;
    module.add_function(wrap_pyfunction!(unwrap_epoch_secret, module)?)
}

#[derive(FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
struct NodeDict {
    name: String,
    party: [u8; 16],
    vote_key: [u8; 32],
    curve_key: [u8; 32],
    validates: bool,
    leader_eligible: bool,
    executor: Option<ExecutorDict>,
}

#[derive(FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
struct ExecutorDict {
    result_key: [u8; 32],
    hpke_key: [u8; 32],
    wrapped_secret: Vec<u8>,
}

#[derive(FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct PartyDict {
    alias: [u8; 16],
    party: [u8; 16],
    key: [u8; 32],
    roles: u32,
    read_only: bool,
    curve_key: [u8; 32],
    certificate: [u8; 32],
}

#[derive(FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
struct ParametersDict {
    leader_policy: String,
    window_heights: u16,
    checkpoint_heights: u16,
    result_window_heights: u16,
    block_items_max: u32,
    block_bytes_max: u32,
    block_interval_us: u64,
    idle_block_us: u64,
    time_bound_us: u64,
    time_bound_max_us: u64,
    view_timeout_us: u64,
    view_timeout_max_us: u64,
}

#[derive(FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
struct GenesisDict {
    name: String,
    purpose: String,
    clock: String,
    time_us: u64,
    parameters: ParametersDict,
    nodes: Vec<NodeDict>,
    parties: Vec<PartyDict>,
    approvers: Vec<[u8; 16]>,
    approvals_needed: u16,
    epoch_key: [u8; 32],
}

const PURPOSES: [(&str, Purpose); 2] =
    [("test", Purpose::Test), ("production", Purpose::Production)];
const CLOCKS: [(&str, ClockMode); 2] = [
    ("system", ClockMode::System),
    ("steered", ClockMode::Steered),
];
const LEADERS: [(&str, LeaderPolicy); 2] = [
    ("sticky", LeaderPolicy::Sticky),
    ("round_robin", LeaderPolicy::RoundRobin),
];

fn named<T: Copy>(names: &[(&str, T)], name: &str) -> PyResult<T> {
    let found = names.iter().find(|(known, _)| *known == name);
    found
        .map(|(_, value)| *value)
        .ok_or_else(|| PyValueError::new_err(format!("{name:?} is not a choice")))
}

fn name_of<T: PartialEq>(names: &[(&str, T)], value: &T) -> String {
    let found = names.iter().find(|(_, known)| known == value);
    found.expect("every variant has a name").0.to_owned()
}

/// A codec error as Python sees it.
pub(crate) fn bad(error: CodecError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn text<const MAX: usize>(blob: &Blob<MAX>) -> String {
    String::from_utf8_lossy(blob).into_owned()
}

impl NodeDict {
    fn build(self) -> Result<GenesisNode, CodecError> {
        Ok(GenesisNode {
            name: Blob::new(self.name.into_bytes())?,
            party: PartyId(self.party),
            vote_key: PublicKey(self.vote_key),
            curve_key: self.curve_key,
            validates: self.validates,
            leader_eligible: self.leader_eligible,
            executor: self.executor.map(ExecutorDict::build).transpose()?,
        })
    }

    fn of(node: &GenesisNode) -> Self {
        Self {
            name: text(&node.name),
            party: node.party.0,
            vote_key: node.vote_key.0,
            curve_key: node.curve_key,
            validates: node.validates,
            leader_eligible: node.leader_eligible,
            executor: node.executor.as_ref().map(|executor| ExecutorDict {
                result_key: executor.result_key.0,
                hpke_key: executor.hpke_key.0,
                wrapped_secret: executor.wrapped_secret.to_vec(),
            }),
        }
    }
}

impl ExecutorDict {
    fn build(self) -> Result<GenesisExecutor, CodecError> {
        Ok(GenesisExecutor {
            result_key: PublicKey(self.result_key),
            hpke_key: AgreementKey(self.hpke_key),
            wrapped_secret: Blob::new(self.wrapped_secret)?,
        })
    }
}

impl PartyDict {
    pub(crate) fn build(self) -> PartyRecord {
        PartyRecord {
            alias: Alias(self.alias),
            party: PartyId(self.party),
            key: PublicKey(self.key),
            roles: self.roles,
            read_only: self.read_only,
            curve_key: self.curve_key,
            certificate: Digest(self.certificate),
        }
    }

    fn of(record: &PartyRecord) -> Self {
        Self {
            alias: record.alias.0,
            party: record.party.0,
            key: record.key.0,
            roles: record.roles,
            read_only: record.read_only,
            curve_key: record.curve_key,
            certificate: record.certificate.0,
        }
    }
}

impl ParametersDict {
    fn build(self) -> PyResult<Parameters> {
        Ok(Parameters {
            leader_policy: named(&LEADERS, &self.leader_policy)?,
            window_heights: self.window_heights,
            checkpoint_heights: self.checkpoint_heights,
            result_window_heights: self.result_window_heights,
            block_items_max: self.block_items_max,
            block_bytes_max: self.block_bytes_max,
            block_interval_us: self.block_interval_us,
            idle_block_us: self.idle_block_us,
            time_bound_us: self.time_bound_us,
            time_bound_max_us: self.time_bound_max_us,
            view_timeout_us: self.view_timeout_us,
            view_timeout_max_us: self.view_timeout_max_us,
        })
    }

    fn of(p: &Parameters) -> Self {
        Self {
            leader_policy: name_of(&LEADERS, &p.leader_policy),
            window_heights: p.window_heights,
            checkpoint_heights: p.checkpoint_heights,
            result_window_heights: p.result_window_heights,
            block_items_max: p.block_items_max,
            block_bytes_max: p.block_bytes_max,
            block_interval_us: p.block_interval_us,
            idle_block_us: p.idle_block_us,
            time_bound_us: p.time_bound_us,
            time_bound_max_us: p.time_bound_max_us,
            view_timeout_us: p.view_timeout_us,
            view_timeout_max_us: p.view_timeout_max_us,
        }
    }
}

impl GenesisDict {
    fn build(self) -> PyResult<Genesis> {
        let nodes: Result<_, _> = self.nodes.into_iter().map(NodeDict::build).collect();
        let parties = self.parties.into_iter().map(PartyDict::build).collect();
        let approvers = self.approvers.into_iter().map(Alias).collect();
        Ok(Genesis {
            name: Blob::new(self.name.into_bytes()).map_err(bad)?,
            purpose: named(&PURPOSES, &self.purpose)?,
            clock: named(&CLOCKS, &self.clock)?,
            time: ConsensusTime(self.time_us),
            parameters: self.parameters.build()?,
            nodes: List::new(nodes.map_err(bad)?).map_err(bad)?,
            parties: List::new(parties).map_err(bad)?,
            approvers: List::new(approvers).map_err(bad)?,
            approvals_needed: self.approvals_needed,
            epoch_key: AgreementKey(self.epoch_key),
        })
    }

    fn of(genesis: &Genesis) -> Self {
        Self {
            name: text(&genesis.name),
            purpose: name_of(&PURPOSES, &genesis.purpose),
            clock: name_of(&CLOCKS, &genesis.clock),
            time_us: genesis.time.0,
            parameters: ParametersDict::of(&genesis.parameters),
            nodes: genesis.nodes.iter().map(NodeDict::of).collect(),
            parties: genesis.parties.iter().map(PartyDict::of).collect(),
            approvers: genesis.approvers.iter().map(|alias| alias.0).collect(),
            approvals_needed: genesis.approvals_needed,
            epoch_key: genesis.epoch_key.0,
        }
    }
}

/// Reads canonical bytes and checks the rules between fields.
pub(crate) fn genesis_of(bytes: &[u8]) -> PyResult<Genesis> {
    let genesis = Genesis::from_bytes(bytes).map_err(bad)?;
    genesis.check().map_err(bad)?;
    Ok(genesis)
}

#[pyfunction]
fn genesis_encode(py: Python<'_>, document: GenesisDict) -> PyResult<Bound<'_, PyBytes>> {
    Ok(PyBytes::new(py, &document.build()?.to_bytes()))
}

#[pyfunction]
fn genesis_decode(genesis: &[u8]) -> PyResult<GenesisDict> {
    let genesis = Genesis::from_bytes(genesis).map_err(bad)?;
    Ok(GenesisDict::of(&genesis))
}

#[pyfunction]
fn genesis_check(genesis: &[u8]) -> PyResult<()> {
    genesis_of(genesis).map(drop)
}

#[pyfunction]
fn chain_id(genesis: &[u8]) -> PyResult<[u8; 32]> {
    Ok(daicho_crypto::chain_id(&genesis_of(genesis)?).0)
}

/// Every ledger code: number, name, whether to try again.
#[pyfunction]
fn codes() -> Vec<(u16, &'static str, bool)> {
    let row = |code: &Code| (*code as u16, code.name(), code.retry() == Retry::Later);
    Code::ALL.iter().map(row).collect()
}

#[pyfunction]
fn public_key(seed: [u8; 32]) -> [u8; 32] {
    SigningKey::from_seed(&seed).public().0
}

#[pyfunction]
fn seal_public_key(seed: [u8; 32]) -> [u8; 32] {
    SealKeyPair::from_seed(&seed).public().0
}

#[pyfunction]
fn certificate_digest(der: &[u8]) -> [u8; 32] {
    hash(Domain::Certificate, &[der]).0
}

#[pyfunction]
fn secret_file_seal<'py>(
    py: Python<'py>,
    key: [u8; 32],
    label: &str,
    salt: [u8; 16],
    secret: &[u8],
) -> Bound<'py, PyBytes> {
    PyBytes::new(
        py,
        &seal_secret_file(&Secret::new(key), label, &salt, secret),
    )
}

#[pyfunction]
fn secret_file_open<'py>(
    py: Python<'py>,
    key: [u8; 32],
    label: &str,
    file: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    let opened = open_secret_file(&Secret::new(key), label, file);
    let opened = opened.map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(PyBytes::new(py, &opened))
}

#[pyfunction]
fn executor_keys_seal<'py>(
    py: Python<'py>,
    result_seed: [u8; 32],
    seal_seed: [u8; 32],
    store_key: [u8; 32],
    unlock: &[u8],
    salt: [u8; 32],
) -> Bound<'py, PyBytes> {
    let seeds = ExecutorSeeds {
        result: Secret::new(result_seed),
        seal: Secret::new(seal_seed),
        store: Secret::new(store_key),
    };
    PyBytes::new(py, &seeds.seal(unlock, salt))
}

#[pyfunction]
fn epoch_public_key(secret: [u8; 32], epoch: u32) -> [u8; 32] {
    epoch_keys(&Secret::new(secret), Epoch(epoch)).public().0
}

#[pyfunction]
fn wrap_epoch_secret<'py>(
    py: Python<'py>,
    executor: [u8; 32],
    epoch: u32,
    secret: [u8; 32],
    entropy: [u8; 32],
) -> PyResult<Bound<'py, PyBytes>> {
    let secret = Secret::new(secret);
    let wrapped = wrap_secret(&AgreementKey(executor), Epoch(epoch), &secret, &entropy);
    let wrapped = wrapped.map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(PyBytes::new(py, &wrapped))
}

#[pyfunction]
fn unwrap_epoch_secret(
    executor_seed: [u8; 32],
    epoch: u32,
    public: [u8; 32],
    wrapped: &[u8],
) -> PyResult<[u8; 32]> {
    let keys = SealKeyPair::from_seed(&executor_seed);
    let secret = unwrap_secret(&keys, Epoch(epoch), &AgreementKey(public), wrapped);
    let secret = secret.map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(*secret.expose())
}

/// The raw CURVE keys of a genesis' nodes, by replica number.
#[pyfunction]
fn genesis_curve_keys(genesis: &[u8]) -> PyResult<Vec<[u8; 32]>> {
    let genesis = genesis_of(genesis)?;
    Ok(genesis.nodes.iter().map(|node| node.curve_key).collect())
}
