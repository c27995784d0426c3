//! `seamlint baseline`: known findings, written down so that only new ones count.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::baseline::{self, Baseline, Comparison, Entry};
use crate::config::Config;
use crate::config::show::{COMMAND_LINE, DEFAULT};
use crate::report::progress::Progress;
use crate::rules::error::RuleErrors;
use crate::scan::{self, Scan};

use super::{FINDINGS, Failure, load, print};

/// Which baseline a scan is compared with.
#[derive(Args)]
pub struct BaselineArgs {
    /// The baseline of known findings [default: .seamlint-baseline, where there is one]
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Report known findings as if they were new
    #[arg(long, conflicts_with = "baseline")]
    no_baseline: bool,
}

#[derive(Subcommand)]
pub enum BaselineCommand {
    /// Write all findings of today into the baseline
    Write {
        #[command(flatten)]
        of: Of,
        /// Replace the baseline that is there: what is new since then becomes known too
        #[arg(long)]
        force: bool,
    },
    /// Say what is new and what is gone; exit code 1 where something is
    Check {
        #[command(flatten)]
        of: Of,
    },
    /// Remove from the baseline what is not found any more; what is new does not become known
    Update {
        #[command(flatten)]
        of: Of,
    },
}

/// The project and its baseline.
#[derive(Args)]
pub struct Of {
    /// The folder of the project
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The baseline [default: the one that is there, else .seamlint-baseline beside the configuration or at
    /// the top of the project]
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Folder with rule files of your own, beside the built-in ones
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
}

impl BaselineArgs {
    /// The baseline that holds for a scan of `path`; `None` where there is none.
    pub fn read(&self, config: &Config, path: &Path) -> Result<Option<Baseline>, Failure> {
        self.file(config, path).map(|file| read(&file)).transpose()
    }

    fn file(&self, config: &Config, path: &Path) -> Option<PathBuf> {
        if self.no_baseline {
            return None;
        }
        self.baseline.clone().or_else(|| config.baseline_for(path))
    }

    /// The baseline and where its name came from, for a person.
    pub fn in_effect(&self, config: &Config, path: &Path) -> (String, String) {
        let shown = self.file(config, path).map_or_else(|| "none".to_owned(), |file| shown(&file));
        let from = match (&self.baseline, self.no_baseline, &config.says.baseline, &config.source) {
            (Some(_), ..) | (_, true, ..) => COMMAND_LINE.to_owned(),
            (_, _, Some(key), Some(source)) => format!("{}:{}", source.name, key.referenced.line()),
            _ if shown != "none" => "found".to_owned(),
            _ => DEFAULT.to_owned(),
        };
        (shown, from)
    }
}

fn read(file: &Path) -> Result<Baseline, Failure> {
    Baseline::read(file).map_err(|errors: RuleErrors| Failure::usage(errors.to_string()))
}

pub fn run(command: &BaselineCommand) -> Result<u8, Failure> {
    scan::start_threads(None).map_err(Failure::usage)?;
    match command {
        BaselineCommand::Write { of, force } => write(of, *force),
        BaselineCommand::Check { of } => check(of),
        BaselineCommand::Update { of } => update(of),
    }
}

impl Of {
    /// The findings of today, and the file of the baseline.
    fn scan(&self) -> Result<(Scan, PathBuf), Failure> {
        let (config, rules) = load(&self.path, self.rules.as_deref())?;
        let file = self
            .baseline
            .clone()
            .or_else(|| config.baseline_for(&self.path))
            .unwrap_or_else(|| place(&config, &self.path));
        let progress = Progress::new(true);
        let scan = scan::scan(std::slice::from_ref(&self.path), &rules, &config.settings(), &progress)
            .map_err(|error| Failure::usage(error.to_string()))?;
        if !scan.whole {
            return Err(Failure::usage(format!(
                "`{}` is only a part of its project, and a baseline is of a whole project: name the folder of \
                 its sfdx-project.json",
                self.path.display()
            )));
        }
        Ok((scan, file))
    }

