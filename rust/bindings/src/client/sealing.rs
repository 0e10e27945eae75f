//! What a party signs: transactions, consents, approvals, control commands.

use daicho_crypto::{
    ClientSession, Origin, SigningKey, approve as approve_command, consent as consent_to,
    seal_envelope as seal_item, sign_control, tx_id, witness_id,
};
use daicho_types::codec::{Blob, Decode, Encode, List};
use daicho_types::control::{Command, Deploy};
use daicho_types::envelope::{Approval, Call, CoSignature, GasClass, Item};
use daicho_types::{AgreementKey, Alias, ConsensusTime, ContractId, Digest, Epoch, Signature};
use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::genesis::{PartyDict, bad};

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Signer>()?;
    module.add_class::<Session>()?;
    module.add_function(wrap_pyfunction!(seal_envelope, module)?)?;
    module.add_function(wrap_pyfunction!(seal_control, module)?)?;
    module.add_function(wrap_pyfunction!(consent, module)?)?;
    module.add_function(wrap_pyfunction!(approve, module)?)?;
    module.add_function(wrap_pyfunction!(command_admit, module)?)?;
    module.add_function(wrap_pyfunction!(command_revoke, module)?)?;
    module.add_function(wrap_pyfunction!(command_deploy, module)?)?;
    module.add_function(wrap_pyfunction!(command_steer_time, module)?)?;
    module.add_function(wrap_pyfunction!(item_ids, module)?)
}

/// A party's signing key.
#[pyclass(frozen, module = "daicho._native")]
pub struct Signer(pub SigningKey);

#[pymethods]
impl Signer {
    #[new]
    fn new(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_seed(&seed))
    }

    #[getter]
    fn public_key(&self) -> [u8; 32] {
        self.0.public().0
    }
}

/// A client's sealing session with the executors of one epoch.
#[pyclass(frozen, module = "daicho._native")]
pub struct Session(pub ClientSession);

#[pymethods]
impl Session {
    #[new]
    fn new(epoch_key: [u8; 32], chain: [u8; 32], epoch: u32, entropy: [u8; 32]) -> PyResult<Self> {
        let opened = ClientSession::open(
            &AgreementKey(epoch_key),
            Digest(chain),
            Epoch(epoch),
            &entropy,
        );
        opened
            .map(Self)
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }

    #[getter]
    fn enc(&self) -> [u8; 32] {
        self.0.enc.0
    }
}

type Signed = ([u8; 16], [u8; 64]);
type Sealed<'py> = (Bound<'py, PyBytes>, [u8; 32], [u8; 32]);

fn origin(sender: [u8; 16], lane: u16, sequence: u64, expiry_us: u64) -> Origin {
    Origin {
        sender: Alias(sender),
        lane,
        sequence,
        expiry: ConsensusTime(expiry_us),
    }
}

fn call(
    contract: u32,
    entry: u32,
    arguments: Vec<u8>,
    cosignatures: Vec<Signed>,
) -> PyResult<Call> {
    let cosignatures = cosignatures
        .into_iter()
        .map(|(alias, signature)| CoSignature {
            alias: Alias(alias),
            signature: Signature(signature),
        });
    Ok(Call {
        contract: ContractId(contract),
        entry,
        arguments: Blob::new(arguments).map_err(bad)?,
        cosignatures: List::new(cosignatures.collect()).map_err(bad)?,
    })
}

fn gas_class(number: u8) -> PyResult<GasClass> {
    GasClass::from_bytes(&[number]).map_err(bad)
}

fn sealed(py: Python<'_>, item: Item) -> Sealed<'_> {
    let id = tx_id(&item);
    let witness = witness_id(id, item.signature());
    (PyBytes::new(py, &item.to_bytes()), id.0, witness.0)
}

pub fn too_large() -> PyErr {
    PyOverflowError::new_err("it fits no size class")
}

#[pyfunction]
#[pyo3(signature = (signer, session, *, sender, lane, sequence, expiry_us, salt, contract, entry,
                    arguments, gas_class = 1, cosignatures = Vec::new()))]
