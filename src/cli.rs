//! The command line: arguments in, exit code out.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::finding::Severity;
use crate::report::progress::Progress;
use crate::report::terminal::Style;
use crate::report::{self, Format, Report};
use crate::rules::error::RuleErrors;
use crate::rules::rule::RuleSet;
use crate::rules::{explain, registry, schema};
use crate::{apex, config, discover, scan};

/// Exit codes, as the README documents them.
const FINDINGS: u8 = 1;
const USAGE: u8 = 2;
const INTERNAL: u8 = 3;

/// Finds where the integration architecture of a Salesforce repository breaks.
#[derive(Parser)]
#[command(
    name = "seamlint",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Exit codes: 0 nothing at or above --fail-on · 1 findings at or above it · \
                  2 usage or configuration error · 3 internal error"
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    scan: ScanArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Scan projects (what `seamlint PATH` does too)
    Scan(ScanArgs),
    /// Explain a rule or an integration pattern
    Explain {
        /// Id of a rule or a pattern: `sync-callout-in-trigger`, `platform-events`
        id: String,
        /// Folder with rule files of your own
        #[arg(long, value_name = "DIR")]
        rules: Option<PathBuf>,
    },
    /// The rules and their language
    Rules {
        #[command(subcommand)]
        command: RulesCommand,
    },
    /// JSON Schema of the JSON output
    Schema,
    /// Print what a stage of the analysis made
    Debug {
        #[command(subcommand)]
        command: DebugCommand,
    },
}

#[derive(Subcommand)]
enum RulesCommand {
    /// List all rules
    List {
        /// Folder with rule files of your own
        #[arg(long, value_name = "DIR")]
        rules: Option<PathBuf>,
    },
    /// List the limits of the platform that rules can name
    Limits {
        /// Folder with rule files of your own
        #[arg(long, value_name = "DIR")]
        rules: Option<PathBuf>,
    },
    /// JSON Schema of rule files
    Schema,
}

#[derive(Subcommand)]
enum DebugCommand {
    /// The effect skeleton of one Apex file
    Unit { file: PathBuf },
    /// The linked call graph, its sites and entry points, as JSON
    Program {
        #[arg(default_value = ".")]
        paths: Vec<PathBuf>,
    },
    /// The effects of each node's transaction, as JSON
    Summary {
        #[arg(default_value = ".")]
        paths: Vec<PathBuf>,
    },
}

#[derive(Args)]
struct ScanArgs {
    /// Folders to scan, or files: these are read in their project, and what concerns them is reported
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// Output format
    #[arg(short, long, value_enum, default_value = "terminal")]
    format: Format,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
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

/// A message for a person, and the exit code that goes with it.
struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    fn usage(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), code: USAGE }
    }
}

/// Runs the program with the process's arguments.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let result = std::panic::catch_unwind(|| match cli.command {
        None => scan_command(&cli.scan),
        Some(Command::Scan(args)) => scan_command(&args),
        Some(Command::Explain { id, rules }) => explain_command(&id, rules.as_deref()),
        Some(Command::Rules { command: RulesCommand::List { rules } }) => {
            let rules = load_rules(Path::new("."), rules.as_deref())?;
            print(&explain::rules_table(&rules))
        }
        Some(Command::Rules { command: RulesCommand::Limits { rules } }) => {
            let rules = load_rules(Path::new("."), rules.as_deref())?;
            print(&explain::limits_table(&rules))
        }
        Some(Command::Rules { command: RulesCommand::Schema }) => print_json(&schema::schema()),
        Some(Command::Schema) => print_json(&report::json::schema()),
        Some(Command::Debug { command }) => debug_command(command),
    });
    match result {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(failure)) => {
            eprintln!("error: {}", failure.message);
            ExitCode::from(failure.code)
        }
        Err(_) => {
            eprintln!(
                "error: seamlint itself failed, which is a defect in it and says nothing about your project.\n\
                 Please report it with the message above."
            );
            ExitCode::from(INTERNAL)
        }
    }
}

fn scan_command(args: &ScanArgs) -> Result<u8, Failure> {
    let started = Instant::now();
    if let Some(threads) = args.threads {
        if threads == 0 {
            return Err(Failure::usage("--threads must be at least 1"));
        }
    }
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
    let to_terminal = args.output.is_none() && io::stdout().is_terminal();
    let style = Style {
        color: match args.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => to_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        },
        ..Style::default()
    };
    let report = Report {
        project: &scan.project,
        rules: &rules,
        findings: &scan.findings,
        statistics: &scan.statistics,
        elapsed: started.elapsed(),
    };
    write_report(args, &report, style)?;
    let fails = scan.findings.iter().any(|finding| args.fail_on.fails(finding.severity));
    Ok(if fails { FINDINGS } else { 0 })
}

fn write_report(args: &ScanArgs, report: &Report, style: Style) -> Result<(), Failure> {
    let written = match &args.output {
        Some(path) => File::create(path)
            .and_then(|file| report::write(args.format, report, style, &mut BufWriter::new(file)))
            .map_err(|error| (format!("`{}`", path.display()), error)),
        None => report::write(args.format, report, style, &mut io::stdout().lock())
            .map_err(|error| ("standard output".to_owned(), error)),
    };
    match written {
        Ok(()) => Ok(()),
        // The reader went away (`seamlint | head`): nothing is wrong.
        Err((_, error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err((place, error)) => Err(Failure::usage(format!("cannot write to {place}: {error}"))),
    }
}

/// The built-in rules, those of the project's configuration and those of `--rules`.
fn load_rules(project: &Path, folder: Option<&Path>) -> Result<RuleSet, Failure> {
    let failed = |errors: RuleErrors| Failure::usage(errors.to_string());
    let mut folders = config::load(project).map_err(failed)?.rule_folders;
    folders.extend(folder.map(Path::to_path_buf));
    registry::load(&folders).map_err(failed)
}

fn explain_command(id: &str, rules: Option<&Path>) -> Result<u8, Failure> {
    let rules = load_rules(Path::new("."), rules)?;
    match explain::explain(&rules, id) {
        Ok(text) => print(&text),
        Err(nearest) => {
            let hint = match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "`seamlint rules list` lists them all.".to_owned(),
            };
            Err(Failure::usage(format!("there is no rule or pattern `{id}`; {hint}")))
        }
    }
}

fn debug_command(command: DebugCommand) -> Result<u8, Failure> {
    let quiet = Progress::new(false);
    let model =
        |paths: &[PathBuf]| scan::model(paths, &quiet).map_err(|error| Failure::usage(error.to_string()));
    match command {
        DebugCommand::Unit { file } => {
            let text = discover::read_text(&file)
                .map_err(|error| Failure::usage(format!("`{}` {error}", file.display())))?;
            let unit = apex::parse_unit(crate::span::FileId(0), &text, None, true);
            print(&apex::print::print(&unit, &text))
        }
        DebugCommand::Program { paths } => print_json(&model(&paths)?.program),
        DebugCommand::Summary { paths } => print_json(&model(&paths)?.summary),
    }
}

fn print(text: &str) -> Result<u8, Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{}", text.trim_end()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::usage(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(0),
    }
}

fn print_json(value: &impl serde::Serialize) -> Result<u8, Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure { message: error.to_string(), code: INTERNAL })?;
    print(&text)
}
