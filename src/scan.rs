//! The pipeline: paths in, findings out.

use std::cmp::Reverse;
use std::path::PathBuf;

use rayon::prelude::*;

use crate::apex;
use crate::apex::test_code::{is_hidden_stub, is_test_class};
use crate::apex::unit::Unit;
use crate::budget;
use crate::config::{FileLevels, Level, Settings};
use crate::cost::Meter;
use crate::deep::declare_stack;
use crate::discover::{
    DiscoverError, ModuleId, ModuleKind, Problem, Project, SourceFile, SourceKind, discover, read_text,
    visualforce,
};
use crate::finding::{Confidence, Finding, Severity};
use crate::focus::Focus;
use crate::metadata::{self, Metadata};
use crate::pages;
use crate::program::model::Program;
use crate::program::{self, Page as VisualforcePage};
use crate::report::progress::Progress;
use crate::report::{SYNTAX_ERROR, Statistics};
use crate::rules::rule::RuleSet;
use crate::rules::{self, Checked, Policy};
use crate::span::Location;
use crate::summary::event_graph::Surroundings;
use crate::summary::{Summary, summarise};
use crate::suppress::{self, Suppressed, Suppressions};

/// Starts the threads that scans share: `count`, or one a core. Once a process.
///
/// # Errors
/// The system gives no threads, or they were started before.
pub fn start_threads(count: Option<usize>) -> Result<(), String> {
    // The parser recurses over hostile input; threads with a large stack need no others for it.
    rayon::ThreadPoolBuilder::new()
        .num_threads(count.unwrap_or(0))
        .stack_size(apex::parse::STACK)
        .start_handler(|_| declare_stack(apex::parse::STACK))
        .build_global()
        .map_err(|error| format!("cannot start the threads: {error}"))
}

/// All that a scan found.
pub struct Scan {
    pub project: Project,
    /// Sorted by file, place and rule.
    pub findings: Vec<Finding>,
    /// What the code itself says that it accepts; sorted likewise.
    pub suppressed: Vec<Suppressed>,
    /// Whether all of a project was looked at, with all rules, and all that was found is here.
    pub whole: bool,
    pub statistics: Statistics,
}

/// The linked model of a project.
pub struct Model {
    pub project: Project,
    pub units: Vec<Unit>,
    pub metadata: Metadata,
    pub program: Program,
    pub summary: Summary,
    pub suppressions: Suppressions,
}

/// Scans the projects at `paths` with `rules`, as `settings` say.
///
/// # Errors
/// Only a path that is not there stops a scan. A file that cannot be read or parsed is reported among
/// the findings or problems, and the rest is analysed.
pub fn scan(
    paths: &[PathBuf],
    rules: &RuleSet,
    settings: &Settings,
    progress: &Progress,
) -> Result<Scan, DiscoverError> {
    let mut model = model(paths, settings, progress)?;
    model.add_budgets(rules, settings);
    let Found { findings, suppressed, whole, statistics } =
        findings(paths, &model, rules, settings, progress);
    let Model { mut project, units, metadata, program, summary, .. } = model;
    // Nobody has to wait until all of it is freed.
    rayon::spawn(move || drop((units, metadata, program, summary)));
    if let Some(changed) = &settings.focus {
        let root = project.root.clone();
        project.problems.retain(|problem| changed.contains(&root.join(&problem.path)));
    }
    Ok(Scan { project, findings, suppressed, whole, statistics })
}

impl Model {
    /// Adds what the declared volumes take of the org's allocations, for the rules that ask about it. Only
    /// where the configuration that declares them is a part of what is scanned: they are those of all of it.
    pub fn add_budgets(&mut self, rules: &RuleSet, settings: &Settings) {
        let is_configuration = |file: &&SourceFile| {
            file.kind == SourceKind::Configuration
                && file.absolute.canonicalize().ok().as_ref() == settings.file.as_ref()
        };
        let Some(file) = self.project.files.iter().find(is_configuration).map(|file| file.id) else { return };
        if settings.workload.volumes.is_empty() {
            return;
        }
        let meter = Meter::new(&self.program, &self.summary, &rules.limits, &settings.workload.assume);
        let budget = budget::budget(&meter, settings);
        let volumes = &settings.workload.volumes;
        let place_of = |key: &str| volumes.iter().find(|volume| volume.key == key)?.at;
        let items = budget::items(&budget, file, place_of, &settings.workload.thresholds);
        self.program.items.extend(items);
        self.program.items.sort_by_key(|item| (item.kind, item.name, item.at));
    }
}

/// What the rules found in a model; the fields are those of [`Scan`].
pub struct Found {
    pub findings: Vec<Finding>,
    pub suppressed: Vec<Suppressed>,
    pub whole: bool,
    pub statistics: Statistics,
}

