//! Building a site into a folder.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::child::{self, Surroundings};
use super::{Hugo, HugoError, advice};

/// How a site is built: the section `[site.build]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BuildOptions {
    /// A command in the place of `hugo build`, as its words: no shell reads it. `{source}` and `{destination}` in them become
    /// folders; it runs in the first and has to leave the site in the second. `{themes}` becomes the folder of themes, `{clock}`
    /// the time that the build is made at (RFC 3339). Empty: Hugo itself.
    pub command: Vec<String>,
    /// A folder that holds the site's themes, for a theme that is a git submodule: what is exported has no submodules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub themes: Option<PathBuf>,
}

impl BuildOptions {
    /// Checks that the site can be built by these.
    ///
    /// # Errors
    /// What is wrong with them, and what is expected.
    pub fn check(&self) -> Result<(), String> {
        if !self.command.is_empty() && !self.command.iter().any(|word| word.contains(DESTINATION)) {
            return Err(format!(
                "`command` does not name {DESTINATION}: it has to leave the site there, and would write elsewhere"
            ));
        }
        let names_themes = self.command.iter().any(|word| word.contains(THEMES));
        if names_themes && self.themes.is_none() {
            return Err(format!(
                "`command` names {THEMES}, and `themes` names no folder: name it, or leave {THEMES} out"
            ));
        }
        if !self.command.is_empty() && !names_themes && self.themes.is_some() {
            return Err(format!(
                "`command` does not name {THEMES}, so that it would build without the folder in `themes`: tell it, as in \
                 \"--themesDir\", \"{THEMES}\", or leave `themes` out"
            ));
        }
        match self.command.first() {
            Some(program) if program.trim().is_empty() => Err("`command` begins with the name of a program".into()),
            _ => Ok(()),
        }
    }
}

const SOURCE: &str = "{source}";
const DESTINATION: &str = "{destination}";
const THEMES: &str = "{themes}";
const CLOCK: &str = "{clock}";

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
        let unusable = |why: std::io::Error| HugoError::failed(format!("{}: {why}", destination.display()));
        std::fs::create_dir_all(destination).map_err(unusable)?;
        let destination = destination.canonicalize().map_err(unusable)?;
        let source = super::folder_of(source_dir)?;
        let cache = destination.parent().unwrap_or(&destination).join("hugo-cache");
        let around = Surroundings { source: Some(&source), cache: Some(&cache) };
        let said = match self.build.command.split_first() {
            None => {
                let mut arguments: Vec<OsString> = vec!["build".into(), "--enableGitInfo=false".into()];
                arguments.extend(["--printPathWarnings".into(), "--destination".into(), destination.into_os_string()]);
                arguments.extend(self.common(&source));
                child::run(self.binary.as_os_str(), arguments, around, timeout).await?
            }
            Some((program, rest)) => {
                let clock = self.clock.map(told).map(OsString::from);
                if clock.is_none() && self.build.command.iter().any(|word| word.contains(CLOCK)) {
                    return Err(HugoError::failed(format!("the command names {CLOCK}, and it was given no time")));
                }
                let clock = clock.unwrap_or_default();
                let themes = self.build.themes.clone().unwrap_or_default();
                let values = [
                    (SOURCE, source.as_os_str()),
                    (DESTINATION, destination.as_os_str()),
                    (THEMES, themes.as_os_str()),
                    (CLOCK, clock.as_os_str()),
                ];
                let words = rest.iter().map(|word| filled(word, &values));
                child::run(filled(program, &values).as_os_str(), words, around, timeout).await?
            }
        };
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

    /// What every call about a site is told.
    pub(super) fn common(&self, source: &Path) -> Vec<OsString> {
        let mut arguments: Vec<OsString> =
            vec!["--noBuildLock".into(), "--source".into(), source.as_os_str().to_owned()];
        if let Some(themes) = &self.build.themes {
            arguments.extend(["--themesDir".into(), themes.clone().into_os_string()]);
        }
        if let Some(at) = self.clock {
            arguments.extend(["--clock".into(), told(at).into()]);
        }
        arguments
    }

    /// Why a build that succeeded left none of the site's pages.
    pub fn wrote_nothing(source_dir: &Path, pages: usize) -> HugoError {
        let step = advice::missing_theme(Some(source_dir));
        HugoError::failed(format!(
            "it ended well and wrote none of the site's {pages} pages, as it does without layouts\nNext: {step}"
        ))
    }
}

/// A time as Hugo takes it.
fn told(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A word of the command with its values filled in. What is filled in is not looked at again.
fn filled(word: &str, values: &[(&str, &OsStr)]) -> OsString {
    let mut out = OsString::new();
    let mut rest = word;
    while let Some(at) = rest.find('{') {
        let tail = &rest[at..];
        let brace = ("{", OsStr::new("{"));
        let (name, value) = values.iter().find(|(name, _)| tail.starts_with(name)).copied().unwrap_or(brace);
        out.push(&rest[..at]);
        out.push(value);
        rest = &tail[name.len()..];
    }
    out.push(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_filled_into_the_words_of_a_command() {
        let values = [(SOURCE, OsStr::new("/s{clock}")), (DESTINATION, OsStr::new("/d")), (CLOCK, OsStr::new("now"))];
        let fill = |word: &str| filled(word, &values).into_string().unwrap();
        assert_eq!(fill("--out={destination}/x{source}"), "--out=/d/x/s{clock}");
        assert_eq!(fill("{clock}"), "now");
        assert_eq!(fill("{other} {"), "{other} {");
    }

    #[test]
    fn a_command_that_would_write_elsewhere_is_refused() {
        let of = |words: &[&str]| BuildOptions {
            command: words.iter().map(|w| (*w).to_owned()).collect(),
            ..BuildOptions::default()
        };
        assert!(of(&["npm", "run", "build"]).check().unwrap_err().contains("{destination}"));
        assert!(of(&["", "{destination}"]).check().is_err());
        assert_eq!(of(&["npm", "run", "build", "--", "{destination}"]).check(), Ok(()));
        assert_eq!(of(&[]).check(), Ok(()));
        let themed = |words: &[&str]| BuildOptions { themes: Some("themes".into()), ..of(words) };
        assert!(themed(&["npm", "{destination}"]).check().unwrap_err().contains("{themes}"));
        assert_eq!(themed(&["npm", "{destination}", "{themes}"]).check(), Ok(()));
        assert_eq!(themed(&[]).check(), Ok(()));
        assert!(of(&["npm", "{destination}", "{themes}"]).check().unwrap_err().contains("`themes`"));
    }
}
