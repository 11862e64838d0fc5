//! What to do about the complaints that are about the site's surroundings and not about a page.

use std::path::Path;

/// A complaint with the next step behind it, where one is known.
pub(super) fn with_next_step(complaint: String, source: Option<&Path>) -> String {
    match next_step(&complaint, source) {
        Some(step) => format!("{complaint}\nNext: {step}"),
        None => complaint,
    }
}

fn next_step(complaint: &str, source: Option<&Path>) -> Option<String> {
    let says = |words: &str| complaint.contains(words);
    if says("failed to download modules") || says("\"go\" is not whitelisted") || says("binary with name \"go\"") {
        let vendor = "run `hugo mod vendor` in the site (that needs Go, once) and commit the folder `_vendor`";
        return Some(format!("its theme is a Hugo module, and builds here fetch nothing: {vendor}"));
    }
    if says("failed to load modules") && says("not found in") {
        return Some(missing_theme(source));
    }
    if says("is not whitelisted in policy \"security.exec.allow\"") {
        let command = "name a command of your own that builds the site, as `command` in [site.build]";
        return Some(format!("builds here start no other programs: {command}"));
    }
    if says("is not whitelisted in policy \"security.http.urls\"") {
        return Some("builds here fetch nothing: keep a copy of what the layout fetches in the site".to_owned());
    }
    None
}

/// What to do where no layout was found.
pub(super) fn missing_theme(source: Option<&Path>) -> String {
    let themes = "or name the folder that holds the site's themes, as `themes` in [site.build]";
    match source.and_then(submodule) {
        Some(path) => format!(
            "`{path}` is a git submodule, and it is empty here: run `git submodule update --init` where the site is \
             checked out; builds of the default branch have no submodules: copy the theme into the site, {themes}"
        ),
        None => format!("put its theme or its layouts into the site, {themes}"),
    }
}

/// The submodule below `themes/` that a site names; else the first.
fn submodule(source: &Path) -> Option<String> {
    const LONGEST: u64 = 64 * 1024;
    let file = source.join(".gitmodules");
    let plain = std::fs::symlink_metadata(&file).is_ok_and(|meta| meta.is_file() && meta.len() <= LONGEST);
    let text = plain.then(|| std::fs::read_to_string(&file).ok()).flatten()?;
    let paths = || {
        text.lines().filter_map(|line| {
            let (key, value) = line.split_once('=')?;
            let value: String = value.trim().chars().filter(|c| !c.is_control() && *c != '`').take(200).collect();
            (key.trim() == "path" && !value.is_empty()).then_some(value)
        })
    };
    paths().find(|path| path.starts_with("themes/")).or_else(|| paths().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_about_a_page_is_left_as_it_is() {
        let said = "ERROR failed to extract shortcode: template for shortcode \"x\" not found".to_owned();
        assert_eq!(with_next_step(said.clone(), None), said);
    }

    #[test]
    fn the_submodule_that_is_a_theme_is_named() {
        let site = tempfile::tempdir().unwrap();
        let text = "[submodule \"docs\"]\n\tpath = docs\n[submodule \"t\"]\n\tpath = themes/lean\n\turl = https://t.example/\n";
        std::fs::write(site.path().join(".gitmodules"), text).unwrap();
        let step = missing_theme(Some(site.path()));
        assert!(step.contains("`themes/lean`") && step.contains("`git submodule update --init`"), "{step}");
        assert!(!missing_theme(None).contains("submodule"));
    }
}
