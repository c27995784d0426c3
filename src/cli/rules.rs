//! `seamlint rules`: the rules, their limits and their language.

use std::path::PathBuf;

use clap::Subcommand;

use crate::rules::{explain, schema};

use super::{Failure, load_rules, print, print_json};

#[derive(Subcommand)]
pub enum RulesCommand {
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

pub fn run(command: &RulesCommand) -> Result<u8, Failure> {
    let load = |folder: &Option<PathBuf>| load_rules(folder.as_deref());
    match command {
        RulesCommand::List { rules } => print(&explain::rules_table(&load(rules)?)),
        RulesCommand::Limits { rules } => print(&explain::limits_table(&load(rules)?)),
        RulesCommand::Schema => print_json(&schema::schema()),
    }
}
