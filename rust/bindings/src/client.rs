//! The hot half of the gateway client: sealing and signing, the frames of the
//! gateway, and the check of receipts with the GIL released. What is signed,
//! sealed and checked stands in `daicho_crypto`; here it meets Python.

use std::collections::BTreeMap;
use std::sync::Mutex;

use daicho_crypto::{
    ClientSession, Known, Origin, Outcome, ReceiptChecker, SigningKey, approve as approve_command,
    block_digest, consent as consent_to, open_answer as open_sealed_answer,
    seal_envelope as seal_item, seal_query as seal_question, sign_control, tx_id, witness_id,
};
use daicho_state::{InclusionProof, RangeProof};
use daicho_types::block::{CertificateSignature, CommittedBlock};
use daicho_types::codec::{Blob, Decode, Encode, List};
use daicho_types::control::{Command, Deploy};
use daicho_types::envelope::{
    Approval, AsOf, Call, CoSignature, ContractQuestion, GasClass, Item, QueryAnswer, Question,
    RowQuestion, RowsQuestion, SealedQuery,
};
use daicho_types::gateway::{
    Ask, CertifiedResult, Range, Receipts, Reply, Request, Say, Submit, Wait,
};
use daicho_types::ledger::Compartment;
use daicho_types::result::{Event, Receipt, ReceiptStatus};
use daicho_types::{
    AgreementKey, Alias, Code, ConsensusTime, ContractId, Digest, Epoch, Height, Signature,
};
use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyList};

use crate::genesis::{PartyDict, bad, genesis_of};

/// Transactions a verifier may be waiting for.
const EXPECTED_MAX: usize = 1 << 20;

pyo3::create_exception!(
    _native,
    VerificationError,
    PyValueError,
    "A reply proves nothing."
);

/// Adds what this file exposes to `daicho._native`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add(
        "VerificationError",
        module.py().get_type::<VerificationError>(),
    )?;
    module.add_class::<Signer>()?;
    module.add_class::<Session>()?;
    module.add_class::<ReceiptVerifier>()?;
    module.add_function(wrap_pyfunction!(seal_envelope, module)?)?;
    module.add_function(wrap_pyfunction!(seal_control, module)?)?;
    module.add_function(wrap_pyfunction!(consent, module)?)?;
    module.add_function(wrap_pyfunction!(approve, module)?)?;
    module.add_function(wrap_pyfunction!(seal_rows_query, module)?)?;
    module.add_function(wrap_pyfunction!(prove_rows, module)?)?;
    module.add_function(wrap_pyfunction!(seal_row_query, module)?)?;
    module.add_function(wrap_pyfunction!(prove_row, module)?)?;
    module.add_function(wrap_pyfunction!(certified_header, module)?)?;
    module.add_function(wrap_pyfunction!(command_admit, module)?)?;
    module.add_function(wrap_pyfunction!(command_revoke, module)?)?;
    module.add_function(wrap_pyfunction!(command_deploy, module)?)?;
    module.add_function(wrap_pyfunction!(command_steer_time, module)?)?;
    module.add_function(wrap_pyfunction!(seal_query, module)?)?;
    module.add_function(wrap_pyfunction!(seal_keys_query, module)?)?;
    module.add_function(wrap_pyfunction!(open_answer, module)?)?;
    module.add_function(wrap_pyfunction!(item_ids, module)?)?;
    module.add_function(wrap_pyfunction!(encode_submit, module)?)?;
    module.add_function(wrap_pyfunction!(encode_query, module)?)?;
    module.add_function(wrap_pyfunction!(encode_receipt, module)?)?;
    module.add_function(wrap_pyfunction!(encode_status, module)?)?;
    module.add_function(wrap_pyfunction!(encode_blocks, module)?)?;
    module.add_function(wrap_pyfunction!(encode_results, module)?)?;
    module.add_function(wrap_pyfunction!(decode_reply, module)?)
}

