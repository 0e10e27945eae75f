//! Questions, sealed like transactions and never ordered, and what answers prove.
//! A question is encoded by the function of its kind and sealed by one for all.

use daicho_crypto::{open_answer as open_sealed_answer, seal_query as seal_question};
use daicho_state::{InclusionProof, RangeProof};
use daicho_types::codec::{Blob, Decode, Encode};
use daicho_types::envelope::{
    AsOf, ContractQuestion, QueryAnswer, Question, RowQuestion, RowsQuestion,
};
use daicho_types::ledger::{Compartment, Row};
use daicho_types::result::ReceiptStatus;
use daicho_types::trace::{Trace, TraceQuestion, WholeTrace};
use daicho_types::{Alias, ConsensusTime, ContractId, Digest, Height};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::receipts::event_dict;
use super::replies::list;
use super::sealing::{Session, Signer, too_large};
use super::unproved;
use crate::genesis::bad;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(ask_contract, module)?)?;
    module.add_function(wrap_pyfunction!(ask_rows, module)?)?;
    module.add_function(wrap_pyfunction!(ask_row, module)?)?;
    module.add_function(wrap_pyfunction!(ask_keys, module)?)?;
    module.add_function(wrap_pyfunction!(ask_trace, module)?)?;
    module.add_function(wrap_pyfunction!(open_trace, module)?)?;
    module.add_function(wrap_pyfunction!(seal_query, module)?)?;
    module.add_function(wrap_pyfunction!(open_answer, module)?)?;
    module.add_function(wrap_pyfunction!(prove_rows, module)?)?;
    module.add_function(wrap_pyfunction!(prove_row, module)?)
}

/// A moment: None for now, ("height", h) or ("time", microseconds).
type Moment = Option<(String, u64)>;

/// A contract's query.
#[pyfunction]
#[pyo3(signature = (*, contract, query, arguments, at = None))]
fn ask_contract(
    py: Python<'_>,
    contract: u32,
    query: u32,
    arguments: Vec<u8>,
    at: Moment,
) -> PyResult<Bound<'_, PyBytes>> {
    let question = Question::Contract(ContractQuestion {
        contract: ContractId(contract),
        query,
        arguments: Blob::new(arguments).map_err(bad)?,
        at: as_of(at)?,
    });
    Ok(encoded(py, &question))
}

/// All rows of a compartment between two keys, with a proof; `compartment` is 17
/// bytes: kind and holder.
#[pyfunction]
#[pyo3(signature = (*, compartment, lo, hi, at = None))]
fn ask_rows(
    py: Python<'_>,
    compartment: [u8; 17],
    lo: Vec<u8>,
    hi: Vec<u8>,
    at: Moment,
) -> PyResult<Bound<'_, PyBytes>> {
    let question = Question::Rows(RowsQuestion {
        compartment,
        lo: Blob::new(lo).map_err(bad)?,
        hi: Blob::new(hi).map_err(bad)?,
        at: as_of(at)?,
    });
    Ok(encoded(py, &question))
}

/// One row of a compartment, with a proof that may be shown on.
#[pyfunction]
#[pyo3(signature = (*, compartment, key, at = None))]
fn ask_row(
    py: Python<'_>,
    compartment: [u8; 17],
    key: Vec<u8>,
    at: Moment,
) -> PyResult<Bound<'_, PyBytes>> {
    let question = Question::Row(RowQuestion {
        compartment,
        key: Blob::new(key).map_err(bad)?,
        at: as_of(at)?,
    });
    Ok(encoded(py, &question))
}

