//! The folder of texts that claims are looked up in.

use std::path::{Path, PathBuf};

use gates::lint::Source;
use jiff::Timestamp;
use states::words::Snapshot;

use super::super::Failure;
use super::super::out::note;

/// The largest text that is read, and the most that all have together, in bytes.
const MOST_BYTES: u64 = 8 << 20;
const MOST_TOGETHER: usize = 64 << 20;
/// What of a folder is a text.
const ENDINGS: [&str; 5] = ["txt", "text", "md", "html", "htm"];

/// Reads the texts of a folder and of those in it, in the order of their paths, each with the path it was read from. What
/// cannot be read is told of and left out.
pub(super) fn read(folder: &Path) -> Result<Vec<(PathBuf, Source)>, Failure> {
    if !folder.is_dir() {
        return Err(Failure::usage(format!("{} is not a folder", folder.display())));
    }
    let (mut found, mut together) = (Vec::new(), 0);
    for path in super::files::under(folder, &ENDINGS)? {
        let left_out = |why: &str| note(&format!("{} is left out: {why}", path.display()));
        let bytes = match super::files::bounded(&path, MOST_BYTES) {
            Ok(bytes) if bytes.len() as u64 > MOST_BYTES => {
                left_out(&format!("more than {MOST_BYTES} bytes"));
                continue;
            }
            Ok(bytes) => bytes,
            Err(error) => return Err(Failure::usage(format!("{} cannot be read: {error}", path.display()))),
        };
        together += bytes.len();
        if together > MOST_TOGETHER {
            let message = format!("the texts in {} have more than {MOST_TOGETHER} bytes", folder.display());
            return Err(Failure::usage(message));
        }
        match source(&path, &String::from_utf8_lossy(&bytes)) {
            Ok(source) => found.push((path, source)),
            Err(why) => left_out(&why),
        }
    }
    if found.is_empty() {
        let message = format!("no text lies in {}: it takes {}", folder.display(), ENDINGS.join(", "));
        return Err(Failure::usage(message));
    }
    Ok(found)
}

fn source(path: &Path, text: &str) -> Result<Source, String> {
    let name = path.to_string_lossy();
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("md") => Ok(Source::markdown(&name, text)),
        Some("html" | "htm") => {
            let page = sources::extract(text, "").map_err(|error| error.to_string())?;
            if page.body.trim().is_empty() {
                return Err("no main text was found in it".to_owned());
            }
            let snapshot = Snapshot::compose(
                &page.body,
                sources::EXTRACTOR,
                &name,
                page.title,
                page.author,
                page.published,
                page.publisher,
                page.language,
                Timestamp::MAX,
                false,
            );
            Ok(Source::extracted(&name, snapshot))
        }
        _ => Ok(Source::text(&name, text)),
    }
}
