//! The thread that scans, so that the server answers meanwhile.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};
use gen_lsp_types::Diagnostic;
use indexmap::IndexSet;

use super::diagnostics::{self, View};
use super::folder::Folder;
use crate::baseline::Baseline;
use crate::config::Config;
use crate::report::progress::Progress;
use crate::rules::error::RuleErrors;
use crate::rules::rule::RuleSet;
use crate::{apex, config, scan};

/// Diagnostics by the file they stand in.
pub type ByFile = BTreeMap<PathBuf, Vec<Diagnostic>>;

/// What became of the scan of one folder.
pub struct Scanned {
    pub folder: Folder,
    pub outcome: Result<Found, Failed>,
}

pub struct Found {
    pub rules: Arc<RuleSet>,
    pub diagnostics: ByFile,
}

/// Why there is no result.
pub struct Failed {
    /// For a person.
    pub message: String,
    /// The mistakes in the files of the configuration.
    pub diagnostics: ByFile,
}

/// Starts the thread: folders to scan in, results out. Requests that arrive during a scan make one
/// further scan of each folder, however many they are.
pub fn start(view: View) -> Result<(Sender<Folder>, Receiver<Scanned>), String> {
    scan::start_threads(None)?;
    let (ask, asked) = unbounded::<Folder>();
    let (tell, told) = unbounded();
    let scan = move || {
        let mut waiting: IndexSet<Folder> = IndexSet::new();
        // Ends when the server does.
        while let Ok(folder) = asked.recv() {
            waiting.insert(folder);
            while !waiting.is_empty() {
                waiting.extend(asked.try_iter());
                let Some(folder) = waiting.shift_remove_index(0) else { break };
                let outcome = scan_folder(&folder, view);
                if tell.send(Scanned { folder, outcome }).is_err() {
                    return;
                }
            }
        }
    };
    let thread = thread::Builder::new().name("scan".to_owned()).stack_size(apex::parse::STACK);
    thread.spawn(scan).map_err(|error| format!("cannot start a thread: {error}"))?;
    Ok((ask, told))
}

fn scan_folder(folder: &Folder, view: View) -> Result<Found, Failed> {
    let failed = |message| Failed { message, diagnostics: ByFile::new() };
    let result = catch_unwind(AssertUnwindSafe(|| {
        let (config, rules, baseline) = load(folder).map_err(|errors| Failed {
            message: errors.to_string(),
            diagnostics: diagnostics::of_mistakes(&errors, folder, view),
        })?;
        let progress = Progress::new(false);
        let mut scan = scan::scan(std::slice::from_ref(&folder.path), &rules, &config.settings(), &progress)
            .map_err(|error| failed(error.to_string()))?;
        if let Some(baseline) = baseline {
            scan.findings = baseline.compare(scan.findings).new;
        }
        let diagnostics = diagnostics::of_scan(&scan, &rules, folder, view);
        Ok(Found { rules: Arc::new(rules), diagnostics })
    }));
    result.unwrap_or_else(|_| {
        Err(failed(
            "seamlint itself failed, which is a defect in it and says nothing about your project. \
             The language server's log has the details; please report them."
                .to_owned(),
        ))
    })
}

fn load(folder: &Folder) -> Result<(Config, RuleSet, Option<Baseline>), RuleErrors> {
    let config = config::load(&folder.path)?;
    let rules = config.load_rules(None)?;
    let baseline = config.baseline_for(&folder.path).map(|file| Baseline::read(&file)).transpose()?;
    Ok((config, rules, baseline))
}
