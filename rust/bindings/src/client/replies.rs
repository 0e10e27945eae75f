//! The frames between a client and a gateway.

use daicho_crypto::block_digest;
use daicho_types::block::CommittedBlock;
use daicho_types::codec::{Blob, Decode, Encode, List};
use daicho_types::envelope::SealedQuery;
use daicho_types::gateway::{Ask, CertifiedResult, Range, Reply, Request, Say, Submit, Wait};
use daicho_types::{Code, Digest, Height};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyList};

use crate::genesis::bad;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(encode_submit, module)?)?;
    module.add_function(wrap_pyfunction!(encode_query, module)?)?;
    module.add_function(wrap_pyfunction!(encode_receipt, module)?)?;
    module.add_function(wrap_pyfunction!(encode_status, module)?)?;
    module.add_function(wrap_pyfunction!(encode_blocks, module)?)?;
    module.add_function(wrap_pyfunction!(encode_results, module)?)?;
    module.add_function(wrap_pyfunction!(decode_reply, module)?)
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

pub fn list<'py, T>(
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

pub fn code_name(number: u16) -> String {
    Code::from_number(number).map_or_else(|| format!("CODE_{number}"), |code| code.name().into())
}

pub fn block_dict<'py>(py: Python<'py>, block: &CommittedBlock) -> PyResult<Bound<'py, PyDict>> {
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

pub fn result_dict<'py>(py: Python<'py>, result: &CertifiedResult) -> PyResult<Bound<'py, PyDict>> {
    let statement = &result.certificate.statement;
    let out = PyDict::new(py);
    out.set_item("height", statement.height.0)?;
    out.set_item("block", statement.block.0)?;
    out.set_item("state_root", statement.state_root.0)?;
    out.set_item("receipts_root", statement.receipts_root.0)?;
    out.set_item("events_root", statement.events_root.0)?;
    out.set_item("body", PyBytes::new(py, &result.body.to_bytes()))?;
    out.set_item("bytes", PyBytes::new(py, &result.to_bytes()))?;
    Ok(out)
}
