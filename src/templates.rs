//! The templates built into the program, and a folder that may override them.
//!
//! A template's name is one of a closed list: nothing from outside ever names one.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

/// Every template by name. Names are paths inside `templates/` and inside the folder that overrides them.
const BUILT_IN: &[(&str, &str)] = &[
    ("prompts/classify.md", include_str!("../templates/prompts/classify.md")),
    ("prompts/triage.md", include_str!("../templates/prompts/triage.md")),
    ("prompts/draft.md", include_str!("../templates/prompts/draft.md")),
    ("prompts/judge.md", include_str!("../templates/prompts/judge.md")),
];

/// A template larger than this is refused: it is not one.
const MAX_BYTES: u64 = 1_000_000;

/// Why a template cannot be used. Each is the owner's to mend, since outside text never becomes a template.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// No template has this name.
    #[error("there is no template `{0}`")]
    Unknown(String),
    /// The override is there but cannot be read.
    #[error("template {path} cannot be read: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        why: String,
    },
    /// The template does not parse or does not render.
    #[error("template `{name}`: {why}")]
    Broken {
        /// The template.
        name: String,
        /// What is wrong, with the line.
        why: String,
    },
}

/// Where templates come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates {
    folder: Option<PathBuf>,
}

impl Templates {
    /// Only those built in.
    pub fn built_in() -> Self {
        Self::default()
    }

    /// Those of `folder` where it has them (`folder/prompts/draft.md`), else those built in.
    pub fn with_overrides(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()) }
    }

    /// All names, sorted.
    pub fn names() -> Vec<&'static str> {
        let mut names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names
    }

    /// The text of a template.
    ///
    /// # Errors
    /// When there is no such template, or when its override cannot be read.
    pub fn source(&self, name: &str) -> Result<Cow<'static, str>, TemplateError> {
        let (name, built_in) =
            BUILT_IN.iter().find(|(n, _)| *n == name).ok_or_else(|| TemplateError::Unknown(name.to_owned()))?;
        match &self.folder {
            Some(folder) => Ok(overridden(&folder.join(name))?.map_or(Cow::Borrowed(*built_in), Cow::Owned)),
            None => Ok(Cow::Borrowed(built_in)),
        }
    }

    /// Renders a template. Values are escaped where the name ends in `.html` or `.xml`; a value that the template names
    /// but `values` lacks is an error, never an empty place.
    ///
    /// # Errors
    /// When the template cannot be had, does not parse or does not render.
    pub fn render(&self, name: &str, values: impl Serialize) -> Result<String, TemplateError> {
        render_text(name, &self.source(name)?, values)
    }
}

/// Renders the text of a template under the rules of [`Templates::render`].
///
/// # Errors
/// When it does not parse or does not render.
pub fn render_text(name: &str, source: &str, values: impl Serialize) -> Result<String, TemplateError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| match Path::new(name).extension().and_then(|e| e.to_str()) {
        Some("html" | "xml") => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    // A page ends with the newline that its template ends with.
    let broken = |error: minijinja::Error| TemplateError::Broken { name: name.to_owned(), why: format!("{error:#}") };
    environment.set_syntax(SyntaxConfig::builder().keep_trailing_newline(true).build().map_err(broken)?);
    environment.render_named_str(name, source, Serde(values)).map_err(broken)
}

fn overridden(path: &Path) -> Result<Option<String>, TemplateError> {
    let unreadable = |why: String| TemplateError::Unreadable { path: path.display().to_string(), why };
    match std::fs::metadata(path) {
        Ok(found) if found.len() > MAX_BYTES => Err(unreadable(format!("it is larger than {MAX_BYTES} bytes"))),
        Ok(_) => std::fs::read_to_string(path).map(Some).map_err(|error| unreadable(error.to_string())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_wins_and_a_missing_one_does_not_matter() {
        let folder = tempfile::tempdir().unwrap();
        let templates = Templates::with_overrides(folder.path());
        assert_eq!(
            templates.source("prompts/judge.md").unwrap(),
            Templates::built_in().source("prompts/judge.md").unwrap()
        );
        std::fs::create_dir(folder.path().join("prompts")).unwrap();
        std::fs::write(folder.path().join("prompts/judge.md"), "mine").unwrap();
        assert_eq!(templates.source("prompts/judge.md").unwrap(), "mine");
    }

    #[test]
    fn a_name_outside_the_list_reads_no_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.md"), "x").unwrap();
        let error = Templates::with_overrides(folder.path()).source("x.md").unwrap_err();
        assert_eq!(error.to_string(), "there is no template `x.md`");
    }

    #[test]
    fn a_value_that_is_missing_is_an_error_and_html_is_escaped() {
        assert!(render_text("a.md", "{{ nothing }}", ()).is_err());
        let values = std::collections::BTreeMap::from([("x", "<b>")]);
        assert_eq!(render_text("a.html", "{{ x }}", &values).unwrap(), "&lt;b&gt;");
        assert_eq!(render_text("a.md", "{{ x }}", &values).unwrap(), "<b>");
    }
}
