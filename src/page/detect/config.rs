//! Hugo's configuration: one file at the root, or `config/_default/`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::super::{FrontFormat, SitePage, front};
use super::walk;

/// The settings of a site that say how its pages are written. Keys are read without regard to case, as Hugo does.
#[derive(Debug, Clone, Default)]
pub(super) struct Config {
    keys: Map<String, Value>,
    /// The folder of the content.
    pub(super) content: String,
    /// The folder of the archetypes.
    pub(super) archetypes: String,
    /// The default language.
    pub(super) language: String,
    /// The languages with their own content folders, where they have one.
    pub(super) languages: BTreeMap<String, Option<String>>,
    /// The front matter keys that are taxonomies.
    pub(super) taxonomies: Vec<String>,
}

pub(super) fn read(root: &Path, notes: &mut Vec<String>) -> Config {
    let mut keys = Map::new();
    let mut found = Vec::new();
    let ending = |name: &str| match name.rsplit_once('.') {
        Some((stem, "toml")) => Some((stem.to_owned(), FrontFormat::Toml)),
        Some((stem, "yaml" | "yml")) => Some((stem.to_owned(), FrontFormat::Yaml)),
        Some((stem, "json")) => Some((stem.to_owned(), FrontFormat::Json)),
        _ => None,
    };
    let mut candidates: Vec<String> = walk::files(root, "config/_default", |name| ending(name).is_some());
    for name in ["hugo", "config"] {
        for ending in ["toml", "yaml", "yml", "json"] {
            candidates.push(format!("{name}.{ending}"));
        }
    }
    for path in candidates {
        let Some(text) = walk::text(root, &path) else { continue };
        let name = path.rsplit('/').next().unwrap_or(&path);
        let Some((stem, format)) = ending(name) else { continue };
        let Some(read) = front::parse(format, &text) else {
            notes.push(format!("{path} could not be read as {format}"));
            continue;
        };
        found.push(path.clone());
        let read = lower(read);
        if matches!(stem.as_str(), "hugo" | "config") {
            merge(&mut keys, read);
        } else {
            // `languages.toml`, `params.toml`, `menus.en.toml`: the file's name is the key.
            let key = stem.split('.').next().unwrap_or(&stem).to_lowercase();
            merge(&mut keys, Map::from_iter([(key, Value::Object(read))]));
        }
    }
    if found.is_empty() {
        notes.push(
            "no Hugo configuration was found (hugo.toml, config.toml, config/_default): defaults are used".into(),
        );
    } else {
        notes.push(format!("configuration: {}", found.join(", ")));
    }
    Config::from(keys)
}

impl From<Map<String, Value>> for Config {
    fn from(keys: Map<String, Value>) -> Self {
        let text = |key: &str| keys.get(key).and_then(Value::as_str).map(|t| t.trim_matches('/').to_owned());
        let languages: BTreeMap<String, Option<String>> = keys
            .get("languages")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter(|(name, own)| own.is_object() && is_folder(name))
            .map(|(name, own)| {
                let content = own.get("contentdir").and_then(Value::as_str).map(|c| c.trim_matches('/').to_owned());
                (name.clone(), content.filter(|c| is_folder(c)))
            })
            .collect();
        let language = text("defaultcontentlanguage").unwrap_or_else(|| {
            let code = text("languagecode").unwrap_or_else(|| "en".into());
            code.split(['-', '_']).next().unwrap_or("en").to_lowercase()
        });
        let taxonomies = match keys.get("taxonomies").and_then(Value::as_object) {
            Some(map) => map.values().filter_map(|v| v.as_str().map(str::to_owned)).collect(),
            None => vec!["tags".to_owned(), "categories".to_owned()],
        };
        let own = languages.get(&language).cloned().flatten();
        let content = own.or_else(|| text("contentdir")).filter(|c| is_folder(c));
        let archetypes = text("archetypedir").filter(|c| is_folder(c));
        Self {
            content: content.unwrap_or_else(|| "content".into()),
            archetypes: archetypes.unwrap_or_else(|| "archetypes".into()),
            language: if is_folder(&language) { language } else { "en".into() },
            languages,
            taxonomies,
            keys,
        }
    }
}

impl Config {
    /// Takes over what the configuration alone decides.
    pub(super) fn apply(&self, page: &mut SitePage, notes: &mut Vec<String>) {
        page.language = self.language.clone();
        // The outermost folder: pages of every language lie below it.
        page.content = self.content.clone();
        if !self.languages.is_empty() {
            let names: Vec<&str> = self.languages.keys().map(String::as_str).collect();
            notes.push(format!("languages: {} (pages are written in {})", names.join(", "), self.language));
        }
        if let Some(zone) = self.keys.get("timezone").and_then(Value::as_str) {
            page.time_zone = zone.to_owned();
            notes.push(format!("time zone: {zone}"));
        }
        if let Some(permalinks) = self.keys.get("permalinks").and_then(Value::as_object) {
            for (key, value) in permalinks {
                match value {
                    Value::String(pattern) => {
                        page.permalinks.insert(key.clone(), pattern.clone());
                    }
                    // Since 0.112 there may be one table per kind of page.
                    Value::Object(sections) if key == "page" => {
                        let own = sections.iter().filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())));
                        page.permalinks.extend(own);
                    }
                    _ => {}
                }
            }
            let shown: Vec<String> = page.permalinks.iter().map(|(k, v)| format!("{k} = {v}")).collect();
            notes.push(format!("permalinks: {}", shown.join(", ")));
        }
        let disabled = self.keys.get("disablekinds").and_then(Value::as_array);
        let off = |kind: &str| {
            disabled.is_some_and(|kinds| kinds.iter().filter_map(Value::as_str).any(|k| k.eq_ignore_ascii_case(kind)))
        };
        if off("taxonomy") || off("term") || off("taxonomyterm") {
            notes.push("taxonomies are switched off (disableKinds)".into());
        }
        if self.at(&["markup", "goldmark", "extensions", "footnote"]) == Some(&Value::Bool(false)) {
            notes.push("footnotes are switched off (markup.goldmark.extensions.footnote): citations need them".into());
        }
        if self.at(&["markup", "defaultmarkdownhandler"]).and_then(Value::as_str).is_some_and(|h| h != "goldmark") {
            notes.push("Markdown is not read by goldmark: check a rendered sample".into());
        }
    }

    /// The sections that the theme shows first.
    pub(super) fn main_sections(&self) -> Vec<String> {
        let list = self.at(&["params", "mainsections"]).or_else(|| self.at(&["mainsections"]));
        match list {
            Some(Value::Array(names)) => names.iter().filter_map(|n| n.as_str().map(str::to_owned)).collect(),
            Some(Value::String(name)) => vec![name.clone()],
            _ => Vec::new(),
        }
    }

    fn at(&self, path: &[&str]) -> Option<&Value> {
        let mut value = self.keys.get(*path.first()?)?;
        for key in &path[1..] {
            value = value.get(*key)?;
        }
        Some(value)
    }
}

fn is_folder(name: &str) -> bool {
    !name.is_empty()
        && name.split('/').all(|piece| {
            !piece.is_empty()
                && !piece.starts_with('.')
                && piece.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        })
}

/// Lower-case keys, two levels and deeper where settings are looked up.
fn lower(map: Map<String, Value>) -> Map<String, Value> {
    map.into_iter()
        .map(|(key, value)| {
            let key = key.to_lowercase();
            let value = match value {
                Value::Object(inner) => Value::Object(lower(inner)),
                other => other,
            };
            (key, value)
        })
        .collect()
}

fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(there)), Value::Object(more)) => merge(there, more),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}