/// What `rules` find in the model of the projects at `paths`.
pub fn findings(
    paths: &[PathBuf],
    model: &Model,
    rules: &RuleSet,
    settings: &Settings,
    progress: &Progress,
) -> Found {
    progress.stage("checking", rules.rules.len());
    let suppressions = model.suppressions.clone();
    let policy = Policy {
        levels: settings.levels.of(&model.project.files),
        suppressions,
        assume: settings.workload.assume,
    };
    let Checked { mut findings, mut suppressed, mut used, proofs } =
        rules::check(&model.program, &model.summary, rules, &policy, &model.project.paths());
    let focus = Focus::of(paths, settings.focus.as_deref(), model);
    if let Some(focus) = &focus {
        let mut proofs = proofs.iter();
        findings.retain(|finding| focus.concerns(finding, proofs.next(), &model.program));
    }
    // What no rule found: of single files.
    let mut of_files = Vec::new();
    for error in syntax_errors(model).into_iter().filter_map(|error| leveled(error, &policy.levels)) {
        let by = policy.suppressions.covering(&error.rule, error.primary).next();
        match by {
            Some(by) => {
                used.insert(by);
                suppressed.push(policy.suppressions.suppressed(error, by));
            }
            None => of_files.push(error),
        }
    }
    let whole = !is_part(&model.project) && rules.left_out.is_empty();
    let notes = suppress::unused(&policy.suppressions, &used, rules, &policy.levels, &model.project, whole);
    of_files.extend(notes.into_iter().filter_map(|note| leveled(note, &policy.levels)));
    let in_focus =
        |finding: &Finding| focus.as_ref().is_none_or(|focus| focus.concerns(finding, None, &model.program));
    findings.extend(of_files.into_iter().filter(in_focus));
    if let Some(focus) = &focus {
        suppressed.retain(|each| focus.concerns(&each.finding, None, &model.program));
    }
    let order =
        |a: &Finding, b: &Finding| (a.primary, &a.rule, &a.message).cmp(&(b.primary, &b.rule, &b.message));
    findings.sort_by(order);
    suppressed.sort_by(|a, b| order(&a.finding, &b.finding));
    let statistics = statistics(model, &findings);
    Found { findings, suppressed, whole: whole && focus.is_none(), statistics }
}

/// Whether only a part of a project was scanned: what stands in the rest is not known.
pub fn is_part(project: &Project) -> bool {
    project.modules.iter().any(|module| module.kind == ModuleKind::Project && module.path.starts_with(".."))
}

/// A finding that no rule file stands behind, as the configuration wants it.
fn leveled(finding: Finding, levels: &FileLevels) -> Option<Finding> {
    let level = levels.level(&finding.rule, finding.primary.file);
    let severity = level.severity().unwrap_or(finding.severity);
    (level != Level::Off).then_some(Finding { severity, ..finding })
}

/// Builds the model of the projects at `paths`: all stages up to the summaries.
pub fn model(paths: &[PathBuf], settings: &Settings, progress: &Progress) -> Result<Model, DiscoverError> {
    progress.stage("finding files", 0);
    let mut project = discover(paths, &settings.discovery)?;
    let apex: Vec<&SourceFile> = project.files.iter().filter(|file| file.kind.is_apex()).collect();
    progress.stage("reading Apex and metadata", apex.len());
    let ((units, mut suppressions, mut problems), read) =
        rayon::join(|| parse(&apex, progress), || metadata::read(&project));
    let metadata::Read { mut metadata, problems: broken, suppressions: in_metadata } = read;
    problems.extend(broken);
    // Profiles are large: they are opened only where there is something that one could open to everybody.
    if units.iter().any(Unit::answers_rest) {
        let (guests, broken) = metadata::profile::guests(&project);
        metadata.guest_profiles = guests;
        problems.extend(broken);
    }
    suppressions.extend(in_metadata);
    progress.stage("linking", 0);
    let visualforce = visualforce_pages(&project);
    let modules: Vec<Vec<u32>> =
        units.iter().map(|unit| modules_around(&project, project.file(unit.file))).collect();
    let mut namespaces: Vec<String> = project
        .modules
        .iter()
        .filter_map(|module| module.namespace.clone())
        .filter(|name| !name.is_empty())
        .collect();
    namespaces.sort();
    namespaces.dedup();
    let projects: Vec<Option<u32>> =
        project.files.iter().map(|file| project_around(&project, file)).collect();
    let input = program::Input {
        units: &units,
        modules: &modules,
        namespaces: &namespaces,
        metadata: &metadata,
        projects: &projects,
        pages: &visualforce,
        landscape: &settings.landscape,
    };
    // Linking keeps one thread busy, and needs nothing of the pages in the browser.
    let (mut program, in_browser) = rayon::join(|| program::link(&input), || pages::read(&project));
    let pages::Read { pages, problems: broken, suppressions: in_pages } = in_browser;
    problems.extend(broken);
    suppressions.extend(in_pages);
    progress.stage("summarising", 0);
    let around = Surroundings {
        metadata: &metadata,
        landscape: &settings.landscape,
        pages: &pages,
        projects: &projects,
    };
    let summary = summarise(&mut program, &around);
    project.problems.extend(problems);
    project.problems.sort_by(|a, b| (&a.path, &a.message).cmp(&(&b.path, &b.message)));
    let suppressions = Suppressions::new(suppressions);
    Ok(Model { project, units, metadata, program, summary, suppressions })
}

