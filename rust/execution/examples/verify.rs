//! Verifies artefact files and prints what each declares:
//! `cargo run -p daicho-execution --example verify -- FILE…`. Exit 1 when one is
//! refused.

use std::process::ExitCode;

use daicho_execution::{Module, verify};

fn main() -> ExitCode {
    let mut refused = false;
    for path in std::env::args().skip(1) {
        let checked = std::fs::read(&path)
            .map_err(|error| error.to_string())
            .and_then(|bytes| describe(&bytes));
        match checked {
            Ok(line) => println!("{path}: {line}"),
            Err(reason) => {
                println!("{path}: refused: {reason}");
                refused = true;
            }
        }
    }
    ExitCode::from(u8::from(refused))
}

fn describe(bytes: &[u8]) -> Result<String, String> {
    let module = Module::decode(bytes).map_err(|error| error.to_string())?;
    let verified = verify(&module).map_err(|error| error.to_string())?;
    let names = |entries: &[daicho_execution::EntryDecl]| {
        let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
        names.join(" ")
    };
    Ok(format!(
        "{} ok, {} bytes, {} units, entries: {}; queries: {}",
        module.name,
        bytes.len(),
        verified.units(),
        names(&module.entries),
        names(&module.queries)
    ))
}
