//! `seamlint config`: what is configured, and how it is written.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::config::{schema, show};

use super::scan::ScanArgs;
use super::{Failure, load, print, print_json};

#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Print the configuration in effect and where each value came from; takes the options of a scan
    Show(Box<ScanArgs>),
    /// JSON Schema of seamlint.yml, for editors
    Schema,
}

pub fn run(command: &ConfigCommand) -> Result<u8, Failure> {
    match command {
        ConfigCommand::Show(args) => {
            let path = args.paths.first().map_or(Path::new("."), PathBuf::as_path);
            let (config, _) = load(path, args.rules.as_deref())?;
            print(&show::show(&config, &args.in_effect(&config, path)))
        }
        ConfigCommand::Schema => print_json(&schema()),
    }
}