/// A party's signing key.
#[pyclass(frozen, module = "daicho._native")]
struct Signer(SigningKey);

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
struct Session(ClientSession);

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

fn too_large() -> PyErr {
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

fn query<'py>(
    py: Python<'py>,
    signer: &Signer,
    session: &Session,
    asker: ([u8; 16], [u8; 16], u64),
    question: &Question,
) -> PyResult<Bound<'py, PyBytes>> {
    let (sender, nonce, expiry_us) = asker;
    let expiry = ConsensusTime(expiry_us);
    let query = seal_question(
        &signer.0,
        &session.0,
        Alias(sender),
        nonce,
        expiry,
        question,
    );
    let query = query.ok_or_else(too_large)?;
    Ok(PyBytes::new(py, &query.to_bytes()))
}

/// A contract's query; `at` is None, ("height", h) or ("time", microseconds).
#[pyfunction]
#[pyo3(signature = (signer, session, *, sender, nonce, expiry_us, contract, query, arguments,
                    at = None))]
#[expect(clippy::too_many_arguments, reason = "keywords on Python's side")]
fn seal_query<'py>(
    py: Python<'py>,
    signer: &Signer,
    session: &Session,
    sender: [u8; 16],
    nonce: [u8; 16],
    expiry_us: u64,
    contract: u32,
    query: u32,
    arguments: Vec<u8>,
    at: Option<(String, u64)>,
) -> PyResult<Bound<'py, PyBytes>> {
    let at = as_of(at.as_ref())?;
    let question = Question::Contract(ContractQuestion {
        contract: ContractId(contract),
        query,
        arguments: Blob::new(arguments).map_err(bad)?,
        at,
    });
    self::query(py, signer, session, (sender, nonce, expiry_us), &question)
}

fn as_of(at: Option<&(String, u64)>) -> PyResult<AsOf> {
    match at.map(|(kind, value)| (kind.as_str(), *value)) {
        None => Ok(AsOf::Latest(())),
        Some(("height", height)) => Ok(AsOf::Height(Height(height))),
        Some(("time", time)) => Ok(AsOf::Time(ConsensusTime(time))),
        Some((kind, _)) => Err(PyValueError::new_err(format!("{kind:?} names no state"))),
    }
}

/// A question for all rows of a compartment between two keys, with a proof;
/// `compartment` is 17 bytes: kind and holder.
#[pyfunction]
#[pyo3(signature = (signer, session, *, sender, nonce, expiry_us, compartment, lo, hi, at = None))]
#[expect(clippy::too_many_arguments, reason = "keywords on Python's side")]
fn seal_rows_query<'py>(
    py: Python<'py>,
    signer: &Signer,
    session: &Session,
    sender: [u8; 16],
    nonce: [u8; 16],
    expiry_us: u64,
    compartment: [u8; 17],
    lo: Vec<u8>,
    hi: Vec<u8>,
    at: Option<(String, u64)>,
) -> PyResult<Bound<'py, PyBytes>> {
    let question = Question::Rows(RowsQuestion {
        compartment,
        lo: Blob::new(lo).map_err(bad)?,
        hi: Blob::new(hi).map_err(bad)?,
        at: as_of(at.as_ref())?,
    });
    query(py, signer, session, (sender, nonce, expiry_us), &question)
}

/// The rows that a range proof shows to be all of a range under `root`.
#[pyfunction]
fn prove_rows<'py>(
    py: Python<'py>,
    proof: &[u8],
    root: [u8; 32],
    compartment: [u8; 17],
    lo: &[u8],
    hi: &[u8],
) -> PyResult<Vec<KeyAndRow<'py>>> {
    let proof = RangeProof::from_bytes(proof).map_err(bad)?;
    let rows = proof
        .verify(&Digest(root), self::compartment(&compartment)?, lo, hi)
        .map_err(|error| VerificationError::new_err(error.to_string()))?;
    let pair = |(key, row): (Vec<u8>, Vec<u8>)| (PyBytes::new(py, &key), PyBytes::new(py, &row));
    Ok(rows.into_iter().map(pair).collect())
}

