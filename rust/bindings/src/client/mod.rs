//! The hot half of the gateway client: sealing and signing, the frames of the
//! gateway, and the check of receipts with the GIL released. What is signed,
//! sealed and checked stands in `daicho_crypto`; here it meets Python.

mod asking;
mod receipts;
mod replies;
mod sealing;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

pyo3::create_exception!(
    _native,
    VerificationError,
    PyValueError,
    "A reply proves nothing."
);

/// Adds what these files expose to `daicho._native`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let error = module.py().get_type::<VerificationError>();
    module.add("VerificationError", error)?;
    sealing::register(module)?;
    asking::register(module)?;
    replies::register(module)?;
    receipts::register(module)
}

fn unproved(error: &impl ToString) -> PyErr {
    VerificationError::new_err(error.to_string())
}
