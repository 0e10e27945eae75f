//! Copies the contract set to where maturin picks it up for the wheel.
//!
//! `contracts/` stands at the root of the repository, outside the Python
//! package; in the wheel it is `daicho/_contracts` (pyproject.toml, `include`).

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folders below `contracts/` that nest deeper than this are a mistake.
const DEPTH_MAX: usize = 8;

fn main() -> io::Result<()> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
    let out = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    let target = PathBuf::from(out).join("_contracts");
    println!("cargo::rerun-if-changed={}", source.display());
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    if source.is_dir() {
        copy_tree(&source, &target, DEPTH_MAX)?;
    }
    Ok(())
}

/// Copies the files below `source`, but for Python's caches.
fn copy_tree(source: &Path, target: &Path, depth: usize) -> io::Result<()> {
    assert!(depth > 0, "contracts/ nests too deep");
    fs::create_dir_all(target)?;
    for entry in fs::read_dir(source)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or(OsStr::new(""));
        if path.is_dir() {
            if name != "__pycache__" {
                copy_tree(&path, &target.join(name), depth - 1)?;
            }
        } else {
            fs::copy(&path, target.join(name))?;
        }
    }
    Ok(())
}
