//! What in a URL says how a reader came, or which view is shown, and not what is read.

/// Parameters that say where a reader came from or which session it is. Sorted.
const NAMES: [&str; 107] = [
    "__s",
    "__twitter_impression",
    "_branch_match_id",
    "_bta_c",
    "_bta_tid",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "_kx",
    "_openstat",
    "amp_gsa",
    "amp_js_v",
    "ampshare",
    "aoh",
    "asp.net_sessionid",
    "at_campaign",
    "at_medium",
    "campaign_id",
    "cfid",
    "cftoken",
    "ck_subscriber_id",
    "cmp",
    "cmpid",
    "dclid",
    "ef_id",
    "epik",
    "erid",
    "fb_action_ids",
    "fb_action_types",
    "fb_ref",
    "fb_source",
    "fbclid",
    "gad_campaignid",
    "gad_source",
    "gbraid",
    "gclid",
    "gclsrc",
    "gdffi",
    "gdfms",
    "gdftrk",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "hsctatracking",
    "icid",
    "igsh",
    "igshid",
    "irclickid",
    "jsessionid",
    "li_fat_id",
    "mbid",
    "mc_cid",
    "mc_eid",
    "mibextid",
    "mkt_tok",
    "mkwid",
    "ml_subscriber",
    "ml_subscriber_hash",
    "msclkid",
    "ncid",
    "nr_email_referer",
    "ocid",
    "oly_anon_id",
    "oly_enc_id",
    "pcrid",
    "phpsessid",
    "rb_clickid",
    "redirect_log_mongo_id",
    "redirect_mongo_id",
    "ref",
    "ref_",
    "ref_src",
    "ref_url",
    "referrer",
    "s_cid",
    "s_kwcid",
    "sc_campaign",
    "sc_channel",
    "scm",
    "session_id",
    "sessionid",
    "smid",
    "soc_src",
    "soc_trk",
    "spm",
    "sref",
    "srsltid",
    "taid",
    "trk",
    "trk_contact",
    "trk_module",
    "trk_msg",
    "trk_sid",
    "trkcampaign",
    "ttclid",
    "twclid",
    "unicorn_click_id",
    "usqp",
    "vero_conv",
    "vero_id",
    "wbraid",
    "wickedid",
    "wickedsource",
    "wprov",
    "xtor",
    "yclid",
];

/// Beginnings of such parameters.
const PREFIXES: [&str; 9] = ["aspsessionid", "hsa_", "itm_", "mtm_", "ns_", "piwik_", "pk_", "utm_", "wt_"];

/// Pages that a folder shows when it is asked for.
const INDEX_PAGES: [&str; 5] = ["index.html", "index.htm", "index.php", "index.xhtml", "default.html"];

/// Second-level names under which countries give out domains: what stands before one is a domain, and no view of it.
const SECOND_LEVEL: [&str; 10] = ["ac", "co", "com", "edu", "go", "gob", "gov", "ne", "net", "org"];

/// Whether a parameter, `name=value` with unreserved characters decoded, names no page.
pub(super) fn is_noise(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let (name, value) = (name.to_ascii_lowercase(), value.to_ascii_lowercase());
    let view = match name.as_str() {
        "amp" => ["", "1", "true", "amp"].contains(&value.as_str()),
        "outputtype" => value == "amp",
        _ => false,
    };
    view || NAMES.binary_search(&name.as_str()).is_ok() || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The host without what only names a view of the same site: `www.`, mobile and AMP hosts. A prefix goes only where a whole domain
/// is left (`m.io` stays).
pub(super) fn bare_host(host: &str) -> String {
    let bare = without_views(host);
    // `foo.09.` is a host and `foo.09` is none.
    let is_host = url::Host::parse(&bare).is_ok_and(|parsed| parsed.to_string() == bare);
    if is_host { bare } else { host.to_owned() }
}

fn without_views(host: &str) -> String {
    let mut host = host.trim_end_matches('.').to_owned();
    loop {
        let www = host.strip_prefix("www.").filter(|rest| rest.contains('.'));
        let view =
            || ["m.", "mobile.", "amp."].iter().find_map(|p| host.strip_prefix(p)).filter(|rest| is_domain(rest));
        // `en.m.example.org` shows `en.example.org`.
        let inner = || {
            let (first, rest) = host.split_once(".m.")?;
            (!first.contains('.') && is_domain(rest)).then(|| format!("{first}.{rest}"))
        };
        match www.or_else(view).map(str::to_owned).or_else(inner) {
            Some(rest) => host = rest,
            None => return host,
        }
    }
}

/// Whether this can be a domain of its own: two labels that are no public suffix, or more.
fn is_domain(name: &str) -> bool {
    match name.split_once('.') {
        None => false,
        Some((_, rest)) if rest.contains('.') => true,
        Some((second, top)) => !(top.len() == 2 && SECOND_LEVEL.contains(&second)),
    }
}

/// The path, with unreserved characters decoded, without an index page, an AMP view, a session or a slash at the end.
pub(super) fn bare_path(path: &str) -> String {
    let mut path = path.to_owned();
    loop {
        let before = path.len();
        path.truncate(path.trim_end_matches('/').len());
        let at = path.rfind('/').map_or(0, |slash| slash + 1);
        let (folder, last) = (path[..at].trim_end_matches('/'), &path[at..]);
        let lower = last.to_ascii_lowercase();
        let kept = |length: usize| (length > 0).then(|| format!("{}{}", &path[..at], &last[..length]));
        let shorter = if INDEX_PAGES.contains(&lower.as_str()) || (lower == "amp" && !folder.is_empty()) {
            // `/amp` alone may be a page about it; at the end of a longer path it is a view.
            Some(folder.to_owned())
        } else if let Some(session) = lower.find(";jsessionid=") {
            let behind = last[session + 1..].find(';').map_or("", |next| &last[session + 1 + next..]);
            Some(format!("{}{}{behind}", &path[..at], &last[..session]))
        } else if lower.ends_with(".amp.html") {
            kept(last.len() - ".amp.html".len()).map(|stem| stem + ".html")
        } else if lower.ends_with(".amp") {
            kept(last.len() - ".amp".len())
        } else {
            None
        };
        path = shorter.unwrap_or(path);
        if path.len() == before {
            break;
        }
    }
    if path.is_empty() { "/".to_owned() } else { path }
}

/// The URL of the page that an AMP cache shows at this host and path (both bare), where it is one: Google's
/// `google.com/amp/s/HOST/PATH`, and `cdn.ampproject.org/c/s/HOST/PATH` and those that follow it.
pub(super) fn behind_cache(host: &str, path: &str) -> Option<String> {
    let search =
        ["google", "bing"].iter().any(|name| host.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')));
    let cache = ["cdn.ampproject.org", "bing-amp.com"]
        .iter()
        .any(|name| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    let inner = if search {
        path.strip_prefix("/amp/")?
    } else if cache {
        ["/c/", "/v/", "/a/"].iter().find_map(|kind| path.strip_prefix(kind))?
    } else {
        return None;
    };
    let (scheme, inner) = inner.strip_prefix("s/").map_or(("http", inner), |rest| ("https", rest));
    let name = inner.split('/').next().unwrap_or_default();
    let named =
        name.contains('.') && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'));
    named.then(|| format!("{scheme}://{inner}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted_for_the_search() {
        assert!(NAMES.is_sorted() && NAMES.iter().all(|name| *name == name.to_ascii_lowercase()));
    }
}
