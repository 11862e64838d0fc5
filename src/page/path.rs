//! Where a page's files go: patterns of the settings, filled with pieces that the program made.

use states::words::{ArticleId, PageIdentity, Template};

use super::slug::is_slug;
use super::{PageError, SitePage};

/// The placeholders of a path pattern.
const PLACEHOLDERS: [&str; 8] = ["slug", "date", "year", "month", "day", "section", "lang", "id"];

/// Fills a pattern for one page and checks the result.
///
/// # Errors
/// [`PageError::Slug`], [`PageError::Setting`] for a bad pattern, [`PageError::Outside`].
pub fn page_path(
    page: &SitePage,
    key: &str,
    pattern: &str,
    template: Template,
    article: &ArticleId,
    identity: &PageIdentity,
) -> Result<String, PageError> {
    if !is_slug(&identity.slug) {
        return Err(PageError::Slug(identity.slug.clone()));
    }
    let day = page.day(identity.dated)?;
    let path = fill(key, pattern, |name| match name {
        "slug" => identity.slug.clone(),
        "date" => day.strftime("%Y-%m-%d").to_string(),
        "year" => day.strftime("%Y").to_string(),
        "month" => day.strftime("%m").to_string(),
        "day" => day.strftime("%d").to_string(),
        "section" => page.section_of(template).to_owned(),
        "lang" => page.language.clone(),
        _ => article.short().to_owned(),
    })?;
    if is_inside(&path, &page.content) { Ok(path) } else { Err(PageError::Outside(path)) }
}

/// Checks every pattern and every piece of it that the settings give.
pub(super) fn check_patterns(page: &SitePage) -> Result<(), PageError> {
    let piece = |key: &str, value: &str| {
        let good = value.split('/').all(is_piece) && !value.is_empty();
        let problem = || format!("`{value}` is not a folder: letters, digits, `_`, `-` and `.` are expected");
        if good { Ok(()) } else { Err(PageError::setting(key, problem())) }
    };
    piece("content", &page.content)?;
    piece("section", &page.section)?;
    piece("language", &page.language)?;
    for (template, section) in &page.sections {
        piece(&format!("sections.{template}"), section)?;
    }
    let patterns = [("path", page.path.as_str(), ".md"), ("evidence", page.evidence.as_str(), ".json")];
    for (key, pattern, ending) in patterns {
        if key == "evidence" && pattern.is_empty() {
            continue;
        }
        // Any slug and date will do: what matters is what stands around them.
        let path = fill(key, pattern, |name| match name {
            "section" => page.section.clone(),
            "lang" => page.language.clone(),
            _ => "x1".to_owned(),
        })?;
        if !path.ends_with(ending) {
            return Err(PageError::setting(key, format!("`{pattern}` does not end in `{ending}`")));
        }
        if !pattern.contains("{slug}") && !pattern.contains("{id}") {
            return Err(PageError::setting(key, format!("`{pattern}` holds neither {{slug}} nor {{id}}")));
        }
        if !is_inside(&path, &page.content) {
            return Err(PageError::setting(key, format!("`{pattern}` is not inside the folder `{}`", page.content)));
        }
    }
    Ok(())
}

/// True when a path is relative, plain, and below `folder`.
pub fn is_inside(path: &str, folder: &str) -> bool {
    path.split('/').all(is_piece) && path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// True for one folder or file name that means itself on every system.
fn is_piece(piece: &str) -> bool {
    !piece.is_empty()
        && piece.len() <= 120
        && piece.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        && !piece.starts_with(['.', '-'])
        && !piece.ends_with('.')
        && !piece.to_ascii_lowercase().starts_with("git~")
}

fn fill(key: &str, pattern: &str, value: impl Fn(&str) -> String) -> Result<String, PageError> {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, tail)) = after.split_once('}') else {
            return Err(PageError::setting(key, format!("`{pattern}` has a `{{` without `}}`")));
        };
        if !PLACEHOLDERS.contains(&name) {
            let known = PLACEHOLDERS.map(|p| format!("{{{p}}}")).join(", ");
            return Err(PageError::setting(key, format!("`{{{name}}}` is not known: {known} are")));
        }
        out.push_str(before);
        out.push_str(&value(name));
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path_of(page: &SitePage) -> Result<String, PageError> {
        let identity = PageIdentity { slug: "a-title".into(), dated: "2026-03-01T23:30:00Z".parse().unwrap() };
        let article = "0123456789abcdef0123456789abcdef".parse().unwrap();
        page_path(page, "path", &page.path, Template::Radar, &article, &identity)
    }

    #[test]
    fn a_path_is_filled_in_the_sites_own_time_zone() {
        let page = SitePage {
            path: "content/{lang}/{section}/{year}/{month}/{date}-{slug}-{id}.md".into(),
            time_zone: "Europe/Berlin".into(),
            ..SitePage::default()
        };
        assert_eq!(path_of(&page).unwrap(), "content/en/radar/2026/03/2026-03-02-a-title-01234567.md");
    }

    #[test]
    fn a_pattern_cannot_lead_out_of_the_content_folder() {
        for path in [
            "content/../{slug}.md",
            "/content/{slug}.md",
            "layouts/{slug}.md",
            "contents/{slug}.md",
            "content//{slug}.md",
            "content/.git/{slug}.md",
            "content/./{slug}.md",
            "content/{slug}",
            "content/{slug.md",
            "content/{title}.md",
            "content/posts.md",
            "content\\{slug}.md",
            "-content/{slug}.md",
        ] {
            let page = SitePage { path: path.into(), ..SitePage::default() };
            assert!(page.check().is_err(), "{path}");
        }
        assert_eq!(SitePage::default().check(), Ok(()));
    }

    #[test]
    fn a_section_or_language_cannot_lead_out_either() {
        for bad in ["..", "", "a/../..", "a b", ".git", "{slug}"] {
            assert!(SitePage { section: bad.into(), ..SitePage::default() }.check().is_err(), "{bad}");
            assert!(SitePage { language: bad.into(), ..SitePage::default() }.check().is_err(), "{bad}");
        }
    }
}
