//! A sitemap's text: pages, or the sitemaps that an index names.
//!
//! Method: sitemaps.org/protocol.html, and Google's news extension. Read event by event: nothing recurses, and entities
//! that a document defines for itself are not expanded.

use std::io::Read as _;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::charset;

/// Most addresses of one document, as the protocol has it.
pub(super) const MOST_URLS: usize = 50_000;

/// Deepest element that is looked into; a sitemap needs five.
const DEEPEST: usize = 32;

/// Longest value, in bytes: the protocol allows 2,048 for an address.
const LONGEST: usize = 4_096;

/// What one document names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Document {
    /// Pages.
    pub(super) pages: Vec<Named>,
    /// Other sitemaps.
    pub(super) sitemaps: Vec<Named>,
    /// What was left out and why, in sentences.
    pub(super) notes: Vec<String>,
}

/// One address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) loc: String,
    /// When it was last changed, as written.
    pub(super) lastmod: Option<String>,
    /// News extension.
    pub(super) title: Option<String>,
    /// News extension: when it was published, as written.
    pub(super) published: Option<String>,
}

/// Reads a document, compressed or not, of at most `limit` bytes; what is beyond is left out.
///
/// # Errors
/// What it is instead, and the next step.
pub(super) fn parse(body: &[u8], content_type: Option<&str>, limit: usize) -> Result<Document, String> {
    let mut document = Document::default();
    let text = if body.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        let unpacked = flate2::read::MultiGzDecoder::new(body).take(limit as u64 + 1).read_to_end(&mut plain);
        if let Err(error) = unpacked {
            if plain.is_empty() {
                return Err(format!("its gzip is broken ({error}); see whether the address is right"));
            }
            document.notes.push(format!("The gzip of a sitemap breaks off ({error}); what is before it is read."));
        } else if plain.len() > limit {
            plain.truncate(limit);
            document.notes.push(format!("A sitemap is larger than {limit} bytes; the rest of it is left out."));
        }
        charset::decode(&plain, None)
    } else {
        charset::decode(body, content_type)
    };
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    if text.starts_with("http://") || text.starts_with("https://") {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && line.len() <= LONGEST);
        document.pages = lines.take(MOST_URLS).map(|line| Named { loc: line.to_owned(), ..Named::default() }).collect();
        return Ok(document);
    }
    read_xml(text, &mut document)?;
    Ok(document)
}

fn read_xml(text: &str, document: &mut Document) -> Result<(), String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().allow_dangling_amp = true;
    let mut path: Vec<String> = Vec::new();
    let (mut item, mut value, mut rooted) = (Named::default(), String::new(), false);
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(_) if !document.pages.is_empty() || !document.sitemaps.is_empty() => {
                document.notes.push("A sitemap is broken half-way; what is before that is read.".to_owned());
                return Ok(());
            }
            Err(error) => return Err(format!("it is not XML ({error}); open the address in a browser")),
        };
        match event {
            Event::Start(start) => {
                let name = start.local_name().as_ref().to_owned();
                if path.is_empty() {
                    root(&name)?;
                    rooted = true;
                }
                if path.len() >= DEEPEST {
                    return Err(format!("it is nested deeper than {DEEPEST} elements; no sitemap is"));
                }
                if matches!(name.as_str(), "url" | "sitemap") {
                    item = Named::default();
                }
                path.push(name);
                value.clear();
            }
            Event::End(_) => {
                let name = path.pop().unwrap_or_default();
                take(&mut item, path.last().map(String::as_str), &name, &value);
                value.clear();
                let list = match name.as_str() {
                    "url" => &mut document.pages,
                    "sitemap" => &mut document.sitemaps,
                    _ => continue,
                };
                if !item.loc.is_empty() {
                    list.push(std::mem::take(&mut item));
                }
                if list.len() >= MOST_URLS {
                    document.notes.push(format!("Of a sitemap only the first {MOST_URLS} addresses are read."));
                    return Ok(());
                }
            }
            Event::Text(text) => add(&mut value, &text),
            Event::CData(text) => add(&mut value, &text),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(c)) => add(&mut value, c.encode_utf8(&mut [0; 4])),
                _ => add(&mut value, quick_xml::escape::resolve_xml_entity(&reference).unwrap_or_default()),
            },
            Event::Empty(start) if path.is_empty() => {
                root(start.local_name().as_ref())?;
                rooted = true;
            }
            Event::Eof if text.is_empty() => {
                return Err("the answer is empty; see whether the address is right".to_owned());
            }
            Event::Eof if !rooted => return Err("it is not XML; open the address in a browser".to_owned()),
            Event::Eof if path.is_empty() => return Ok(()),
            Event::Eof => {
                document.notes.push("A sitemap breaks off; what is before that is read.".to_owned());
                return Ok(());
            }
            _ => {}
        }
    }
}