fn compartment(name: &[u8; 17]) -> PyResult<Compartment> {
    Compartment::from_bytes(name).ok_or_else(|| PyValueError::new_err("no such compartment"))
}

/// A question for one row of a compartment, with a proof that may be shown on.
#[pyfunction]
#[pyo3(signature = (signer, session, *, sender, nonce, expiry_us, compartment, key, at = None))]
#[expect(clippy::too_many_arguments, reason = "keywords on Python's side")]
fn seal_row_query<'py>(
    py: Python<'py>,
    signer: &Signer,
    session: &Session,
    sender: [u8; 16],
    nonce: [u8; 16],
    expiry_us: u64,
    compartment: [u8; 17],
    key: Vec<u8>,
    at: Option<(String, u64)>,
) -> PyResult<Bound<'py, PyBytes>> {
    let question = Question::Row(RowQuestion {
        compartment,
        key: Blob::new(key).map_err(bad)?,
        at: as_of(at.as_ref())?,
    });
    query(py, signer, session, (sender, nonce, expiry_us), &question)
}

type KeyAndRow<'py> = (Bound<'py, PyBytes>, Bound<'py, PyBytes>);

/// The key and the row that an inclusion proof shows under `root`.
#[pyfunction]
fn prove_row<'py>(
    py: Python<'py>,
    proof: &[u8],
    root: [u8; 32],
    compartment: [u8; 17],
) -> PyResult<KeyAndRow<'py>> {
    let proof = InclusionProof::from_bytes(proof).map_err(bad)?;
    let (key, row) = proof
        .verify(&Digest(root), self::compartment(&compartment)?)
        .map_err(|error| VerificationError::new_err(error.to_string()))?;
    Ok((PyBytes::new(py, key), PyBytes::new(py, row)))
}

/// What proves a block's time and state root to anybody: header, commit and
/// result certificate of an encoded block and result, and nothing they carry.
#[pyfunction]
fn certified_header<'py>(
    py: Python<'py>,
    block: &[u8],
    result: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    let block = CommittedBlock::from_bytes(block).map_err(bad)?;
    let result = CertifiedResult::from_bytes(result).map_err(bad)?;
    let proof = Receipts {
        header: block.header,
        commit: block.certificate,
        result: Some(result.certificate),
        entries: List::default(),
    };
    Ok(PyBytes::new(py, &proof.to_bytes()))
}

/// A question for the compartment keys that the asker holds.
#[pyfunction]
#[pyo3(signature = (signer, session, *, sender, nonce, expiry_us))]
fn seal_keys_query<'py>(
    py: Python<'py>,
    signer: &Signer,
    session: &Session,
    sender: [u8; 16],
    nonce: [u8; 16],
    expiry_us: u64,
) -> PyResult<Bound<'py, PyBytes>> {
    let question = Question::CompartmentKeys(());
    query(py, signer, session, (sender, nonce, expiry_us), &question)
}

#[pyfunction]
fn open_answer<'py>(
    py: Python<'py>,
    session: &Session,
    nonce: [u8; 16],
    sealed: &[u8],
) -> PyResult<Bound<'py, PyDict>> {
    let opened = open_sealed_answer(&session.0.secret, &nonce, sealed);
    let opened = opened.map_err(|error| VerificationError::new_err(error.to_string()))?;
    let answer = QueryAnswer::from_bytes(&opened).map_err(bad)?;
    let dict = PyDict::new(py);
    dict.set_item("height", answer.height.0)?;
    dict.set_item("time_us", answer.time.0)?;
    dict.set_item("state_root", PyBytes::new(py, &answer.state_root.0))?;
    dict.set_item("code", String::from_utf8_lossy(&answer.code))?;
    dict.set_item("gas_used", answer.gas_used)?;
    dict.set_item("result", PyBytes::new(py, &answer.result))?;
    Ok(dict)
}