    /// The findings of today beside the baseline.
    fn compare(&self) -> Result<(Scan, PathBuf, Comparison), Failure> {
        let (mut scan, file) = self.scan()?;
        let compared = read(&file)?.compare(std::mem::take(&mut scan.findings));
        Ok((scan, file, compared))
    }
}

/// Where a baseline goes that nobody gave a place: beside the configuration, else at the top of the project
/// or repository.
fn place(config: &Config, path: &Path) -> PathBuf {
    if let Some(source) = &config.source {
        return source.folder.join(baseline::NAME);
    }
    let start = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let top = start
        .ancestors()
        .find(|folder| folder.join("sfdx-project.json").is_file() || folder.join(".git").exists());
    top.unwrap_or(&start).join(baseline::NAME)
}

/// Writes the file and tells its folder, which the paths in it are relative to.
fn save(baseline: &Baseline, file: &Path) -> Result<(), Failure> {
    std::fs::write(file, baseline.text())
        .map_err(|error| Failure::usage(format!("cannot write `{}`: {error}", shown(file))))
}

fn folder(file: &Path) -> PathBuf {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf())
}

/// The path from the current folder, where the file lies below it.
fn shown(file: &Path) -> String {
    let here = std::env::current_dir().and_then(std::fs::canonicalize).unwrap_or_default();
    file.strip_prefix(&here).unwrap_or(file).display().to_string()
}

fn write(of: &Of, force: bool) -> Result<u8, Failure> {
    let (scan, file) = of.scan()?;
    if file.exists() && !force {
        return Err(Failure::usage(format!(
            "there already is a baseline `{}`. `seamlint baseline update` removes what is fixed; with --force \
             all findings of today become known",
            shown(&file)
        )));
    }
    let baseline = Baseline::of(&scan.findings, &scan.project, &folder(&file));
    save(&baseline, &file)?;
    print(&format!(
        "{} in `{}`. Commit it: from now on only new ones are reported.",
        count(baseline.len(), "known finding", "known findings"),
        shown(&file)
    ))
}

fn check(of: &Of) -> Result<u8, Failure> {
    let (scan, file, compared) = of.compare()?;
    let new = Baseline::of(&compared.new, &scan.project, &folder(&file));
    let mut text = String::new();
    for (word, entries) in [("new", new.entries().collect()), ("gone", compared.gone.iter().collect())] {
        let mut entries: Vec<&Entry> = entries;
        entries.sort_by(|a, b| (&a.file, &a.rule, &a.symbol).cmp(&(&b.file, &b.rule, &b.symbol)));
        for entry in entries {
            text.push_str(&format!("{word:4}  {}  {}  {}\n", entry.rule, entry.file, entry.symbol));
        }
    }
    text.push_str(&format!(
        "{} new, {} known, {} gone",
        compared.new.len(),
        compared.known.len(),
        compared.gone.len()
    ));
    if !compared.gone.is_empty() {
        text.push_str("; `seamlint baseline update` removes what is gone");
    }
    print(&text)?;
    Ok(if compared.new.is_empty() && compared.gone.is_empty() { 0 } else { FINDINGS })
}

fn update(of: &Of) -> Result<u8, Failure> {
    let (scan, file, compared) = of.compare()?;
    let baseline = Baseline::of(&compared.known, &scan.project, &folder(&file));
    save(&baseline, &file)?;
    let mut text = format!(
        "{} removed from `{}`, {} left",
        count(compared.gone.len(), "finding", "findings"),
        shown(&file),
        baseline.len()
    );
    if !compared.new.is_empty() {
        text.push_str(&format!(
            ". {} not in it; with `seamlint baseline write --force` all findings of today become known",
            if compared.new.len() == 1 {
                "1 new finding is".to_owned()
            } else {
                format!("{} new findings are", compared.new.len())
            }
        ));
    }
    print(&text)
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