fn add(value: &mut String, text: &str) {
    if value.len() + text.len() <= LONGEST {
        value.push_str(text);
    }
}

/// Puts a value where it belongs, by the element that it stands in: pictures have a `loc` of their own.
fn take(item: &mut Named, parent: Option<&str>, name: &str, value: &str) {
    let value = value.trim();
    if value.is_empty() {
        return;
    }
    let text = || Some(value.to_owned());
    match (parent, name) {
        (Some("url" | "sitemap"), "loc") => item.loc = value.to_owned(),
        (Some("url" | "sitemap"), "lastmod") => item.lastmod = text(),
        (Some("news"), "title") => item.title = text(),
        (Some("news"), "publication_date") => item.published = text(),
        _ => {}
    }
}

/// The element that a document begins with.
fn root(name: &str) -> Result<(), String> {
    if matches!(name, "urlset" | "sitemapindex") {
        return Ok(());
    }
    let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
    Err(match name.to_ascii_lowercase().as_str() {
        "rss" | "feed" | "rdf" => "it is a feed; read it with `kind = \"feed\"`".to_owned(),
        "html" => "it is an HTML page; the site's robots.txt names its sitemap".to_owned(),
        _ => format!("it begins with `<{name}>`, while a sitemap begins with `<urlset>` or `<sitemapindex>`"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Document, String> {
        parse(text.as_bytes(), None, 1_000_000)
    }

    #[test]
    fn pages_have_their_own_values_and_not_those_of_their_pictures() {
        let read = read(
            "<?xml version='1.0'?><urlset xmlns='s' xmlns:image='i' xmlns:news='n'><url>\
             <image:image><image:loc>https://e.org/p.png</image:loc><image:title>P</image:title></image:image>\
             <loc> https://e.org/a?x=1&amp;y=2&#38;z=3 </loc><lastmod>2026-03-01</lastmod>\
             <news:news><news:publication><news:name>N</news:name></news:publication>\
             <news:publication_date>2026-02-01</news:publication_date><news:title><![CDATA[A & B]]></news:title></news:news>\
             </url><url><loc/></url></urlset>",
        )
        .unwrap();
        let expected = Named {
            loc: "https://e.org/a?x=1&y=2&z=3".to_owned(),
            lastmod: Some("2026-03-01".to_owned()),
            title: Some("A & B".to_owned()),
            published: Some("2026-02-01".to_owned()),
        };
        assert_eq!(read.pages, [expected]);
    }

    #[test]
    fn entities_of_a_document_are_not_expanded() {
        let bomb = "<!DOCTYPE u [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;'><!ENTITY f SYSTEM 'file:///etc/passwd'>]>\
                    <urlset><url><loc>https://e.org/&b;&f;x</loc></url></urlset>";
        assert_eq!(read(bomb).unwrap().pages[0].loc, "https://e.org/x");
    }

    #[test]
    fn depth_and_breaks_and_other_documents_have_an_answer() {
        let deep = format!("<urlset>{}", "<a>".repeat(100_000));
        assert!(read(&deep).unwrap_err().contains("nested"));
        assert!(read("<rss version='2.0'/>").unwrap_err().contains("kind = \"feed\""));
        assert_eq!(read("<urlset/>").unwrap(), Document::default());
        assert!(read("<rss><channel/></rss>").unwrap_err().contains("kind = \"feed\""));
        assert!(read("<html><body></body></html>").unwrap_err().contains("robots.txt"));
        assert!(read("").unwrap_err().contains("empty"));
        assert!(read("no markup").is_err());
        let cut = read("<urlset><url><loc>https://e.org/a</loc></url><url><loc>https://e").unwrap();
        assert_eq!((cut.pages.len(), cut.notes.len()), (1, 1));
        let crossed = read("<urlset><url><loc>https://e.org/a</loc></url></index>").unwrap();
        assert_eq!((crossed.pages.len(), crossed.notes.len()), (1, 1));
        assert_eq!(read("https://e.org/a\n\nhttps://e.org/b\n").unwrap().pages.len(), 2);
    }

    #[test]
    fn gzip_is_known_by_its_bytes_and_bounded() {
        use std::io::Write as _;
        let pack = |text: &str| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(text.as_bytes()).unwrap();
            packed.finish().unwrap()
        };
        let one = "<url><loc>https://e.org/a</loc></url>";
        let packed = pack(&format!("<urlset>{one}</urlset>"));
        assert_eq!(parse(&packed, None, 1_000).unwrap().pages.len(), 1);
        let bomb = pack(&format!("<urlset>{one}{}", " ".repeat(20_000_000)));
        let read = parse(&bomb, None, 100_000).unwrap();
        assert_eq!(read.pages.len(), 1);
        assert!(read.notes[0].contains("100000 bytes"), "{:?}", read.notes);
        assert!(parse(&packed[..4], None, 1_000).is_err());
    }
}
