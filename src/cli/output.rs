//! Where the reports of a scan go: what `--format` and the `-o`s say, sorted out before the scan.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

use crate::report::terminal::Style;
use crate::report::{self, Format, Report};
use crate::rules::error::nearest_or_all;

/// A place for a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Stdout,
    File(PathBuf),
}

/// One `-o`: `FILE` for the report of `--format`, or `FORMAT=FILE` for a further one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    format: Option<Format>,
    target: Target,
}

impl FromStr for Output {
    type Err = String;

    /// Reads a word before `=` as a format; a file with such a name is written `./word=…`.
    fn from_str(text: &str) -> Result<Output, String> {
        let (format, file) = match text.split_once('=') {
            Some((word, file)) if is_word(word) => (Some(format(word)?), file),
            _ => (None, text),
        };
        match file {
            "" => Err("the file is missing".to_owned()),
            "-" => Ok(Output { format, target: Target::Stdout }),
            file => Ok(Output { format, target: Target::File(PathBuf::from(file)) }),
        }
    }
}

fn is_word(text: &str) -> bool {
    text.chars().all(|char| char.is_ascii_alphanumeric() || char == '-' || char == '_')
}

fn format(word: &str) -> Result<Format, String> {
    Format::from_str(word, true).map_err(|_| {
        let names: Vec<String> = Format::value_variants().iter().map(Format::to_string).collect();
        format!("there is no format `{word}`; {}", nearest_or_all(word, &names))
    })
}

/// The reports to write: `format` to standard output, or to the file of a plain `-o FILE`, and one for each
/// `-o FORMAT=FILE`. A report that `-o FORMAT=-` sends to standard output takes the place of the default.
/// Standard output comes last, so that the files are complete when its reader goes away.
///
/// # Errors
/// Two reports for one place, or two files for one report.
pub fn targets(format: Option<Format>, outputs: &[Output]) -> Result<Vec<(Format, Target)>, String> {
    let main = format.unwrap_or_default();
    let mut targets: Vec<(Format, Target)> =
        outputs.iter().map(|output| (output.format.unwrap_or(main), output.target.clone())).collect();
    let plain = outputs.iter().filter(|output| output.format.is_none()).count();
    if plain > 1 {
        return Err(format!(
            "-o names several files for one report. Say which format each is, as in `-o {main}=FILE`"
        ));
    }
    let on_stdout = targets.iter().any(|(_, target)| *target == Target::Stdout);
    if plain == 0 && (format.is_some() || !on_stdout) {
        targets.push((main, Target::Stdout));
    }
    for (index, (format, target)) in targets.iter().enumerate() {
        if let Some((other, _)) = targets[..index].iter().find(|(_, other)| other == target) {
            return Err(format!("two reports, {other} and {format}, would both go to {target}"));
        }
    }
    targets.sort_by_key(|(_, target)| *target == Target::Stdout);
    Ok(targets)
}

impl Target {
    pub fn write(&self, format: Format, report: &Report, style: Style) -> io::Result<()> {
        let written = match self {
            Target::File(path) => {
                File::create(path).and_then(|mut file| report::write(format, report, style, &mut file))
            }
            Target::Stdout => report::write(format, report, style, &mut io::stdout().lock()),
        };
        match written {
            // The reader went away (`seamlint | head`): nothing is wrong.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Stdout => f.write_str("standard output"),
            Target::File(path) => write!(f, "`{}`", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(format: Option<Format>, outputs: &[&str]) -> Result<Vec<String>, String> {
        let outputs = outputs.iter().map(|text| text.parse()).collect::<Result<Vec<Output>, _>>()?;
        let targets = targets(format, &outputs)?;
        Ok(targets.iter().map(|(format, target)| format!("{format} to {target}")).collect())
    }

    #[test]
    fn each_report_has_a_place() {
        let json = Some(Format::Json);
        for (format, outputs, expected) in [
            (None, vec![], vec!["terminal to standard output"]),
            (json, vec![], vec!["json to standard output"]),
            (json, vec!["a"], vec!["json to `a`"]),
            (json, vec!["-"], vec!["json to standard output"]),
            (None, vec!["sarif=a"], vec!["sarif to `a`", "terminal to standard output"]),
            (json, vec!["sarif=a=b"], vec!["sarif to `a=b`", "json to standard output"]),
            (json, vec!["SARIF=-", "b"], vec!["json to `b`", "sarif to standard output"]),
            (None, vec!["sarif=-", "json=a"], vec!["json to `a`", "sarif to standard output"]),
            (None, vec!["./sarif=a"], vec!["terminal to `./sarif=a`"]),
        ] {
            let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(plan(format, &outputs), Ok(expected), "{outputs:?}");
        }
    }

    #[test]
    fn a_mistake_is_named() {
        let json = Some(Format::Json);
        for (format, outputs, says) in [
            (json, vec!["sarif=-"], "sarif and json, would both go to standard output"),
            (None, vec!["json=-", "sarif=-"], "would both go to standard output"),
            (None, vec!["json=a", "sarif=a"], "would both go to `a`"),
            (json, vec!["a", "b"], "`-o json=FILE`"),
            (None, vec!["sarfi=a"], "did you mean `sarif`?"),
            (None, vec!["json="], "the file is missing"),
            (None, vec![""], "the file is missing"),
        ] {
            let error = plan(format, &outputs).unwrap_err();
            assert!(error.contains(says), "{outputs:?}: {error}");
        }
    }
}