/// The modules around a file, the innermost first.
fn modules_around(project: &Project, file: &SourceFile) -> Vec<u32> {
    let mut around = Vec::new();
    let mut next = file.module;
    while let Some(id) = next {
        around.push(id.0);
        next = project.module(id).parent;
    }
    around
}

/// The project around a file: with an `sfdx-project.json` of its own, or in metadata format.
fn project_around(project: &Project, file: &SourceFile) -> Option<u32> {
    let is_project = |id: &u32| project.module(ModuleId(*id)).kind != ModuleKind::Package;
    modules_around(project, file).into_iter().find(is_project)
}

/// Parses all classes and triggers that are not tests, the biggest first, so that none is waited for at
/// the end. The result is in the order of the files.
fn parse(files: &[&SourceFile], progress: &Progress) -> (Vec<Unit>, Vec<suppress::InFile>, Vec<Problem>) {
    let mut order: Vec<&SourceFile> = files.to_vec();
    order.sort_by_key(|file| (Reverse(file.size), file.id));
    let mut results: Vec<Result<Parsed, Problem>> = order
        .par_iter()
        .with_max_len(1)
        .filter_map(|file| {
            let unit = parse_file(file).transpose();
            progress.step();
            unit
        })
        .collect();
    let mut units = Vec::with_capacity(results.len());
    let mut suppressions = Vec::new();
    let mut problems = Vec::new();
    for result in results.drain(..) {
        match result {
            Ok((unit, in_file)) => {
                units.push(unit);
                suppressions.extend(in_file);
            }
            Err(problem) => problems.push(problem),
        }
    }
    units.sort_by_key(|unit| unit.file);
    (units, suppressions, problems)
}

/// A unit, and the suppressions in its file.
type Parsed = (Unit, Option<suppress::InFile>);

/// `None` for test classes and hidden stubs: they are told by their head and not parsed.
fn parse_file(file: &SourceFile) -> Result<Option<Parsed>, Problem> {
    let text = read_text(&file.absolute).map_err(|error| Problem::new(&file.path, error.to_string()))?;
    if is_hidden_stub(&text) || (file.kind == SourceKind::ApexClass && is_test_class(&text)) {
        return Ok(None);
    }
    let unit = apex::parse_unit(file.id, &text, file.api_version, file.active);
    let suppressions = suppress::in_apex(&text, &unit);
    Ok(Some((unit, suppressions)))
}

/// Which classes the Visualforce pages use, and what of them.
fn visualforce_pages(project: &Project) -> Vec<VisualforcePage> {
    let files: Vec<&SourceFile> = project.of_kind(SourceKind::Visualforce).collect();
    files
        .par_iter()
        .filter_map(|file| {
            let text = read_text(&file.absolute).ok()?;
            let bindings = visualforce::controllers(&text);
            let mut classes: Vec<String> = bindings.controller.into_iter().collect();
            classes.extend(bindings.extensions);
            if classes.is_empty() {
                return None;
            }
            let mut expressions: Vec<String> = bindings
                .expressions
                .iter()
                .filter_map(|path| path.split('.').next().map(str::to_owned))
                .collect();
            expressions.sort();
            expressions.dedup();
            let mut actions = bindings.actions;
            actions.extend(bindings.page_action);
            let name = file.name().split('.').next().unwrap_or_default().to_owned();
            Some(VisualforcePage { name, classes, actions, expressions })
        })
        .collect()
}

fn syntax_errors(model: &Model) -> Vec<Finding> {
    model
        .units
        .iter()
        .flat_map(|unit| unit.syntax_errors.iter().map(move |error| (unit.file, error)))
        .map(|(file, error)| Finding {
            rule: SYNTAX_ERROR.to_owned(),
            severity: Severity::Note,
            confidence: Confidence::High,
            message: error.message.clone(),
            primary: Location { file, span: error.span },
            path: Vec::new(),
            related: Vec::new(),
            origins: Vec::new(),
            pattern: String::new(),
            antipattern: None,
            instead: Vec::new(),
            fingerprint: rules::check::findings::fingerprint(
                &format!("{SYNTAX_ERROR}|{}|{}", model.project.file(file).path, error.message),
                0,
            ),
        })
        .collect()
}

fn statistics(model: &Model, findings: &[Finding]) -> Statistics {
    let linked = &model.program.statistics;
    Statistics {
        files: model.project.files.len(),
        classes: linked.classes,
        triggers: linked.triggers,
        methods: linked.methods,
        entry_points: model.program.entries.len(),
        calls: linked.calls,
        calls_virtual: linked.calls_virtual,
        calls_unresolved: linked.calls_unresolved,
        dynamic_dispatch: linked.dynamic_dispatch,
        syntax_errors: findings.iter().filter(|finding| finding.rule == SYNTAX_ERROR).count(),
    }
}
