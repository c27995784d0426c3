//! `seamlint scan`: the pipeline from the arguments to the reports and the exit code.

use std::ffi::OsStr;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueEnum};

use crate::changes::{Range, changes};
use crate::config::show::{COMMAND_LINE, DEFAULT, Extra};
use crate::config::{Config, Settings};
use crate::finding::{Finding, Severity};
use crate::report::progress::Progress;
use crate::report::terminal::Style;
use crate::report::{Accepted, Format, Report};
use crate::rules::select::Selection;
use crate::scan;
use crate::trace::Doubt;

use super::baseline::BaselineArgs;
use super::output::{Output, Target, targets};
use super::{FINDINGS, Failure, load, start_threads, trace};

#[derive(Args)]
pub struct ScanArgs {
    /// Folders to scan, or files: these are read in their project, and what concerns them is reported
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// Format of what goes to standard output, or to the file of a plain `-o FILE` [default: terminal]
    #[arg(short, long, value_enum)]
    format: Option<Format>,
    /// Write the report to FILE instead of standard output; with FORMAT=FILE write a further report.
    /// Repeatable. `-` is standard output
    #[arg(short, long, value_name = "[FORMAT=]FILE")]
    output: Vec<Output>,
    /// The least severity that makes the exit code 1
    #[arg(long, value_enum, default_value = "error")]
    fail_on: FailOn,
    /// Let this many findings at or above --fail-on pass; one more makes the exit code 1
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_findings: usize,
    /// Run these rules only
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    only: Vec<String>,
    /// Run only the rules that belong to this integration pattern or anti-pattern
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    pattern: Vec<String>,
    /// Report only what touches a file that is staged for commit
    #[arg(long, conflicts_with = "since")]
    staged: bool,
    /// Report only what touches a file that changed since this branch left REV (`origin/main`)
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    #[command(flatten)]
    baseline: BaselineArgs,
    /// Report also what the baseline holds, and what it holds in vain
    #[arg(long)]
    report_baseline: bool,
    /// Report also what comments and annotations in the code suppress
    #[arg(long)]
    report_suppressed: bool,
    /// Folder with rule files of your own, beside the built-in ones
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    /// Number of threads (default: one a core)
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Print the findings and nothing else: no progress, no summary
    #[arg(short, long)]
    quiet: bool,
    /// Tell what a finding that you doubt rests on: how each call was resolved, which conditions were
    /// read, what could not be seen. WHICH is a fingerprint, or RULE, RULE:FILE or RULE:FILE:LINE
    #[arg(long, value_name = "WHICH", conflicts_with_all = ["format", "output"])]
    explain_analysis: Option<Doubt>,
    /// When to colour; `auto` is never where NO_COLOR is set
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    color: Color,
    /// Do not colour; the same as --color never
    #[arg(long, conflicts_with = "color")]
    no_color: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, strum::Display)]
#[strum(serialize_all = "lowercase")]
enum FailOn {
    Note,
    Warning,
    Error,
    Never,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

impl FailOn {
    /// The least severity that fails; `None` where nothing does.
    fn least(self) -> Option<Severity> {
        match self {
            FailOn::Never => None,
            FailOn::Note => Some(Severity::Note),
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Error => Some(Severity::Error),
        }
    }
}

impl Color {
    /// Whether to colour. `NO_COLOR` counts where it is set and not empty (no-color.org).
    fn colors(self, terminal: bool, no_color: Option<&OsStr>) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && no_color.is_none_or(OsStr::is_empty),
        }
    }
}

impl ScanArgs {
    /// How to draw a report that goes to `target`.
    fn style(&self, target: &Target) -> Style {
        let choice = if self.no_color { Color::Never } else { self.color };
        let terminal = *target == Target::Stdout && io::stdout().is_terminal();
        let color = choice.colors(terminal, std::env::var_os("NO_COLOR").as_deref());
        Style { color, summary: !self.quiet, ..Style::default() }
    }

    /// The settings that the command line decides, for a person.
    pub fn in_effect(&self, config: &Config, path: &Path) -> Vec<Extra> {
        let given = |set: bool| (if set { COMMAND_LINE } else { DEFAULT }).to_owned();
        let list = |words: &[String]| format!("[{}]", words.join(", "));
        let (baseline, from) = self.baseline.in_effect(config, path);
        let changed = match (&self.since, self.staged) {
            (Some(revision), _) => format!("since {revision}"),
            (None, true) => "staged".to_owned(),
            (None, false) => "all files".to_owned(),
        };
        let changed_given = self.staged || self.since.is_some();
        let mut extra = vec![
            ("fail_on", self.fail_on.to_string(), given(self.fail_on != FailOn::Error)),
            ("max_findings", self.max_findings.to_string(), given(self.max_findings > 0)),
            ("only", list(&self.only), given(!self.only.is_empty())),
            ("pattern", list(&self.pattern), given(!self.pattern.is_empty())),
            ("report", changed, given(changed_given)),
            ("baseline", baseline, from),
        ];
        if let Some(folder) = &self.rules {
            extra.push(("rules_of", folder.display().to_string(), given(true)));
        }
        extra
    }