#[expect(clippy::too_many_arguments, reason = "keywords on Python's side")]
fn seal_envelope<'py>(
    py: Python<'py>,
    signer: &Signer,
    session: &Session,
    sender: [u8; 16],
    lane: u16,
    sequence: u64,
    expiry_us: u64,
    salt: [u8; 16],
    contract: u32,
    entry: u32,
    arguments: Vec<u8>,
    gas_class: u8,
    cosignatures: Vec<Signed>,
) -> PyResult<Sealed<'py>> {
    let call = call(contract, entry, arguments, cosignatures)?;
    let origin = origin(sender, lane, sequence, expiry_us);
    let class = self::gas_class(gas_class)?;
    let item = seal_item(&signer.0, &session.0, &origin, class, salt, &call);
    Ok(sealed(py, item.ok_or_else(too_large)?))
}

/// One party's signature on a call that another party will send.
#[pyfunction]
#[pyo3(signature = (signer, alias, chain, *, sender, lane, sequence, contract, entry, arguments))]
#[expect(clippy::too_many_arguments, reason = "keywords on Python's side")]
fn consent(
    signer: &Signer,
    alias: [u8; 16],
    chain: [u8; 32],
    sender: [u8; 16],
    lane: u16,
    sequence: u64,
    contract: u32,
    entry: u32,
    arguments: Vec<u8>,
) -> PyResult<[u8; 64]> {
    let call = call(contract, entry, arguments, Vec::new())?;
    let origin = origin(sender, lane, sequence, 0);
    let given = consent_to(&signer.0, Alias(alias), &Digest(chain), &origin, &call);
    Ok(given.signature.0)
}

#[pyfunction]
fn command_admit(py: Python<'_>, record: PartyDict) -> Bound<'_, PyBytes> {
    PyBytes::new(py, &Command::Admit(record.build()).to_bytes())
}

#[pyfunction]
fn command_revoke(py: Python<'_>, alias: [u8; 16]) -> Bound<'_, PyBytes> {
    PyBytes::new(py, &Command::Revoke(Alias(alias)).to_bytes())
}

#[pyfunction]
fn command_deploy<'py>(
    py: Python<'py>,
    contract: u32,
    name: String,
    artefact: Vec<u8>,
) -> PyResult<Bound<'py, PyBytes>> {
    let deploy = Deploy {
        contract: ContractId(contract),
        name: Blob::new(name.into_bytes()).map_err(bad)?,
        artefact: Blob::new(artefact).map_err(bad)?,
    };
    Ok(PyBytes::new(py, &Command::Deploy(deploy).to_bytes()))
}

#[pyfunction]
fn command_steer_time(py: Python<'_>, time_us: u64) -> Bound<'_, PyBytes> {
    PyBytes::new(py, &Command::SteerTime(ConsensusTime(time_us)).to_bytes())
}

#[pyfunction]
#[pyo3(signature = (signer, alias, chain, *, sender, lane, sequence, command))]
fn approve(
    signer: &Signer,
    alias: [u8; 16],
    chain: [u8; 32],
    sender: [u8; 16],
    lane: u16,
    sequence: u64,
    command: &[u8],
) -> PyResult<[u8; 64]> {
    let command = Command::from_bytes(command).map_err(bad)?;
    let origin = origin(sender, lane, sequence, 0);
    let given = approve_command(&signer.0, Alias(alias), &Digest(chain), &origin, &command);
    Ok(given.signature.0)
}

#[pyfunction]
#[pyo3(signature = (signer, chain, *, sender, lane, sequence, expiry_us, command, approvals))]
#[expect(clippy::too_many_arguments, reason = "keywords on Python's side")]
fn seal_control<'py>(
    py: Python<'py>,
    signer: &Signer,
    chain: [u8; 32],
    sender: [u8; 16],
    lane: u16,
    sequence: u64,
    expiry_us: u64,
    command: &[u8],
    approvals: Vec<Signed>,
) -> PyResult<Sealed<'py>> {
    let command = Command::from_bytes(command).map_err(bad)?;
    let approvals = approvals.into_iter().map(|(alias, signature)| Approval {
        alias: Alias(alias),
        signature: Signature(signature),
    });
    let origin = origin(sender, lane, sequence, expiry_us);
    let item = sign_control(
        &signer.0,
        &Digest(chain),
        &origin,
        command,
        approvals.collect(),
    );
    Ok(sealed(py, item.ok_or_else(too_large)?))
}

/// The transaction id and witness id of an encoded item.
#[pyfunction]
fn item_ids(item: &[u8]) -> PyResult<([u8; 32], [u8; 32])> {
    let item = Item::from_bytes(item).map_err(bad)?;
    let id = tx_id(&item);
    Ok((id.0, witness_id(id, item.signature()).0))
}
