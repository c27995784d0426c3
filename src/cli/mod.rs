//! The command line: arguments in, exit code out. One module a command.

mod baseline;
mod budget;
mod config;
mod cost;
mod debug;
mod explain;
mod init;
mod lsp;
mod map;
mod output;
mod rules;
mod scan;
mod shell;
mod trace;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Config;
use crate::config::org::Profile;
use crate::report;
use crate::rules::error::RuleErrors;
use crate::rules::rule::RuleSet;

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
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    scan: scan::ScanArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Scan projects (what `seamlint PATH` does too)
    Scan(scan::ScanArgs),
    /// Draw the integration architecture: who starts what, which events, which systems
    Map(map::MapArgs),
    /// Show what each transaction takes of the platform's limits, as formulas
    Cost(cost::CostArgs),
    /// Show what a day takes of the org's allocations, by the volumes in the configuration
    Budget(budget::BudgetArgs),
    /// Explain a rule or an integration pattern
    Explain(explain::ExplainArgs),
    /// The rules and their language
    Rules {
        #[command(subcommand)]
        command: rules::RulesCommand,
    },
    /// Write a first seamlint.yml from what is in a project
    Init(init::InitArgs),
    /// What is configured, and how it is written
    Config {
        #[command(subcommand)]
        command: config::ConfigCommand,
    },
    /// Let known findings pass: write them into a baseline, compare with it
    Baseline {
        #[command(subcommand)]
        command: baseline::BaselineCommand,
    },
    /// JSON Schema of the JSON output
    Schema,
    /// Serve an editor over standard input and output (Language Server Protocol)
    Lsp(lsp::LspArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell to complete in
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands
    Man {
        /// Folder for one page a command; without it, the page of `seamlint` goes to standard output
        #[arg(long, value_name = "FOLDER")]
        dir: Option<PathBuf>,
    },
    /// Print what a stage of the analysis made
    Debug {
        #[command(subcommand)]
        command: debug::DebugCommand,
    },
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
        None => scan::run(&cli.scan),
        Some(Command::Scan(args)) => scan::run(&args),
        Some(Command::Map(args)) => map::run(&args),
        Some(Command::Cost(args)) => cost::run(&args),
        Some(Command::Budget(args)) => budget::run(&args),
        Some(Command::Explain(args)) => explain::run(&args),
        Some(Command::Rules { command }) => rules::run(&command),
        Some(Command::Init(args)) => init::run(&args),
        Some(Command::Config { command }) => config::run(&command),
        Some(Command::Baseline { command }) => baseline::run(&command),
        Some(Command::Schema) => print_json(&report::json::schema()),
        Some(Command::Lsp(args)) => lsp::run(&args),
        Some(Command::Completions { shell }) => shell::completions(shell),
        Some(Command::Man { dir }) => shell::man(dir.as_deref()),
        Some(Command::Debug { command }) => debug::run(command),
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

/// Starts the threads that the command shares: as many as it was asked for, or one a core.
fn start_threads(count: Option<usize>) -> Result<(), Failure> {
    if count == Some(0) {
        return Err(Failure::usage("--threads must be at least 1"));
    }
    crate::scan::start_threads(count).map_err(Failure::usage)
}

/// The configuration that governs `project`, and the rules: built in, those that it names and those in
/// `folder`.
fn load(project: &Path, folder: Option<&Path>) -> Result<(Config, RuleSet), Failure> {
    load_as(project, folder, None)
}

/// The same with the limits of `profile`, where the command line names one.
fn load_as(
    project: &Path,
    folder: Option<&Path>,
    profile: Option<Profile>,
) -> Result<(Config, RuleSet), Failure> {
    let failed = |errors: RuleErrors| Failure::usage(errors.to_string());
    let mut config = crate::config::load(project).map_err(failed)?;
    config.profile = profile;
    let rules = config.load_rules(folder).map_err(failed)?;
    for warning in config.warnings() {
        eprintln!("warning: {warning}");
    }
    Ok((config, rules))
}

/// The rules of the current folder's project, and those in `folder`.
fn load_rules(folder: Option<&Path>) -> Result<RuleSet, Failure> {
    Ok(load(Path::new("."), folder)?.1)
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
