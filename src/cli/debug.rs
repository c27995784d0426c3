//! `seamlint debug`: what a stage of the analysis made.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::program::print::flows as print_flows;
use crate::report::progress::Progress;
use crate::span::FileId;
use crate::{apex, discover, metadata, pages, scan};

use super::{Failure, load, print, print_json};

#[derive(Subcommand)]
pub enum DebugCommand {
    /// The effect skeleton of one Apex file
    Unit { file: PathBuf },
    /// What one flow does: its nodes, with calls, effects and loops
    Flow { file: PathBuf },
    /// What the pages in the browser do, as JSON: of a component's folder, of one of its files, of a project
    Page {
        #[arg(default_value = ".")]
        paths: Vec<PathBuf>,
    },
    /// The components in the metadata files, as JSON
    Metadata {
        #[arg(default_value = ".")]
        paths: Vec<PathBuf>,
    },
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

pub fn run(command: DebugCommand) -> Result<u8, Failure> {
    let quiet = Progress::new(false);
    let model = |paths: &[PathBuf]| {
        let (config, _) = load(paths.first().map_or(Path::new("."), PathBuf::as_path), None)?;
        scan::model(paths, &config.settings(), &quiet).map_err(|error| Failure::usage(error.to_string()))
    };
    match command {
        DebugCommand::Unit { file } => {
            let text = discover::read_text(&file)
                .map_err(|error| Failure::usage(format!("`{}` {error}", file.display())))?;
            let unit = apex::parse_unit(FileId(0), &text, None, true);
            print(&apex::print::print(&unit, &text))
        }
        DebugCommand::Flow { file } => {
            let missing = || Failure::usage(format!("`{}` is no flow of a project", file.display()));
            let absolute = std::fs::canonicalize(&file).map_err(|_| missing())?;
            let model = model(std::slice::from_ref(&file))?;
            let same = |path: &Path| std::fs::canonicalize(path).is_ok_and(|path| path == absolute);
            let source = model.project.files.iter().find(|source| same(&source.absolute));
            print(&print_flows(&model.program, source.ok_or_else(missing)?.id))
        }
        DebugCommand::Page { paths } => {
            // A component is all the files of its folder.
            let folder = |path: &PathBuf| match path.is_file() {
                true => path.parent().map(Path::to_path_buf).unwrap_or_default(),
                false => path.clone(),
            };
            let is_bundle = |path: &Path| {
                let home = path.parent().and_then(Path::file_name).unwrap_or_default();
                home.eq_ignore_ascii_case("lwc") || home.eq_ignore_ascii_case("aura")
            };
            let paths: Vec<PathBuf> = paths
                .iter()
                .map(|path| if is_bundle(&folder(path)) { folder(path) } else { path.clone() })
                .collect();
            let project = discover::discover(&paths, &discover::Options::default())
                .map_err(|error| Failure::usage(error.to_string()))?;
            let pages::Read { pages, problems, .. } = pages::read(&project);
            for problem in project.problems.iter().chain(&problems) {
                eprintln!("note: {problem}");
            }
            print_json(&pages)
        }
        DebugCommand::Metadata { paths } => {
            let project = discover::discover(&paths, &discover::Options::default())
                .map_err(|error| Failure::usage(error.to_string()))?;
            let metadata::Read { metadata, problems, .. } = metadata::read(&project);
            for problem in project.problems.iter().chain(&problems) {
                eprintln!("note: {problem}");
            }
            print_json(&metadata)
        }
        DebugCommand::Program { paths } => print_json(&model(&paths)?.program),
        DebugCommand::Summary { paths } => print_json(&model(&paths)?.summary),
    }
}
