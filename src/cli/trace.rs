//! `seamlint scan --explain-analysis`: what a doubted finding rests on.

use crate::config::Config;
use crate::report::progress::Progress;
use crate::report::source_map::SourceMap;
use crate::rules::rule::RuleSet;
use crate::rules::{self, Policy};
use crate::scan;
use crate::trace::{self, Doubt};

use std::path::PathBuf;

use super::{Failure, print};

/// Prints the trace of each finding that is meant, then what the analysis could not see.
pub fn run(
    paths: &[PathBuf],
    doubt: &Doubt,
    config: &Config,
    rules: &RuleSet,
    progress: &Progress,
) -> Result<u8, Failure> {
    let settings = config.settings();
    let model = scan::model(paths, &settings, progress).map_err(|error| Failure::usage(error.to_string()))?;
    let levels = settings.levels.of(&model.project.files);
    let policy =
        Policy { levels, suppressions: model.suppressions.clone(), assume: settings.workload.assume };
    let checked = rules::check(&model.program, &model.summary, rules, &policy, &model.project.paths());
    let map = SourceMap::new(&model.project);
    let mut texts: Vec<String> = checked
        .findings
        .iter()
        .zip(&checked.proofs)
        .filter(|(finding, _)| doubt.is_about(finding, &map))
        .map(|(finding, proof)| trace::finding(&model.program, &model.project, finding, proof))
        .collect();
    if texts.is_empty() {
        return Err(Failure::usage(format!(
            "there is no finding `{doubt}`. Name it by the beginning of its fingerprint (`seamlint -f json` \
             has them) or by RULE, RULE:FILE or RULE:FILE:LINE; {} findings were compared.",
            checked.findings.len()
        )));
    }
    texts.push(trace::statistics(&model.program));
    print(&texts.join("\n"))
}
