//! Receipts, blocks and results, checked against the genesis.

use std::collections::BTreeMap;
use std::sync::Mutex;

use daicho_crypto::{Known, Outcome, ReceiptChecker};
use daicho_types::block::{CertificateSignature, CommittedBlock};
use daicho_types::codec::{Decode, Encode, List};
use daicho_types::gateway::{CertifiedResult, Receipts, Reply, Say};
use daicho_types::result::{Event, Receipt, ReceiptStatus};
use daicho_types::{ConsensusTime, Digest};
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyList};

use super::replies::{block_dict, code_name, list, result_dict};
use super::sealing::Session;
use super::{VerificationError, unproved};
use crate::genesis::{bad, genesis_of};

/// Transactions a verifier may be waiting for.
const EXPECTED_MAX: usize = 1 << 20;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<ReceiptVerifier>()?;
    module.add_function(wrap_pyfunction!(certified_header, module)?)
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
        checked.map_err(|error| unproved(&error))?;
        block_dict(py, &block)
    }

    /// Checks a certified result whole; what it is.
    fn verify_result<'py>(&self, py: Python<'py>, result: &[u8]) -> PyResult<Bound<'py, PyDict>> {
        let result = CertifiedResult::from_bytes(result).map_err(bad)?;
        let checked = py.detach(|| self.lock().checker.check_certified(&result));
        checked.map_err(|error| unproved(&error))?;
        result_dict(py, &result)
    }

    /// Checks what [`certified_header`] made; the block's height, time, digest
    /// and state root.
    fn verify_header<'py>(&self, py: Python<'py>, proof: &[u8]) -> PyResult<Bound<'py, PyDict>> {
        let proof = Receipts::from_bytes(proof).map_err(bad)?;
        let digest = self.lock().checker.check_block(&proof);
        let digest = digest.map_err(|error| unproved(&error))?;
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

pub fn event_dict<'py>(py: Python<'py>, event: &Event) -> PyResult<Bound<'py, PyDict>> {
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