    /// The files that findings must touch, as git says; `None` where all count.
    fn focus(&self, path: &Path) -> Result<Option<Vec<PathBuf>>, Failure> {
        let range = match (&self.since, self.staged) {
            (Some(revision), _) => Range::Since(revision.clone()),
            (None, true) => Range::Staged,
            (None, false) => return Ok(None),
        };
        let changes = changes(path, &range).map_err(Failure::usage)?;
        for file in changes.changed_since.iter().filter(|_| !self.quiet) {
            eprintln!("note: `{}` has changes that are not staged; they are read too", file.display());
        }
        Ok(Some(changes.files))
    }

    /// Whether the findings fail the build.
    fn fails(&self, findings: &[Finding]) -> bool {
        let Some(least) = self.fail_on.least() else { return false };
        let counted = findings.iter().filter(|finding| finding.severity >= least).count();
        if counted > 0 && self.max_findings > 0 && !self.quiet {
            eprintln!(
                "note: {} at or above `{}`, and --max-findings lets {} pass",
                if counted == 1 { "1 finding is".to_owned() } else { format!("{counted} findings are") },
                self.fail_on,
                self.max_findings
            );
        }
        counted > self.max_findings
    }
}

pub fn run(args: &ScanArgs) -> Result<u8, Failure> {
    let started = Instant::now();
    start_threads(args.threads)?;
    if args.max_findings > 0 && args.fail_on == FailOn::Never {
        return Err(Failure::usage("--max-findings has no meaning with --fail-on never: nothing fails"));
    }
    let targets = targets(args.format, &args.output).map_err(Failure::usage)?;
    let path = args.paths.first().map_or(Path::new("."), PathBuf::as_path);
    let (config, mut rules) = load(path, args.rules.as_deref())?;
    let selection = Selection { only: args.only.clone(), patterns: args.pattern.clone() };
    selection.apply(&mut rules).map_err(Failure::usage)?;
    let progress = Progress::new(!args.quiet);
    if let Some(doubt) = &args.explain_analysis {
        return trace::run(&args.paths, doubt, &config, &rules, &progress);
    }
    let baseline = args.baseline.read(&config, path)?;
    let settings = Settings { focus: args.focus(path)?, ..config.settings() };
    let mut scan = scan::scan(&args.paths, &rules, &settings, &progress)
        .map_err(|error| Failure::usage(error.to_string()))?;
    drop(progress);
    if scan.project.files.is_empty() {
        let places: Vec<String> = args.paths.iter().map(|path| format!("`{}`", path.display())).collect();
        eprintln!(
            "note: no Apex classes or triggers in {}; nothing was checked. Is it the folder of a Salesforce project?",
            places.join(", ")
        );
    }
    if !selection.is_everything() {
        // What the analysis itself has to say was not asked for. But code that it could not read may hide
        // what was asked for.
        scan.findings.retain(|finding| rules.rule(&finding.rule).is_some());
        if scan.statistics.syntax_errors > 0 && !args.quiet {
            eprintln!(
                "note: {}, and what stands there may not be seen; without --only and --pattern it is shown where",
                match scan.statistics.syntax_errors {
                    1 => "there is 1 syntax error".to_owned(),
                    count => format!("there are {count} syntax errors"),
                }
            );
        }
    }
    let has_baseline = baseline.is_some();
    let mut compared = baseline.unwrap_or_default().compare(scan.findings);
    if !(scan.whole && selection.is_everything()) {
        // What was not looked for is not gone.
        compared.gone.clear();
    }
    if !compared.gone.is_empty() && !args.quiet {
        eprintln!(
            "note: {} not found any more; `seamlint baseline update` removes {}",
            if compared.gone.len() == 1 {
                "1 finding of the baseline is".to_owned()
            } else {
                format!("{} findings of the baseline are", compared.gone.len())
            },
            if compared.gone.len() == 1 { "it" } else { "them" }
        );
    }
    let report = Report {
        project: &scan.project,
        rules: &rules,
        findings: &compared.new,
        statistics: &scan.statistics,
        fail_on: args.fail_on.least(),
        accepted: Accepted {
            suppressed: &scan.suppressed,
            known: &compared.known,
            gone: &compared.gone,
            has_baseline,
            show_suppressed: args.report_suppressed,
            show_baseline: args.report_baseline,
        },
        elapsed: started.elapsed(),
    };
    for (format, target) in &targets {
        target
            .write(*format, &report, args.style(target))
            .map_err(|error| Failure::usage(format!("cannot write to {target}: {error}")))?;
    }
    Ok(if args.fails(&compared.new) { FINDINGS } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_for_a_terminal_that_wants_it() {
        for (choice, terminal, no_color, expected) in [
            (Color::Auto, true, None, true),
            (Color::Auto, true, Some(""), true),
            (Color::Auto, true, Some("1"), false),
            (Color::Auto, false, None, false),
            (Color::Always, false, Some("1"), true),
            (Color::Never, true, None, false),
        ] {
            assert_eq!(choice.colors(terminal, no_color.map(OsStr::new)), expected, "{no_color:?}");
        }
    }
}
