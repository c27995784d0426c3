//! `seamlint scan`: the pipeline from the arguments to the reports and the exit code.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueEnum};

use crate::finding::Severity;
use crate::report::progress::Progress;
use crate::report::terminal::Style;
use crate::report::{Format, Report};
use crate::{apex, scan};

use super::output::{Output, Target, targets};
use super::{FINDINGS, Failure, load_rules};

#[derive(Args)]
pub struct ScanArgs {
    /// Folders to scan, or files: these are read in their project, and what concerns them is reported
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
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
    /// Folder with rule files of your own, beside the built-in ones
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Number of threads (default: one a core)
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// When to colour
    #[arg(long, value_enum, default_value = "auto")]
    color: Color,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
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
    fn fails(self, severity: Severity) -> bool {
        match self {
            FailOn::Never => false,
            FailOn::Note => severity >= Severity::Note,
            FailOn::Warning => severity >= Severity::Warning,
            FailOn::Error => severity >= Severity::Error,
        }
    }
}

impl Color {
    /// How to draw a report that goes to `target`.
    fn style(self, target: &Target) -> Style {
        let color = match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                *target == Target::Stdout
                    && io::stdout().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        };
        Style { color, ..Style::default() }
    }
}

pub fn run(args: &ScanArgs) -> Result<u8, Failure> {
    let started = Instant::now();
    if args.threads == Some(0) {
        return Err(Failure::usage("--threads must be at least 1"));
    }
    let targets = targets(args.format, &args.output).map_err(Failure::usage)?;
    // The parser recurses over hostile input; threads with a large stack need no others for it.
    rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads.unwrap_or(0))
        .stack_size(apex::parse::STACK)
        .start_handler(|_| apex::parse::declare_stack(apex::parse::STACK))
        .build_global()
        .map_err(|error| Failure::usage(format!("cannot start the threads: {error}")))?;
    let rules =
        load_rules(args.paths.first().map_or(Path::new("."), PathBuf::as_path), args.rules.as_deref())?;
    let progress = Progress::new(true);
    let scan =
        scan::scan(&args.paths, &rules, &progress).map_err(|error| Failure::usage(error.to_string()))?;
    drop(progress);
    if scan.project.files.is_empty() {
        let places: Vec<String> = args.paths.iter().map(|path| format!("`{}`", path.display())).collect();
        eprintln!(
            "note: no Apex classes or triggers in {}; nothing was checked. Is it the folder of a Salesforce project?",
            places.join(", ")
        );
    }
    let report = Report {
        project: &scan.project,
        rules: &rules,
        findings: &scan.findings,
        statistics: &scan.statistics,
        elapsed: started.elapsed(),
    };
    for (format, target) in &targets {
        target
            .write(*format, &report, args.color.style(target))
            .map_err(|error| Failure::usage(format!("cannot write to {target}: {error}")))?;
    }
    let fails = scan.findings.iter().any(|finding| args.fail_on.fails(finding.severity));
    Ok(if fails { FINDINGS } else { 0 })
}