/// The transaction id and witness id of an encoded item.
#[pyfunction]
fn item_ids(item: &[u8]) -> PyResult<([u8; 32], [u8; 32])> {
    let item = Item::from_bytes(item).map_err(bad)?;
    let id = tx_id(&item);
    Ok((id.0, witness_id(id, item.signature()).0))
}

fn request(py: Python<'_>, id: u64, ask: Ask) -> Bound<'_, PyBytes> {
    PyBytes::new(py, &Request { id, ask }.to_bytes())
}

#[pyfunction]
fn encode_submit<'py>(
    py: Python<'py>,
    id: u64,
    wait: u8,
    items: Vec<PyBackedBytes>,
) -> PyResult<Bound<'py, PyBytes>> {
    let wait = Wait::from_bytes(&[wait]).map_err(bad)?;
    let items: Result<Vec<_>, _> = items.iter().map(|item| Blob::new(item.to_vec())).collect();
    let items = List::new(items.map_err(bad)?).map_err(bad)?;
    Ok(request(py, id, Ask::Submit(Submit { wait, items })))
}

#[pyfunction]
fn encode_query<'py>(py: Python<'py>, id: u64, query: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let query = SealedQuery::from_bytes(query).map_err(bad)?;
    Ok(request(py, id, Ask::Query(query)))
}

#[pyfunction]
fn encode_receipt(py: Python<'_>, id: u64, tx_id: [u8; 32]) -> Bound<'_, PyBytes> {
    request(py, id, Ask::Receipt(Digest(tx_id)))
}

#[pyfunction]
fn encode_status(py: Python<'_>, id: u64) -> Bound<'_, PyBytes> {
    request(py, id, Ask::Status(()))
}

#[pyfunction]
fn encode_blocks(py: Python<'_>, id: u64, from_height: u64, count: u32) -> Bound<'_, PyBytes> {
    let from = Height(from_height);
    request(py, id, Ask::Blocks(Range { from, count }))
}

#[pyfunction]
fn encode_results(py: Python<'_>, id: u64, from_height: u64, count: u32) -> Bound<'_, PyBytes> {
    let from = Height(from_height);
    request(py, id, Ask::Results(Range { from, count }))
}

/// A reply as a dict with `id` and `say`; the rest depends on `say`. Receipts
/// are not taken apart here: hand the frame to a `ReceiptVerifier`.
#[pyfunction]
fn decode_reply<'py>(py: Python<'py>, frame: &[u8]) -> PyResult<Bound<'py, PyDict>> {
    let reply = Reply::from_bytes(frame).map_err(bad)?;
    let out = PyDict::new(py);
    out.set_item("id", reply.id)?;
    let say = match reply.say {
        Say::Admitted(id) => {
            out.set_item("tx_id", id.0)?;
            "admitted"
        }
        Say::Refused(refusal) => {
            out.set_item("tx_id", refusal.tx_id.0)?;
            out.set_item("code", code_name(refusal.code))?;
            out.set_item("retry", refusal.retry)?;
            out.set_item("message", String::from_utf8_lossy(&refusal.message))?;
            "refused"
        }
        Say::Receipts(receipts) => {
            let ids: Vec<_> = receipts.entries.iter().map(|entry| entry.tx_id.0).collect();
            out.set_item("tx_ids", ids)?;
            out.set_item("height", receipts.header.height.0)?;
            out.set_item("final", receipts.result.is_some())?;
            "receipts"
        }
        Say::Answer(sealed) => {
            out.set_item("sealed", PyBytes::new(py, &sealed))?;
            "answer"
        }
        Say::Status(document) => {
            out.set_item("document", PyBytes::new(py, &document))?;
            "status"
        }
        Say::Blocks(blocks) => {
            out.set_item("blocks", list(py, &blocks, block_dict)?)?;
            "blocks"
        }
        Say::Results(results) => {
            out.set_item("results", list(py, &results, result_dict)?)?;
            "results"
        }
    };
    out.set_item("say", say)?;
    Ok(out)
}

fn list<'py, T>(
    py: Python<'py>,
    values: &[T],
    convert: impl Fn(Python<'py>, &T) -> PyResult<Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyList>> {
    let out = PyList::empty(py);
    for value in values {
        out.append(convert(py, value)?)?;
    }
    Ok(out)
}

fn code_name(number: u16) -> String {
    Code::from_number(number).map_or_else(|| format!("CODE_{number}"), |code| code.name().into())
}

fn block_dict<'py>(py: Python<'py>, block: &CommittedBlock) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("height", block.header.height.0)?;
    out.set_item("digest", block_digest(&block.header).0)?;
    out.set_item("parent", block.header.parent.0)?;
    out.set_item("time_us", block.header.time.0)?;
    let items: Vec<_> = block
        .items
        .iter()
        .map(|item| PyBytes::new(py, item))
        .collect();
    out.set_item("items", items)?;
    out.set_item("bytes", PyBytes::new(py, &block.to_bytes()))?;
    Ok(out)
}

