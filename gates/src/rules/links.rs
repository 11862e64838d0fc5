//! Form: the page's own links and images lead somewhere, and nowhere they must not.

use std::collections::BTreeSet;

use super::Gathered;
use super::form::{ANCHOR_MISSING, IMAGE_ELSEWHERE, LINK_MISSING, LINK_UNSAFE, anchor_of};
use crate::inventory::{Inventory, Target};
use crate::page::{Heading, Page};

/// Whose page it is: a person may link to an e-mail address and show an image from elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Draft,
    Person,
}

pub(crate) fn check(
    gathered: &mut Gathered<'_>,
    page: &Page,
    inventory: &Inventory,
    beside: &BTreeSet<String>,
    whose: Whose,
) {
    let page_url = inventory.url_of(page);
    let named = page.headings.iter().filter_map(|h| named(page, h));
    let anchors: BTreeSet<String> = page.headings.iter().map(|h| anchor_of(&h.text)).chain(named).collect();
    for link in &page.links {
        let place = page.place(link.range.start);
        let what = if link.image { "image" } else { "link" };
        let shown = super::excerpt(&link.url);
        match inventory.target(&link.url, &page_url, beside) {
            Target::Own(_) => {}
            // Where nothing is known of the site, nothing can be missing.
            Target::Missing(_) if !inventory.is_known() => {}
            Target::Missing(_) if inventory.names_a_file(&link.url, &page.path) => {}
            // A page links to itself while it is not built yet.
            Target::Missing(path) if path.trim_end_matches('/') == page_url.trim_end_matches('/') => {}
            Target::Missing(path) => {
                gathered.find(
                    &LINK_MISSING,
                    place,
                    format!("the {what} `{shown}` leads to `{path}`, which the site does not have"),
                );
            }
            Target::Anchor(anchor) => {
                let footnote = anchor.starts_with("fn:") || anchor.starts_with("fnref");
                if !anchor.is_empty() && !footnote && !anchors.contains(&anchor) {
                    gathered.find(
                        &ANCHOR_MISSING,
                        place,
                        format!("no heading of the page is `#{}`", super::excerpt(&anchor)),
                    );
                }
            }
            Target::Elsewhere(_) if link.image && whose == Whose::Draft => {
                gathered.find(&IMAGE_ELSEWHERE, place, format!("the image `{shown}` lies on another host"));
            }
            Target::Elsewhere(_) => {}
            Target::Mail(_) if whose == Whose::Person && !link.image => {}
            Target::Mail(_) | Target::Unsafe => {
                gathered.find(
                    &LINK_UNSAFE,
                    place,
                    format!("the {what} `{shown}` is not a plain http or https address"),
                );
            }
        }
    }
}

/// The anchor that a heading names itself: `## Text {#anchor}`.
fn named(page: &Page, heading: &Heading) -> Option<String> {
    let line = page.text[heading.range.clone()].lines().next()?.trim_end_matches(['#', ' ']);
    let attributes = line.strip_suffix('}')?.rsplit_once('{')?.1;
    let anchor = attributes.split_whitespace().find_map(|word| word.strip_prefix('#'))?;
    (!anchor.is_empty()).then(|| anchor.to_owned())
}
