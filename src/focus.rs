//! Which findings concern files that were changed or named: `--staged`, `--since` and file arguments.
//!
//! A finding concerns a file that it points at, or that its proof passes through. It also concerns a file
//! that decided what the model is without being a place of the proof: the custom metadata record that
//! names a handler on the path, the declaration of the event that is published, the credential that is
//! called, the subscriber configuration of the trigger.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;

use crate::discover::Project;
use crate::finding::Finding;
use crate::metadata::Metadata;
use crate::metadata::record::MetadataValue;
use crate::name::Name;
use crate::program::handlers_named_in;
use crate::program::model::Program;
use crate::rules::check::Proof;
use crate::scan::Model;
use crate::span::FileId;

/// The files that findings must touch to be reported.
pub struct Focus {
    files: FxHashSet<FileId>,
    decided: Decided,
}

/// What the files decide elsewhere, by names.
#[derive(Default)]
struct Decided {
    /// Classes and flows that their records name.
    handlers: FxHashSet<Name>,
    /// Events and external objects that they declare or select.
    objects: FxHashSet<Name>,
    credentials: FxHashSet<Name>,
    /// Triggers whose subscription they configure.
    triggers: FxHashSet<Name>,
}

impl Focus {
    /// The focus of a scan of `paths`, of which git says that the files `changed` (their absolute paths) did
    /// change; `None` where all is reported.
    pub fn of(paths: &[PathBuf], changed: Option<&[PathBuf]>, model: &Model) -> Option<Focus> {
        let project = &model.project;
        let named = paths.iter().all(|path| path.is_file()).then(|| project.named.iter().copied().collect());
        let changed = changed.map(|changed| present(changed, project));
        let files: FxHashSet<FileId> = match (named, changed) {
            (Some(named), Some(changed)) => &named & &changed,
            (named, changed) => named.or(changed)?,
        };
        let mut decided = Decided::of_metadata(&model.metadata, &files);
        for unit in model.units.iter().filter(|unit| files.contains(&unit.file)) {
            decided.handlers.extend(handlers_named_in(unit));
        }
        Some(Focus { files, decided })
    }

    /// Whether a finding, which rests on `proof` where that is known, concerns one of the files.
    pub fn concerns(&self, finding: &Finding, proof: Option<&Proof>, program: &Program) -> bool {
        let steps = finding.path.iter().chain(&finding.related).map(|step| step.at);
        let origins = finding.origins.iter().map(|origin| origin.at);
        steps.chain(origins).chain([finding.primary]).any(|at| self.files.contains(&at.file))
            || proof.is_some_and(|proof| self.decided.are_behind(proof, program))
    }
}

/// The changed files that the project has.
fn present(changed: &[PathBuf], project: &Project) -> FxHashSet<FileId> {
    let changed: FxHashSet<&Path> = changed.iter().map(|path| content(path)).collect();
    let files = project.files.iter().filter(|file| changed.contains(content(&file.absolute)));
    files.map(|file| file.id).collect()
}

/// The path without `-meta.xml`: the same for a class and for the file that describes it.
fn content(path: &Path) -> &Path {
    path.to_str().and_then(|text| text.strip_suffix("-meta.xml")).map_or(path, Path::new)
}

impl Decided {
    fn of_metadata(metadata: &Metadata, files: &FxHashSet<FileId>) -> Decided {
        let mut decided = Decided::default();
        let is_in = |file: FileId| files.contains(&file);
        for record in metadata.records.iter().filter(|record| is_in(record.header.file)) {
            let texts = record.fields.iter().filter_map(|field| match &field.value {
                MetadataValue::Text(text) => Some(Name::new(text.trim())),
                _ => None,
            });
            decided.handlers.extend(texts);
        }
        let declared = metadata
            .events
            .iter()
            .map(|event| (&event.header, event.header.name))
            .chain(metadata.external_objects.iter().map(|object| (&object.header, object.header.name)))
            .chain(metadata.fields.iter().map(|field| (&field.header, field.object)))
            .chain(metadata.channel_members.iter().map(|member| (&member.header, member.entity.value)));
        decided.objects.extend(declared.filter(|(header, _)| is_in(header.file)).map(|(_, name)| name));
        let credentials = metadata.named_credentials.iter().map(|credential| &credential.header);
        decided.credentials.extend(credentials.filter(|header| is_in(header.file)).map(|header| header.name));
        let configs = metadata.subscriber_configs.iter().filter(|config| is_in(config.header.file));
        decided.triggers.extend(configs.filter_map(|config| Some(config.consumer.as_ref()?.value)));
        decided
    }

    /// Whether one of them decided something of the proof.
    fn are_behind(&self, proof: &Proof, program: &Program) -> bool {
        let entry = proof.entry.map(|id| program.entry(id));
        let entered = proof.path.iter().filter_map(|hop| Some(program.node(hop.node?).symbol.as_str()));
        entry.is_some_and(|entry| {
            self.triggers.contains(&entry.owner)
                || entry.object.is_some_and(|object| self.objects.contains(&object))
        }) || (!self.handlers.is_empty()
            && entered.into_iter().any(|symbol| {
                let class = symbol.rsplit_once('.').map_or(symbol, |(class, _)| class);
                self.handlers.contains(&Name::new(class))
            }))
            || proof.sites.iter().map(|&id| program.site(id)).any(|site| {
                site.object.is_some_and(|object| self.objects.contains(&object))
                    || (site.fact("endpoint") == Some("named-credential")
                        && site.fact("host").is_some_and(|name| self.credentials.contains(&Name::new(name))))
            })
    }
}
