//! `seamlint budget`: what a day takes of the org's allocations.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::budget::{self, Budget};
use crate::config::org::Profile;
use crate::cost::Meter;
use crate::report::progress::Progress;
use crate::report::source_map::SourceMap;
use crate::scan;

use super::{Failure, load_as, print, print_json, start_threads};

#[derive(Args)]
pub struct BudgetArgs {
    /// Folder to read; its `seamlint.yml` declares the volumes
    #[arg(default_value = ".")]
    path: PathBuf,
    #[arg(short, long, value_enum, default_value_t)]
    format: Format,
    /// Compare with the documented allocations, or with those that a team plans with that does not know
    /// its org (default: `profile` of the configuration)
    #[arg(long, value_enum)]
    profile: Option<Profile>,
    /// Show all causes, not only the five largest of each
    #[arg(long)]
    all: bool,
    /// Folder with rule files of your own, which may bring limits
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Number of threads (default: one a core)
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for people
    #[default]
    Table,
    /// For programs
    Json,
    /// For a page or a pull request
    Markdown,
}

const NO_VOLUMES: &str = "\
No volumes are declared, so there is nothing to add up. Say in `seamlint.yml` how much goes through the org,
for example:

    volumes:
      Account.update: 20000/day
      api:shop.POST_Order: {per_day: 30000, per_tx: 1}";

pub fn run(args: &BudgetArgs) -> Result<u8, Failure> {
    start_threads(args.threads)?;
    let (config, rules) = load_as(&args.path, args.rules.as_deref(), args.profile)?;
    let settings = config.settings();
    let progress = Progress::new(true);
    let model = scan::model(std::slice::from_ref(&args.path), &settings, &progress)
        .map_err(|error| Failure::usage(error.to_string()))?;
    drop(progress);
    let sources = SourceMap::new(&model.project);
    let meter = Meter::new(&model.program, &model.summary, &rules.limits, &settings.workload.assume);
    let budget: Budget = budget::budget(&meter, &settings);
    if args.format == Format::Json {
        return print_json(&budget::json(&budget, &model.program, &sources));
    }
    if settings.workload.volumes.is_empty() && budget.lines.is_empty() {
        return print(NO_VOLUMES);
    }
    print(&match args.format {
        Format::Markdown => budget::markdown(&budget, &model.program, &sources, args.all),
        _ => budget::table(&budget, &model.program, &sources, args.all),
    })
}
