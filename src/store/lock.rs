//! The runner's lock: a file lock that the kernel frees at death. The fence in the database keeps out a process that lost it
//! without noticing.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::Path;

use super::{Result, StoreError};

/// Held as long as this process is the runner.
#[derive(Debug)]
pub struct RunnerLock {
    _file: File,
}

/// What the runner does; written into the lock file, so that others can say whom they wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// One run, or one action of a person.
    Run,
    /// The daemon.
    Daemon,
}

/// Whether the lock was to be had.
#[derive(Debug)]
pub enum Taken {
    /// This process is the runner now.
    Yes(RunnerLock),
    /// Another process is.
    No(Role),
}

impl RunnerLock {
    /// Tries to become the runner of the database at `path`.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the lock file cannot be made or locked at all.
    pub fn take(path: &Path, role: Role) -> Result<Taken> {
        let path = path.with_extension("lock");
        let io = |source| StoreError::Io { path: path.clone(), source };
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(io)?;
        }
        let mut file =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {
                let name = if role == Role::Daemon { "daemon" } else { "run" };
                file.set_len(0).and_then(|()| file.write_all(name.as_bytes())).map_err(io)?;
                Ok(Taken::Yes(Self { _file: file }))
            }
            Err(TryLockError::WouldBlock) => {
                let mut said = String::new();
                // A runner that is just writing its role is taken for a run: others then try again later.
                let _ = file.read_to_string(&mut said);
                Ok(Taken::No(if said == "daemon" { Role::Daemon } else { Role::Run }))
            }
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }
}
