//! What a page holds but nobody sees. A hidden instruction must not reach a writer, nor hidden keywords a score.

use scraper::ElementRef;

/// Inline styles that take an element out of sight, without spaces, in lower case.
const HIDING_STYLES: [&str; 12] = [
    "display:none",
    "visibility:hidden",
    "visibility:collapse",
    "font-size:0",
    "opacity:0",
    "text-indent:-",
    "left:-9",
    "top:-9",
    "clip:rect(0",
    "clip-path:inset(50%",
    "clip-path:inset(100%",
    "color:transparent",
];

/// Classes that by common convention hide from sight.
const HIDING_CLASSES: [&str; 7] = [
    "sr-only",
    "visually-hidden",
    "visuallyhidden",
    "screen-reader-text",
    "screen-reader-only",
    "u-hidden",
    "is-hidden",
];

/// True for an element that is not shown: by the `hidden` attribute, by an inline style, or by a class with that meaning.
pub(super) fn is_hidden(element: ElementRef<'_>) -> bool {
    let value = element.value();
    if matches!(value.name(), "html" | "body") {
        return false;
    }
    if value.attr("hidden").is_some_and(|how| !how.eq_ignore_ascii_case("until-found")) {
        return true;
    }
    if value.attr("style").is_some_and(is_hiding_style) {
        return true;
    }
    value.classes().any(|class| HIDING_CLASSES.contains(&class))
}

fn is_hiding_style(style: &str) -> bool {
    let style: String = style.to_ascii_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    style.split(';').any(|declaration| {
        let declaration = declaration.trim_end_matches("!important");
        let found = HIDING_STYLES.iter().find(|hiding| declaration.starts_with(*hiding));
        match found {
            // `opacity:0.9` and `font-size:0.9em` are seen; `0`, `0.0` and `0px` are not.
            Some(&hiding @ ("opacity:0" | "font-size:0")) => {
                !declaration[hiding.len()..].contains(|c: char| ('1'..='9').contains(&c))
            }
            Some(_) => true,
            None => same_colours(&style) || declaration.starts_with("max-height:0") || declaration == "height:0",
        }
    })
}

/// White on white, and the like.
fn same_colours(style: &str) -> bool {
    let value = |name: &str| style.split(';').find_map(|d| d.strip_prefix(name)).map(normal_colour);
    let text = value("color:");
    text.is_some() && (text == value("background-color:") || text == value("background:"))
}

fn normal_colour(colour: &str) -> String {
    match colour.trim_end_matches("!important") {
        "white" | "#ffffff" | "rgb(255,255,255)" => "#fff".to_owned(),
        "black" | "#000000" | "rgb(0,0,0)" => "#000".to_owned(),
        other => other.to_owned(),
    }
}
