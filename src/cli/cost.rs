//! `seamlint cost`: what each transaction takes of the platform's limits.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cost::{self, EntryLines, Line, Meter, TableOptions, Verdict};
use crate::program::model::EntryKind;
use crate::report::progress::Progress;
use crate::report::source_map::SourceMap;
use crate::scan;
use crate::summary::cost::Resource;

use super::{Failure, load, print, print_json, start_threads};

#[derive(Args)]
pub struct CostArgs {
    /// Only entry points with this in their name: a class, a trigger, a method, a flow
    entry: Option<String>,
    /// Folder to read
    #[arg(short, long, default_value = ".", value_name = "FOLDER")]
    path: PathBuf,
    #[arg(short, long, value_enum, default_value_t)]
    format: Format,
    /// Show the places that each cost is made of
    #[arg(long)]
    trace: bool,
    /// Only this resource
    #[arg(long, value_name = "RESOURCE", value_parser = resource)]
    resource: Option<Resource>,
    /// Show all entry points, not only the twenty that are closest to a limit
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
}

/// How many entry points are shown where nothing says otherwise.
const SHOWN: usize = 20;

fn resource(text: &str) -> Result<Resource, String> {
    use strum::IntoEnumIterator;
    text.parse().map_err(|_| {
        let known: Vec<String> = Resource::iter().map(|resource| resource.to_string()).collect();
        format!("expected one of {}", known.join(", "))
    })
}

pub fn run(args: &CostArgs) -> Result<u8, Failure> {
    start_threads(args.threads)?;
    let (config, rules) = load(Path::new(&args.path), args.rules.as_deref())?;
    let settings = config.settings();
    let progress = Progress::new(true);
    let model = scan::model(std::slice::from_ref(&args.path), &settings, &progress)
        .map_err(|error| Failure::usage(error.to_string()))?;
    drop(progress);
    let sources = SourceMap::new(&model.project);
    let meter = Meter::new(&model.program, &model.summary, &rules.limits, &settings.workload.assume);
    let mut entries = meter.entries();
    for entry in &mut entries {
        entry.lines.retain(|line| match args.resource {
            Some(wanted) => line.resource == wanted,
            None => line.limit.is_some() || args.format == Format::Json,
        });
    }
    entries.retain(|cost| !cost.lines.is_empty() && is_wanted(&meter, cost, args));
    sort(&meter, &mut entries);
    if args.format == Format::Json {
        return print_json(&cost::json(&meter, &entries, args.trace, &sources));
    }
    if entries.is_empty() {
        let which = args.entry.as_ref().map(|name| format!(" with `{name}` in its name")).unwrap_or_default();
        return print(&format!("No entry point{which} takes anything that the platform limits."));
    }
    let options = TableOptions {
        resource: args.resource,
        trace: args.trace,
        most: (!args.all && args.entry.is_none()).then_some(SHOWN),
    };
    print(&cost::table(&meter, &entries, &options, &sources))
}

fn is_wanted(meter: &Meter<'_>, cost: &EntryLines, args: &CostArgs) -> bool {
    let entry = meter.program.entry(cost.entry);
    match &args.entry {
        Some(part) => {
            let part = part.to_lowercase();
            entry.name.to_lowercase().contains(&part) || entry.owner.folded().contains(&part)
        }
        // Who calls them, and how often, is not known.
        None => entry.kind != EntryKind::Uncalled,
    }
}

/// The worst first: what certainly goes over a limit, then what may, each by how far; what has no upper
/// bound only by what one turn takes, after these.
fn sort(meter: &Meter<'_>, entries: &mut [EntryLines]) {
    entries.sort_by_cached_key(|cost| {
        let rank = |line: &Line| {
            let sure = line.unbounded.is_none() || line.verdict() == Verdict::Exceeds;
            (
                sure && line.verdict() >= Verdict::MayExceed,
                line.verdict(),
                sure,
                line.percent(),
                line.most_value,
            )
        };
        let worst = cost.lines.iter().map(rank).max();
        let entry = meter.program.entry(cost.entry);
        (std::cmp::Reverse(worst), entry.at, cost.entry)
    });
}
