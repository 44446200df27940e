//! The file of a database that has to outlive its process, not its machine.

use redb::StorageBackend;
use redb::backends::FileBackend;
use std::fs::{OpenOptions, TryLockError};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A file that belongs to this process. What is written is with the kernel, which keeps it when the
/// process is killed; waiting for the disk would make each write a hundred times slower.
#[derive(Debug)]
pub(super) struct File {
    backend: FileBackend,
    /// Holds the lock.
    lock: std::fs::File,
}

impl File {
    /// Open it, or make it. It holds tokens and secret keys: nobody else may read it.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        let lock = file.try_clone()?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => Error::new(ErrorKind::ResourceBusy, "another process uses it"),
            TryLockError::Error(error) => error,
        })?;
        let backend = FileBackend::new(file).map_err(|error| Error::other(error.to_string()))?;
        Ok(Self { backend, lock })
    }

    /// Forget what is in it.
    pub(super) fn clear(&self) -> Result<(), Error> {
        self.lock.set_len(0)
    }
}

impl StorageBackend for File {
    fn len(&self) -> Result<u64, Error> {
        self.backend.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        self.backend.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), Error> {
        self.backend.set_len(len)
    }

    fn sync_data(&self) -> Result<(), Error> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        self.backend.write(offset, data)
    }

    fn close(&self) -> Result<(), Error> {
        self.lock.unlock()?;
        self.backend.close()
    }
}
