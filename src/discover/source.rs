//! From the walked candidates to the [`SourceFile`]s of the project.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use ignore::gitignore::Gitignore;
use rayon::prelude::*;

use super::companion::{Companion, read_companion};
use super::kind::kind_of;
use super::modules::{Modules, relative_to};
use super::roots::Roots;
use super::text::error_text;
use super::walk::Candidate;
use super::{Module, ModuleId, ModuleKind, SourceFile};
use crate::span::FileId;

/// The sorted files, and what became of the rest.
pub(super) struct Sources {
    pub(super) files: Vec<SourceFile>,
    pub(super) named: Vec<FileId>,
    pub(super) anonymous: Vec<String>,
}

pub(super) fn assemble(
    mut candidates: Vec<Candidate>,
    modules: &Modules,
    roots: &Roots,
    exclude: &Gitignore,
    problems: &mut Vec<(PathBuf, String)>,
) -> Sources {
    add_named(&mut candidates, roots, exclude, problems);
    // By the bytes of the shown path; the real one decides where two names look the same.
    candidates.sort_by(|a, b| a.relative.cmp(&b.relative).then_with(|| a.absolute.cmp(&b.absolute)));
    candidates.dedup_by(|a, b| a.absolute == b.absolute);

    let named: HashSet<&Path> = roots.named.iter().map(PathBuf::as_path).collect();
    let places = modules_of(&candidates, modules);
    let mut anonymous = Vec::new();
    let mut placed = Vec::with_capacity(candidates.len());
    for (candidate, module) in candidates.into_iter().zip(places) {
        let removed = module.and_then(|id| modules.removed.get(&id));
        if removed.is_some_and(|removed| removed.has(&candidate)) {
            continue;
        }
        let of_module = module.map(|id| &modules.list[id.0 as usize]);
        if is_anonymous(&candidate, of_module) && !named.contains(candidate.absolute.as_path()) {
            anonymous.push(candidate.relative);
        } else {
            placed.push((candidate, module));
        }
    }

    let read = placed
        .into_par_iter()
        .enumerate()
        .map(|(index, (candidate, module))| read_source(index, candidate, module))
        .collect::<Vec<_>>();
    let mut files = Vec::with_capacity(read.len());
    for (file, problem) in read {
        files.push(file);
        problems.extend(problem);
    }
    let named =
        files.iter().filter(|file| named.contains(file.absolute.as_path())).map(|file| file.id).collect();
    Sources { files, named, anonymous }
}

/// The module of each file. Neighbours in the sorted list mostly share their folder, and so that.
fn modules_of(candidates: &[Candidate], modules: &Modules) -> Vec<Option<ModuleId>> {
    let mut last: Option<(&Path, Option<ModuleId>)> = None;
    let of = |candidate| {
        let folder = parent(candidate);
        match last {
            Some((known, module)) if known.as_os_str() == folder.as_os_str() => module,
            _ => {
                let module = modules.innermost(folder);
                last = Some((folder, module));
                module
            }
        }
    };
    candidates.iter().map(of).collect()
}

fn parent(candidate: &Candidate) -> &Path {
    candidate.absolute.parent().unwrap_or(&candidate.absolute)
}

/// A file that was named is scanned even where an ignore file lists it, but not where the configuration
/// does: a commit hook names every file that was changed.
fn add_named(
    candidates: &mut Vec<Candidate>,
    roots: &Roots,
    exclude: &Gitignore,
    problems: &mut Vec<(PathBuf, String)>,
) {
    let missed = match roots.named.as_slice() {
        [] => return,
        named => {
            let known = candidates.iter().map(|candidate| &candidate.absolute).collect::<HashSet<_>>();
            named.iter().filter(|named| !known.contains(named)).collect::<Vec<_>>()
        }
    };
    for absolute in missed {
        let text = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let name = text(absolute.file_name());
        let folder = absolute.parent().unwrap_or(absolute);
        let Some(kind) = kind_of(&name, folder) else {
            let message = "is not a kind of file that seamlint analyses; its project was scanned";
            problems.push((absolute.clone(), message.to_string()));
            continue;
        };
        let inside = absolute.starts_with(exclude.path());
        if inside && exclude.matched_path_or_any_parents(absolute, false).is_ignore() {
            let message = "is left out by `exclude`; its project was scanned";
            problems.push((absolute.clone(), message.to_string()));
            continue;
        }
        let companion = absolute.with_file_name(format!("{name}-meta.xml"));
        candidates.push(Candidate {
            relative: relative_to(&roots.common, absolute),
            absolute: absolute.clone(),
            kind,
            companion: (kind.is_apex() && companion.is_file()).then_some(companion),
            forceignored: false,
        });
    }
}

/// Whether an Apex file is one that no deployment takes into an org.
///
/// The suffix `.cls` is also used for anonymous Apex that people run by hand. What is deployed has a
/// companion, or stands in a folder that is deployed.
fn is_anonymous(candidate: &Candidate, module: Option<&Module>) -> bool {
    if !candidate.kind.is_apex() || candidate.companion.is_some() {
        return false;
    }
    let deployed = module.is_some_and(|module| module.kind != ModuleKind::Project);
    let mut folders = candidate.relative.split('/').rev().skip(1);
    if deployed || folders.clone().any(|folder| folder == "classes" || folder == "triggers") {
        return false;
    }
    module.is_some_and(|module| module.lists_packages) || folders.any(|folder| folder == "scripts")
}

fn read_source(
    index: usize,
    candidate: Candidate,
    module: Option<ModuleId>,
) -> (SourceFile, Option<(PathBuf, String)>) {
    let mut problem = None;
    let size = match fs::symlink_metadata(&candidate.absolute) {
        Ok(metadata) => metadata.len(),
        Err(error) => {
            problem = Some((candidate.absolute.clone(), format!("cannot be read: {}", error_text(&error))));
            0
        }
    };
    let mut companion = Companion { api_version: None, active: true };
    if let Some(path) = candidate.companion.filter(|_| candidate.kind.is_apex()) {
        match read_companion(&path) {
            Ok(read) => companion = read,
            Err(message) => problem = Some((path, format!("{message}; its Apex is taken to be active"))),
        }
    }
    let file = SourceFile {
        id: FileId(index as u32),
        path: candidate.relative,
        absolute: candidate.absolute,
        kind: candidate.kind,
        size,
        api_version: companion.api_version,
        active: companion.active,
        forceignored: candidate.forceignored,
        module,
    };
    (file, problem)
}

/// Drops the folders in metadata format that hold no source: a `manifest/` or a set of objects.
pub(super) fn drop_empty_modules(
    modules: Vec<Module>,
    mut files: Vec<SourceFile>,
) -> (Vec<Module>, Vec<SourceFile>) {
    let mut used = modules.iter().map(|module| module.kind != ModuleKind::Metadata).collect::<Vec<_>>();
    for file in &files {
        let mut module = file.module;
        while let Some(id) = module {
            used[id.0 as usize] = true;
            module = modules[id.0 as usize].parent;
        }
    }
    let mut next = 0;
    let renumbered = used
        .iter()
        .map(|&used| {
            let id = ModuleId(next);
            next += u32::from(used);
            id
        })
        .collect::<Vec<_>>();
    let renumber = |id: ModuleId| renumbered[id.0 as usize];
    for file in &mut files {
        file.module = file.module.map(renumber);
    }
    let kept = modules.into_iter().zip(used).filter(|(_, used)| *used);
    let kept = kept.map(|(module, _)| Module { parent: module.parent.map(renumber), ..module });
    (kept.collect(), files)
}