fn result_dict<'py>(py: Python<'py>, result: &CertifiedResult) -> PyResult<Bound<'py, PyDict>> {
    let statement = &result.certificate.statement;
    let out = PyDict::new(py);
    out.set_item("height", statement.height.0)?;
    out.set_item("block", statement.block.0)?;
    out.set_item("state_root", statement.state_root.0)?;
    out.set_item("receipts_root", statement.receipts_root.0)?;
    out.set_item("body", PyBytes::new(py, &result.body.to_bytes()))?;
    out.set_item("bytes", PyBytes::new(py, &result.to_bytes()))?;
    Ok(out)
}

/// Checks receipts against the genesis, and opens those that it was told to
/// expect.
#[pyclass(frozen, module = "daicho._native")]
struct ReceiptVerifier(Mutex<Desk>);

struct Desk {
    checker: ReceiptChecker,
    expected: BTreeMap<Digest, Known>,
}

type Checked = (Receipts, Vec<Outcome>);

impl Desk {
    /// Checks one reply whole; forgets what has become final.
    fn check(&mut self, frame: &[u8]) -> Result<Checked, String> {
        let reply = Reply::from_bytes(frame).map_err(|error| error.to_string())?;
        let Say::Receipts(receipts) = reply.say else {
            return Err("the reply carries no receipts".to_owned());
        };
        let digest = self.checker.check_block(&receipts);
        digest.map_err(|error| error.to_string())?;
        let mut outcomes = Vec::with_capacity(receipts.entries.len());
        for entry in receipts.entries.iter() {
            let known = self.expected.get(&entry.tx_id).cloned().unwrap_or_default();
            let outcome = self.checker.check_entry(&receipts, entry, &known);
            outcomes.push(outcome.map_err(|error| format!("{}: {error}", entry.tx_id))?);
        }
        for (entry, outcome) in receipts.entries.iter().zip(&outcomes) {
            if *outcome != Outcome::Ordered {
                self.expected.remove(&entry.tx_id);
            }
        }
        Ok((receipts, outcomes))
    }
}

#[pymethods]
impl ReceiptVerifier {
    #[new]
    fn new(genesis: &[u8]) -> PyResult<Self> {
        let desk = Desk {
            checker: ReceiptChecker::new(&genesis_of(genesis)?),
            expected: BTreeMap::new(),
        };
        Ok(Self(Mutex::new(desk)))
    }

