//! The map as one page to look at: style, script and data are all in it, and it loads nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::Serialize;

use crate::report::source_map::SourceMap;

use super::{EdgeKind, Lane, Map};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Lines of code that are shown around a step.
const AROUND: u32 = 1;
/// A line longer than this is cut.
const WIDEST: usize = 200;

/// What the script gets.
#[derive(Serialize)]
struct Data<'a> {
    map: &'a Map,
    lanes: Vec<(Lane, &'static str)>,
    kinds: Vec<(EdgeKind, &'static str)>,
    /// Lines of code by file and number.
    code: BTreeMap<&'a str, BTreeMap<u32, String>>,
    /// Whether groups are drawn open at the start.
    open: bool,
}

/// Writes the page.
pub fn write(map: &Map, open: bool, sources: &SourceMap<'_>, out: &mut dyn Write) -> io::Result<()> {
    use strum::IntoEnumIterator;
    let data = Data {
        map,
        lanes: Lane::iter().map(|lane| (lane, lane.title())).collect(),
        kinds: EdgeKind::iter().map(|kind| (kind, kind.title())).collect(),
        code: code(map, sources),
        open,
    };
    let json = script_safe(&serde_json::to_string(&data)?);
    // The data go in last: what stands in them is not looked at for further places.
    let page = PAGE
        .replace("{{title}}", &escape(&map.project))
        .replace("{{style}}", STYLE.trim())
        .replace("{{script}}", SCRIPT.trim());
    let (head, tail) = page.split_once("{{data}}").unwrap_or((&page, ""));
    out.write_all(head.as_bytes())?;
    out.write_all(json.as_bytes())?;
    out.write_all(tail.as_bytes())
}

/// The lines around all steps and findings.
fn code<'a>(map: &'a Map, sources: &SourceMap<'_>) -> BTreeMap<&'a str, BTreeMap<u32, String>> {
    let mut wanted: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    let steps = map.edges.iter().flat_map(|edge| &edge.path);
    let steps = steps.chain(map.findings.iter().flat_map(|finding| &finding.path)).map(|step| &step.place);
    for place in steps.chain(map.findings.iter().map(|finding| &finding.place)) {
        let lines = place.line.saturating_sub(AROUND).max(1)..=place.line + AROUND;
        wanted.entry(&place.file).or_default().extend(lines);
    }
    let mut code = BTreeMap::new();
    for (file, lines) in wanted {
        let Some(text) = sources.text_at(file) else { continue };
        let lines = lines.into_iter().filter(|&line| line as usize <= text.line_count());
        let lines = lines.map(|line| (line, cut(text.line(line as usize - 1))));
        code.insert(file, lines.collect());
    }
    code
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// JSON that cannot end the script element that it stands in, nor open a comment in it.
fn script_safe(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_leave_the_script() {
        let json = serde_json::to_string("</script><!--&\u{2028}").unwrap();
        let safe = script_safe(&json);
        assert!(!safe.contains(['<', '>', '&', '\u{2028}']), "{safe}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), "</script><!--&\u{2028}");
    }

    #[test]
    fn the_page_asks_for_nothing_else() {
        for part in [PAGE, STYLE, SCRIPT] {
            let plain = part.replace("http://www.w3.org/2000/svg", "");
            for word in
                ["http:", "https:", "url(", "@import", "fetch(", "XMLHttp", "innerHTML", "src=", "href="]
            {
                assert!(!plain.contains(word), "{word}");
            }
        }
    }
}
