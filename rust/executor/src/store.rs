//! The executor's own file: one encrypted record per executed block, appended
//! and synced before the result is signed away. It can always be rebuilt from
//! the chain, so damage costs time and never data.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The file's name inside the executor's home.
const FILE: &str = "journal";

/// An append-only file of records.
#[derive(Debug)]
pub struct Store {
    file: File,
    path: PathBuf,
    end: u64,
}

impl Store {
    /// Opens the journal in `home`, making it when it is not there; returns
    /// its bytes as they stand. Waits while another process has it: the
    /// executor of a node that was killed may still be on its way out.
    ///
    /// # Errors
    /// When the file cannot be opened or read.
    pub fn open(home: &Path) -> io::Result<(Self, Vec<u8>)> {
        let path = home.join(FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        file.lock()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let end = bytes.len() as u64;
        Ok((Self { file, path, end }, bytes))
    }

    /// Cuts everything from byte `end` on: a record that was being written
    /// when the machine stopped.
    ///
    /// # Errors
    /// When the file cannot be cut or synced.
    pub fn cut(&mut self, end: u64) -> io::Result<()> {
        assert!(end <= self.end, "a cut never lengthens");
        self.file.set_len(end)?;
        self.file.seek(SeekFrom::Start(end))?;
        self.end = end;
        self.file.sync_data()
    }

    /// Appends one record and syncs it.
    ///
    /// # Errors
    /// When the bytes cannot be made durable. The process must end: what the
    /// kernel dropped once it may have dropped for good.
    pub fn append(&mut self, record: &[u8]) -> io::Result<()> {
        self.file.write_all(record)?;
        self.file.sync_data()?;
        self.end += record.len() as u64;
        Ok(())
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}
