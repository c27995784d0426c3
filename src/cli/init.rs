//! `seamlint init`: the first configuration of a project.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::config::{NAMES, Settings, init};
use crate::report::progress::Progress;
use crate::rules::registry;
use crate::scan;

use super::{Failure, print};

#[derive(Args)]
pub struct InitArgs {
    /// The folder of the project
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Replace the configuration that is there
    #[arg(long)]
    force: bool,
}

pub fn run(args: &InitArgs) -> Result<u8, Failure> {
    if !args.path.is_dir() {
        return Err(Failure::usage(format!("`{}` is no folder", args.path.display())));
    }
    let file = match NAMES.iter().map(|name| args.path.join(name)).find(|file| file.exists()) {
        Some(file) if !args.force => {
            return Err(Failure::usage(format!(
                "there already is a configuration `{}`; --force replaces it",
                file.display()
            )));
        }
        Some(file) => file,
        None => args.path.join(NAMES[0]),
    };
    scan::start_threads(None).map_err(Failure::usage)?;
    let rules = registry::built_in().map_err(|errors| Failure::usage(errors.to_string()))?;
    let (paths, settings) = (std::slice::from_ref(&args.path), Settings::default());
    let progress = Progress::new(true);
    let model =
        scan::model(paths, &settings, &progress).map_err(|error| Failure::usage(error.to_string()))?;
    let found = scan::findings(paths, &model, &rules, &settings, &progress);
    drop(progress);
    let text = init::text(&model, &found.findings);
    std::fs::write(&file, text)
        .map_err(|error| Failure::usage(format!("cannot write `{}`: {error}", file.display())))?;
    let next = if found.findings.is_empty() {
        "No findings.".to_owned()
    } else {
        format!(
            "{} findings today; `seamlint baseline write` lets them pass, so that only new ones are reported.",
            found.findings.len()
        )
    };
    print(&format!("Wrote `{}`. {next}", shown(&file)))
}

fn shown(file: &Path) -> String {
    file.strip_prefix(".").unwrap_or(file).display().to_string()
}