    /// Announces a transaction: its receipt is opened with `session`, and its
    /// place in a block is held against `witness_id`.
    #[pyo3(signature = (tx_id, session = None, witness_id = None))]
    fn expect(
        &self,
        tx_id: [u8; 32],
        session: Option<&Session>,
        witness_id: Option<[u8; 32]>,
    ) -> PyResult<()> {
        let known = Known {
            session: session.map(|session| session.0.secret.clone()),
            witness_id: witness_id.map(Digest),
        };
        let mut desk = self.lock();
        if desk.expected.len() >= EXPECTED_MAX {
            return Err(PyOverflowError::new_err("too many transactions under way"));
        }
        desk.expected.insert(Digest(tx_id), known);
        Ok(())
    }

    /// Checks one reply whole; a list of receipts as interfaces.md names them.
    fn verify<'py>(&self, py: Python<'py>, frame: PyBackedBytes) -> PyResult<Bound<'py, PyList>> {
        let checked = py.detach(|| self.lock().check(&frame));
        let (receipts, outcomes) = checked.map_err(VerificationError::new_err)?;
        receipt_dicts(py, &receipts, &outcomes)
    }

    /// Checks a committed block whole; what it is.
    fn verify_block<'py>(&self, py: Python<'py>, block: &[u8]) -> PyResult<Bound<'py, PyDict>> {
        let block = CommittedBlock::from_bytes(block).map_err(bad)?;
        let checked = py.detach(|| self.lock().checker.check_committed(&block));
        checked.map_err(|error| VerificationError::new_err(error.to_string()))?;
        block_dict(py, &block)
    }

    /// Checks a certified result whole; what it is.
    fn verify_result<'py>(&self, py: Python<'py>, result: &[u8]) -> PyResult<Bound<'py, PyDict>> {
        let result = CertifiedResult::from_bytes(result).map_err(bad)?;
        let checked = py.detach(|| self.lock().checker.check_certified(&result));
        checked.map_err(|error| VerificationError::new_err(error.to_string()))?;
        result_dict(py, &result)
    }

    /// Checks what [`certified_header`] made; the block's height, time, digest
    /// and state root.
    fn verify_header<'py>(&self, py: Python<'py>, proof: &[u8]) -> PyResult<Bound<'py, PyDict>> {
        let proof = Receipts::from_bytes(proof).map_err(bad)?;
        let digest = self.lock().checker.check_block(&proof);
        let digest = digest.map_err(|error| VerificationError::new_err(error.to_string()))?;
        let result = proof.result.filter(|_| proof.entries.is_empty());
        let result = result.ok_or_else(|| VerificationError::new_err("no result is certified"))?;
        let out = PyDict::new(py);
        out.set_item("height", proof.header.height.0)?;
        out.set_item("time_us", proof.header.time.0)?;
        out.set_item("digest", digest.0)?;
        out.set_item(
            "state_root",
            PyBytes::new(py, &result.statement.state_root.0),
        )?;
        Ok(out)
    }

    /// Checks many replies; per transaction (id, finality, code, block time in
    /// microseconds, gas used), and nothing else is built.
    fn verify_batch(&self, py: Python<'_>, frames: Vec<PyBackedBytes>) -> PyResult<Vec<Summary>> {
        let rows =
            py.detach(|| {
                let mut desk = self.lock();
                let mut rows = Vec::new();
                for frame in &frames {
                    let (receipts, outcomes) = desk.check(frame)?;
                    let entries = receipts.entries.iter().zip(&outcomes);
                    rows.extend(entries.map(|(entry, outcome)| {
                        summary(entry.tx_id, receipts.header.time, outcome)
                    }));
                }
                Ok(rows)
            });
        rows.map_err(|error: String| VerificationError::new_err(error))
    }
}

impl ReceiptVerifier {
    fn lock(&self) -> std::sync::MutexGuard<'_, Desk> {
        self.0.lock().expect("a check does not panic")
    }
}

