//! Building a site into a folder.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::{Hugo, HugoError};

/// What a build that succeeded said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildOutput {
    /// Its warnings, one per line, without the `WARN` in front, sorted and each once.
    pub warnings: Vec<String>,
}

impl Hugo {
    /// Builds the site in `source_dir` into `destination`. Drafts and future pages stay out, as on the live site. The
    /// cache lies beside the destination, so that removing its parent removes everything but what the site itself keeps.
    ///
    /// # Errors
    /// See [`HugoError`].
    pub async fn build(
        &self,
        source_dir: &Path,
        destination: &Path,
        timeout: Duration,
    ) -> Result<BuildOutput, HugoError> {
        let unusable = |why: std::io::Error| HugoError::Failed { message: format!("{}: {why}", destination.display()) };
        std::fs::create_dir_all(destination).map_err(unusable)?;
        let destination = destination.canonicalize().map_err(unusable)?;
        let source = source_dir.canonicalize().map_err(|why| HugoError::Failed {
            message: format!("the site's folder {}: {why}", source_dir.display()),
        })?;
        let cache = destination.parent().unwrap_or(&destination).join("hugo-cache");
        let mut arguments: Vec<OsString> = vec!["build".into(), "--noBuildLock".into(), "--enableGitInfo=false".into()];
        arguments.extend(["--printPathWarnings".into(), "--destination".into(), destination.clone().into_os_string()]);
        if let Some(at) = self.clock {
            arguments.extend(["--clock".into(), at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into()]);
        }
        let said = self.run(arguments, Some(&source), Some(&cache), timeout).await?;
        let mut warnings: Vec<String> = said
            .err
            .lines()
            .chain(said.out.lines())
            .filter_map(|line| line.trim().strip_prefix("WARN"))
            .map(|line| line.trim().to_owned())
            .collect();
        warnings.sort();
        warnings.dedup();
        Ok(BuildOutput { warnings })
    }
}
