//! Names of branches. They hold nothing but a date, a slug and an id, which the program made.

/// The prefix of every branch that the program makes.
pub(super) const PREFIX: &str = "draft/";

/// True for a name as the machine makes them (`states::stations::publishing`): `draft/<date>-<slug>-<short id>`.
pub(super) fn is_ours(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else { return false };
    let plain = rest.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let date = rest.as_bytes().iter().take(10).filter(|b| b.is_ascii_digit()).count() == 8;
    plain && date && rest.len() <= 120 && short_id(name).is_some()
}

/// The short id at a branch's end.
pub(super) fn short_id(name: &str) -> Option<&str> {
    let (before, id) = name.rsplit_once('-')?;
    let hex = id.len() == 8 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (hex && before.starts_with(PREFIX)).then_some(id)
}

#[cfg(test)]
mod tests {
    use states::stations::publishing::branch_name;
    use states::words::PageIdentity;

    use super::*;

    #[test]
    fn only_names_as_the_machine_makes_them_are_ours() {
        let article = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let named = |slug: &str| {
            let page = PageIdentity { slug: slug.into(), dated: "2026-03-01T23:59:00Z".parse().unwrap() };
            branch_name(&page, &article)
        };
        assert!(is_ours(&named("a-title")));
        assert_eq!(short_id(&named("a-title")), Some("01234567"));
        for slug in ["a..b", "a b", "x.lock", "-x/../y", "a~1", "A", "ä", "a:b", "@{", "\0"] {
            assert!(!is_ours(&named(slug)), "{slug}");
        }
        for name in ["main", "draft/x", "draft/2026-03-01-x", "refs/heads/draft/2026-03-01-x-01234567", "draft/"] {
            assert!(!is_ours(name), "{name}");
        }
    }
}
