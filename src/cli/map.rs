//! `seamlint map`: draws the integration architecture of projects.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::map::{self, Format};
use crate::report::progress::Progress;
use crate::report::source_map::SourceMap;
use crate::scan;

use super::{Failure, load, start_threads};

#[derive(Args)]
pub struct MapArgs {
    /// Folders to read
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    #[arg(short, long, value_enum, default_value_t)]
    format: Format,
    /// Write the map to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Draw each class and flow by itself, also where many alike could be drawn as one
    #[arg(long)]
    whole: bool,
    /// Folder with rule files of your own, beside the built-in ones
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Number of threads (default: one a core)
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

pub fn run(args: &MapArgs) -> Result<u8, Failure> {
    start_threads(args.threads)?;
    let (config, rules) =
        load(args.paths.first().map_or(Path::new("."), PathBuf::as_path), args.rules.as_deref())?;
    let settings = config.settings();
    let progress = Progress::new(true);
    let model =
        scan::model(&args.paths, &settings, &progress).map_err(|error| Failure::usage(error.to_string()))?;
    let findings = scan::findings(&args.paths, &model, &rules, &settings, &progress).findings;
    drop(progress);
    let sources = SourceMap::new(&model.project);
    let input =
        map::Input { model: &model, findings: &findings, rules: &rules, landscape: &settings.landscape };
    let drawn = map::draw(&input, &sources);
    if drawn.nodes.is_empty() {
        eprintln!(
            "note: nothing in this project takes part in integration, as far as seamlint sees; the map is empty."
        );
    }
    let target = args.output.as_deref();
    let written = match target {
        Some(file) => File::create(file).and_then(|file| {
            let mut out = BufWriter::new(file);
            map::write(args.format, &drawn, args.whole, &sources, &mut out)?;
            out.flush()
        }),
        None => {
            let mut out = BufWriter::new(io::stdout().lock());
            map::write(args.format, &drawn, args.whole, &sources, &mut out).and_then(|()| out.flush())
        }
    };
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let place = target.map_or("standard output".to_owned(), |file| format!("`{}`", file.display()));
            Err(Failure::usage(format!("cannot write to {place}: {error}")))
        }
        _ => Ok(0),
    }
}
