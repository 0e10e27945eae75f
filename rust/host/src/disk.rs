//! Segments as files: the storage that `log` writes to in production.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use daicho_node::storage::{SegmentInfo, Storage, StorageError, Stream, Write, file_name};

/// The segments below one node's home.
#[derive(Debug)]
pub struct Disk {
    home: PathBuf,
    open: BTreeMap<(Stream, u32), File>,
    /// Syncs so far.
    pub syncs: u64,
}

impl Disk {
    /// Opens the folders `log` and `results` in `home`, making them if need be.
    ///
    /// # Errors
    /// When a folder cannot be made.
    pub fn open(home: &Path) -> io::Result<Self> {
        for stream in Stream::ALL {
            fs::create_dir_all(home.join(stream.folder()))?;
        }
        Ok(Self {
            home: home.to_owned(),
            open: BTreeMap::new(),
            syncs: 0,
        })
    }

    fn path(&self, stream: Stream, segment: u32) -> PathBuf {
        self.home.join(file_name(stream, segment))
    }

    fn for_writing(&mut self, stream: Stream, segment: u32) -> io::Result<&File> {
        if !self.open.contains_key(&(stream, segment)) {
            let path = self.path(stream, segment);
            let fresh = !path.exists();
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)?;
            if fresh {
                // The segment's existence must outlive a crash as well.
                File::open(self.home.join(stream.folder()))?.sync_all()?;
            }
            self.open.retain(|(other, _), _| *other != stream);
            self.open.insert((stream, segment), file);
        }
        Ok(&self.open[&(stream, segment)])
    }
}

fn failed(
    operation: &'static str,
    stream: Stream,
    segment: u32,
) -> impl FnOnce(io::Error) -> StorageError {
    move |error| StorageError {
        operation,
        file: file_name(stream, segment),
        reason: error.to_string(),
    }
}

impl Storage for Disk {
    fn segments(&self, stream: Stream) -> Result<Vec<SegmentInfo>, StorageError> {
        let listed = || -> io::Result<Vec<SegmentInfo>> {
            let mut found = Vec::new();
            for entry in fs::read_dir(self.home.join(stream.folder()))? {
                let entry = entry?;
                let name = entry.file_name();
                let number = name.to_str().and_then(|name| name.strip_suffix(".seg"));
                if let Some(number) = number.and_then(|number| number.parse().ok()) {
                    found.push(SegmentInfo {
                        number,
                        bytes: entry.metadata()?.len(),
                    });
                }
            }
            found.sort_by_key(|info| info.number);
            Ok(found)
        };
        listed().map_err(failed("list", stream, 0))
    }

    fn read(
        &self,
        stream: Stream,
        segment: u32,
        offset: u64,
        length: usize,
    ) -> Result<Vec<u8>, StorageError> {
        let read = || -> io::Result<Vec<u8>> {
            let mut bytes = vec![0; length];
            File::open(self.path(stream, segment))?.read_exact_at(&mut bytes, offset)?;
            Ok(bytes)
        };
        read().map_err(failed("read", stream, segment))
    }

    fn write(&mut self, write: &Write) -> Result<(), StorageError> {
        let (stream, segment) = (write.stream, write.segment);
        self.for_writing(stream, segment)
            .and_then(|file| file.write_all_at(&write.bytes, write.offset))
            .map_err(failed("write", stream, segment))
    }

    fn sync(&mut self, stream: Stream, segment: u32) -> Result<(), StorageError> {
        self.syncs += 1;
        self.for_writing(stream, segment)
            .and_then(File::sync_data)
            .map_err(failed("sync", stream, segment))
    }

    fn truncate(&mut self, stream: Stream, segment: u32, bytes: u64) -> Result<(), StorageError> {
        self.for_writing(stream, segment)
            .and_then(|file| {
                file.set_len(bytes)?;
                file.sync_all()
            })
            .map_err(failed("truncate", stream, segment))
    }
}
