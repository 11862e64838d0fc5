//! The Hugo version that a site asks for: in its workflows, at Netlify, or in files of version managers.

use std::path::Path;

use super::walk;

/// The Hugo version that the site in a folder asks for, where it names one.
pub fn wanted_hugo(repo_dir: &Path) -> Option<String> {
    wanted(repo_dir, &mut Vec::new())
}

/// True for two spellings of one version: `0.147` is `0.147.0`.
pub fn is_same_hugo(one: &str, other: &str) -> bool {
    let parts = |version: &str| -> Vec<u64> {
        let mut parts: Vec<u64> = version.split('.').map(|part| part.parse().unwrap_or(0)).collect();
        parts.resize(3, 0);
        parts
    };
    parts(one) == parts(other)
}

pub(super) fn wanted(root: &Path, notes: &mut Vec<String>) -> Option<String> {
    let mut files = walk::files(root, ".github/workflows", |n| n.ends_with(".yml") || n.ends_with(".yaml"));
    files.extend(
        ["netlify.toml", ".gitlab-ci.yml", ".forgejo/workflows/deploy.yml", ".tool-versions", "vercel.json"]
            .map(str::to_owned),
    );
    let mut found: Option<String> = None;
    for path in files {
        let Some(version) = walk::text(root, &path).as_deref().and_then(named) else { continue };
        notes.push(format!("Hugo {version} is named in {path}"));
        found.get_or_insert(version);
    }
    found
}

/// The first version behind a word that means Hugo's (`hugo-version: '0.147.2'`, `HUGO_VERSION = "0.120.4"`).
fn named(text: &str) -> Option<String> {
    text.lines().filter(|line| !line.trim_start().starts_with('#')).find_map(|line| {
        let lower = line.to_lowercase();
        let at = ["hugo-version", "hugo_version", "hugo-extended ", "hugo "]
            .iter()
            .find_map(|m| Some(lower.find(m)? + m.len()))?;
        let rest = lower.get(at..)?.trim_start_matches([' ', ':', '=', '"', '\'', 'v']);
        let version: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let version = version.trim_end_matches('.').to_owned();
        (version.contains('.') && version.len() <= 20).then_some(version)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_may_leave_out_its_zeros() {
        assert!(is_same_hugo("0.147", "0.147.0") && is_same_hugo("0.147.2", "0.147.2"));
        assert!(!is_same_hugo("0.147", "0.147.2") && !is_same_hugo("0.14", "0.147"));
    }

    #[test]
    fn versions_are_found_in_the_forms_that_sites_use() {
        for (text, version) in [
            ("with:\n  hugo-version: '0.147.2'\n  extended: true", Some("0.147.2")),
            ("[build.environment]\nHUGO_VERSION = \"0.120.4\"", Some("0.120.4")),
            ("env:\n  HUGO_VERSION: 0.128.0", Some("0.128.0")),
            ("# hugo-version: 0.1\nhugo-version: latest", None),
            ("hugo 0.111.3\nnodejs 20", Some("0.111.3")),
            ("run: hugo --minify", None),
        ] {
            assert_eq!(named(text).as_deref(), version, "{text}");
        }
    }
}
