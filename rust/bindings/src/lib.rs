//! `daicho._native`: the only crate that names Python.
//!
//! One file per thing it exposes, each with a `register` function that adds
//! its classes and functions to the module; nothing is computed here.

mod bench;
mod client;
mod contract_vm;
mod echo;
mod frames;
mod genesis;
mod node;
mod rehearsal;
mod verify;

use pyo3::prelude::*;

/// Version of the native module, the same as the Python distribution's.
#[pyfunction]
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// The module `daicho._native`.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(version, module)?)?;
    module.add("FRAME_BYTES_MAX", daicho_types::limits::FRAME_BYTES_MAX)?;
    echo::register(module)?;
    bench::register(module)?;
    client::register(module)?;
    contract_vm::register(module)?;
    genesis::register(module)?;
    node::register(module)?;
    rehearsal::register(module)?;
    verify::register(module)
}
