//! `seamlint explain`: the page of a rule or a pattern.

use std::path::PathBuf;

use clap::Args;

use crate::rules::explain;

use super::{Failure, load_rules, print};

#[derive(Args)]
pub struct ExplainArgs {
    /// Id of a rule or a pattern: `sync-callout-in-trigger`, `platform-events`
    id: String,
    /// Folder with rule files of your own
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
}

pub fn run(args: &ExplainArgs) -> Result<u8, Failure> {
    let rules = load_rules(args.rules.as_deref())?;
    match explain::explain(&rules, &args.id) {
        Ok(text) => print(&text),
        Err(nearest) => {
            let hint = match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "`seamlint rules list` lists them all.".to_owned(),
            };
            Err(Failure::usage(format!("there is no rule or pattern `{}`; {hint}", args.id)))
        }
    }
}
