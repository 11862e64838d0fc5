//! Other programs that do the same, run on the same folder in the same run.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use serde::de::DeserializeOwned;

/// Where the peers are: a Python that has `evals/peers/requirements.txt` installed. Without one they are left out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Peers {
    /// The interpreter.
    pub(crate) python: Option<PathBuf>,
}

impl Peers {
    /// Runs `evals/peers/SCRIPT.py ARGS…`, which prints one JSON document. `None` where there are no peers.
    ///
    /// # Errors
    /// Where the script fails or prints something else.
    pub(crate) fn ask<T: DeserializeOwned>(&self, script: &str, args: &[String]) -> anyhow::Result<Option<T>> {
        let Some(python) = &self.python else { return Ok(None) };
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("peers").join(format!("{script}.py"));
        let output = Command::new(python)
            .arg(&path)
            .args(args)
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("cannot start {}", python.display()))?;
        anyhow::ensure!(output.status.success(), "{} failed ({})", path.display(), output.status);
        let answer = serde_json::from_slice(&output.stdout);
        Ok(Some(answer.with_context(|| format!("{} printed no JSON that is known here", path.display()))?))
    }
}
