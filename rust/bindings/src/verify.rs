//! `daicho._native.verify_home`: what is damaged in a node's stored data.

use std::path::PathBuf;

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::genesis::genesis_of;

/// Adds what this file exposes to `daicho._native`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(verify_home, module)?)
}

/// Everything wrong below `home`: dicts of code, file, offset, height, message.
#[pyfunction]
fn verify_home<'py>(
    py: Python<'py>,
    home: PathBuf,
    genesis: &[u8],
) -> PyResult<Bound<'py, PyList>> {
    let genesis = genesis_of(genesis)?;
    let found = py.detach(|| daicho_host::verify_home(&home, &genesis));
    let out = PyList::empty(py);
    for finding in found.map_err(|error| PyOSError::new_err(error.to_string()))? {
        let row = PyDict::new(py);
        row.set_item("code", finding.code.name())?;
        row.set_item("file", finding.file)?;
        row.set_item("offset", finding.offset)?;
        row.set_item("height", finding.height.map(|height| height.0))?;
        row.set_item("message", finding.what)?;
        out.append(row)?;
    }
    Ok(out)
}