/// The compartment keys that the asker holds.
#[pyfunction]
fn ask_keys(py: Python<'_>) -> Bound<'_, PyBytes> {
    encoded(py, &Question::CompartmentKeys(()))
}

/// A committed transaction, run once more; `height` is that of its receipt.
#[pyfunction]
fn ask_trace(py: Python<'_>, tx_id: [u8; 32], height: u64) -> Bound<'_, PyBytes> {
    let (tx_id, height) = (Digest(tx_id), Height(height));
    encoded(py, &Question::Trace(TraceQuestion { tx_id, height }))
}

/// The trace inside an answer's result.
#[pyfunction]
fn open_trace<'py>(py: Python<'py>, result: &[u8]) -> PyResult<Bound<'py, PyDict>> {
    let trace = Trace::from_bytes(result).map_err(bad)?;
    let out = PyDict::new(py);
    out.set_item("index", trace.index)?;
    let ok = trace.status == ReceiptStatus::Ok;
    out.set_item("status", if ok { "ok" } else { "failed" })?;
    out.set_item("code", String::from_utf8_lossy(&trace.code))?;
    let failed_at = trace.failed_at.map(|place| (place.function, place.line));
    out.set_item("failed_at", failed_at)?;
    let contracts = trace.contracts.iter().map(|it| {
        let (name, file) = (text(&it.name), text(&it.file));
        (it.contract.0, PyBytes::new(py, &it.code.0), name, file)
    });
    out.set_item("contracts", contracts.collect::<Vec<_>>())?;
    let functions = trace.functions.iter();
    let functions = functions.map(|it| (it.contract, text(&it.name)));
    out.set_item("functions", functions.collect::<Vec<_>>())?;
    match &trace.whole {
        None => out.set_item("whole", py.None())?,
        Some(whole) => out.set_item("whole", whole_dict(py, whole)?)?,
    }
    Ok(out)
}

fn whole_dict<'py>(py: Python<'py>, whole: &WholeTrace) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("gas_used", whole.gas_used)?;
    out.set_item("gas_before", whole.gas_before)?;
    out.set_item("steps", whole.steps)?;
    out.set_item("result", PyBytes::new(py, &whole.result))?;
    out.set_item("events", list(py, &whole.events, event_dict)?)?;
    let lines = whole.lines.iter();
    let lines = lines.map(|it| (it.place.function, it.place.line, it.gas));
    out.set_item("lines", lines.collect::<Vec<_>>())?;
    out.set_item("cut", whole.cut)?;
    Ok(out)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn encoded<'py>(py: Python<'py>, question: &Question) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &question.to_bytes())
}

fn as_of(at: Moment) -> PyResult<AsOf> {
    match at.as_ref().map(|(kind, value)| (kind.as_str(), *value)) {
        None => Ok(AsOf::Latest(())),
        Some(("height", height)) => Ok(AsOf::Height(Height(height))),
        Some(("time", time)) => Ok(AsOf::Time(ConsensusTime(time))),
        Some((kind, _)) => Err(PyValueError::new_err(format!("{kind:?} names no state"))),
    }
}

/// Seals an encoded question to the executors.
#[pyfunction]
#[pyo3(signature = (signer, session, question, *, sender, nonce, expiry_us))]
fn seal_query<'py>(
    py: Python<'py>,
    signer: &Signer,
    session: &Session,
    question: &[u8],
    sender: [u8; 16],
    nonce: [u8; 16],
    expiry_us: u64,
) -> PyResult<Bound<'py, PyBytes>> {
    let question = Question::from_bytes(question).map_err(bad)?;
    let query = seal_question(
        &signer.0,
        &session.0,
        Alias(sender),
        nonce,
        ConsensusTime(expiry_us),
        &question,
    );
    let query = query.ok_or_else(too_large)?;
    Ok(PyBytes::new(py, &query.to_bytes()))
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
        .map_err(|error| unproved(&error))?;
    let pair = |(key, row): Row| (PyBytes::new(py, &key), PyBytes::new(py, &row));
    Ok(rows.into_iter().map(pair).collect())
}
fn compartment(name: &[u8; 17]) -> PyResult<Compartment> {
    Compartment::from_bytes(name).ok_or_else(|| PyValueError::new_err("no such compartment"))
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
        .map_err(|error| unproved(&error))?;
    Ok((PyBytes::new(py, key), PyBytes::new(py, row)))
}

#[pyfunction]
fn open_answer<'py>(
    py: Python<'py>,
    session: &Session,
    nonce: [u8; 16],
    sealed: &[u8],
) -> PyResult<Bound<'py, PyDict>> {
    let opened = open_sealed_answer(&session.0.secret, &nonce, sealed);
    let opened = opened.map_err(|error| unproved(&error))?;
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