type Summary = ([u8; 32], &'static str, String, u64, u64);

fn summary(id: Digest, time: ConsensusTime, outcome: &Outcome) -> Summary {
    let (code, gas) = match outcome {
        Outcome::Final(receipt) => (
            String::from_utf8_lossy(&receipt.code).into_owned(),
            receipt.gas_used,
        ),
        Outcome::Control(number) => (code_name(*number), 0),
        Outcome::Ordered | Outcome::Sealed => (String::new(), 0),
    };
    (id.0, finality(outcome), code, time.0, gas)
}

fn finality(outcome: &Outcome) -> &'static str {
    if *outcome == Outcome::Ordered {
        "ordered"
    } else {
        "final"
    }
}

fn receipt_dicts<'py>(
    py: Python<'py>,
    receipts: &Receipts,
    outcomes: &[Outcome],
) -> PyResult<Bound<'py, PyList>> {
    let commit = commit_dict(py, receipts)?;
    let result = result_certificate_dict(py, receipts)?;
    let out = PyList::empty(py);
    for (entry, outcome) in receipts.entries.iter().zip(outcomes) {
        let row = PyDict::new(py);
        row.set_item("tx_id", entry.tx_id.0)?;
        row.set_item("height", receipts.header.height.0)?;
        row.set_item("index", entry.witness_path.index)?;
        row.set_item("block_time_us", receipts.header.time.0)?;
        row.set_item("finality", finality(outcome))?;
        row.set_item("commit_certificate", &commit)?;
        row.set_item("result_certificate", &result)?;
        match outcome {
            Outcome::Final(receipt) => add_receipt(py, &row, receipt)?,
            Outcome::Control(number) => {
                row.set_item("status", if *number == 0 { "ok" } else { "failed" })?;
                row.set_item("code", code_name(*number))?;
            }
            Outcome::Ordered | Outcome::Sealed => {}
        }
        out.append(row)?;
    }
    Ok(out)
}

fn add_receipt(py: Python<'_>, row: &Bound<'_, PyDict>, receipt: &Receipt) -> PyResult<()> {
    let ok = receipt.status == ReceiptStatus::Ok;
    row.set_item("sender", receipt.sender.0)?;
    row.set_item("lane", receipt.lane)?;
    row.set_item("sequence", receipt.sequence)?;
    row.set_item("status", if ok { "ok" } else { "failed" })?;
    row.set_item("code", String::from_utf8_lossy(&receipt.code))?;
    row.set_item("gas_used", receipt.gas_used)?;
    row.set_item("steps", receipt.steps)?;
    row.set_item("result", PyBytes::new(py, &receipt.result))?;
    row.set_item("events", list(py, &receipt.events, event_dict)?)
}

fn event_dict<'py>(py: Python<'py>, event: &Event) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("contract", event.contract.0)?;
    out.set_item("kind", event.kind)?;
    out.set_item("data", PyBytes::new(py, &event.data))?;
    Ok(out)
}

fn signatures(signatures: &[CertificateSignature]) -> Vec<(u16, [u8; 64])> {
    signatures
        .iter()
        .map(|s| (s.replica.0, s.signature.0))
        .collect()
}

fn commit_dict<'py>(py: Python<'py>, receipts: &Receipts) -> PyResult<Bound<'py, PyDict>> {
    let certificate = &receipts.commit;
    let out = PyDict::new(py);
    out.set_item("view", certificate.view.0)?;
    out.set_item("height", certificate.height.0)?;
    out.set_item("block", certificate.block.0)?;
    out.set_item("signatures", signatures(&certificate.signatures))?;
    Ok(out)
}

fn result_certificate_dict<'py>(
    py: Python<'py>,
    receipts: &Receipts,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let Some(certificate) = &receipts.result else {
        return Ok(None);
    };
    let out = PyDict::new(py);
    out.set_item("height", certificate.statement.height.0)?;
    out.set_item("block", certificate.statement.block.0)?;
    out.set_item("state_root", certificate.statement.state_root.0)?;
    out.set_item("receipts_root", certificate.statement.receipts_root.0)?;
    out.set_item("body", certificate.statement.body.0)?;
    out.set_item("signatures", signatures(&certificate.signatures))?;
    Ok(Some(out))
}
