//! Reads the components that a repository has as XML: events, channels, credentials, endpoints,
//! workflow, records. The text of one file in, its components out; what they mean together is not
//! known here.
//!
//! Source format and metadata format have the same elements, so a reader knows nothing of formats.
//! Elements are matched by local name and unknown ones are passed over. Every value that a message may
//! point at carries its place. To add a type: a kind in `discover::kind`, a line in [`components!`], a
//! line in [`components_of`] and a reader.
//! Source of the elements: Metadata API Developer Guide, the page of each type.

pub mod app;
pub mod channel;
pub mod credential;
pub mod data_source;
pub mod external_service;
pub mod flow;
pub mod labels;
pub mod object;
pub mod profile;
pub mod record;
pub mod relay;
pub mod site;
pub mod subscriber;
#[cfg(test)]
mod tests;
pub mod workflow;

use rayon::prelude::*;
use serde::Serialize;

use crate::discover::{
    MetadataKind, Problem, Project, SourceFile, SourceKind, full_name, read_text, record_name,
};
use crate::name::Name;
use crate::span::{FileId, Location, Span};
use crate::suppress;
use crate::xml::{self, Element};

use app::{App, AppPart};
use channel::{Channel, ChannelMember};
use credential::{AuthProvider, ExternalCredential, IdentityProvider, NamedCredential};
use data_source::DataSource;
use external_service::ExternalService;
use flow::{Flow, FlowDefinition};
use labels::Label;
use object::{ExternalObject, Field, PlatformEvent};
use profile::GuestProfile;
use record::MetadataRecord;
use relay::EventRelay;
use site::{CorsOrigin, CspSite, RemoteSite};
use subscriber::{ManagedSubscription, SubscriberConfig};
use workflow::Workflow;

/// What all components have.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Header {
    /// The full name: of the file, percent signs decoded.
    pub name: Name,
    pub file: FileId,
    /// The opening tag of the component.
    pub at: Span,
    /// Whether all of the file could be read. What is missing in a component that is not complete may
    /// stand in its file.
    pub complete: bool,
    /// API version of the project around the file, in tenths.
    pub api_version: Option<u16>,
}

impl Header {
    /// A place in the component's file.
    pub fn location(&self, span: Span) -> Location {
        Location { file: self.file, span }
    }

    /// The place of the component as a whole.
    pub fn start(&self) -> Location {
        self.location(self.at)
    }

    /// The header of a component that stands inside of this one.
    fn inner(&self, name: Name, element: &Element) -> Header {
        Header { name, at: element.tag, ..self.clone() }
    }
}

macro_rules! components {
    ($($(#[$doc:meta])* $list:ident: $type:ident,)*) => {
        /// A component, as its file states it.
        #[derive(Clone, Debug, Serialize)]
        #[allow(clippy::large_enum_variant, reason = "lives from the reader to its list only")]
        pub enum Component { $($type($type),)* }

        /// All components of a project, a list a type, each in the order of the files.
        #[derive(Clone, Debug, Default, Serialize)]
        pub struct Metadata { $($(#[$doc])* pub $list: Vec<$type>,)* }

        impl Metadata {
            fn add(&mut self, component: Component) {
                match component { $(Component::$type(component) => self.$list.push(component),)* }
            }
        }

        $(impl From<$type> for Component {
            fn from(component: $type) -> Component { Component::$type(component) }
        })*
    };
}

components! {
    events: PlatformEvent,
    external_objects: ExternalObject,
    /// The fields of platform events and external objects.
    fields: Field,
    channels: Channel,
    channel_members: ChannelMember,
    subscriber_configs: SubscriberConfig,
    managed_subscriptions: ManagedSubscription,
    event_relays: EventRelay,
    named_credentials: NamedCredential,
    external_credentials: ExternalCredential,
    auth_providers: AuthProvider,
    identity_providers: IdentityProvider,
    remote_sites: RemoteSite,
    csp_sites: CspSite,
    cors_origins: CorsOrigin,
    external_services: ExternalService,
    data_sources: DataSource,
    /// Without those whose status says that they do not run.
    flows: Flow,
    flow_definitions: FlowDefinition,
    workflows: Workflow,
    records: MetadataRecord,
    /// Connected apps, and the parts of external client apps.
    apps: App,
    labels: Label,
    /// Read only where a class answers REST requests.
    guest_profiles: GuestProfile,
}

impl Metadata {
    /// The fields of a platform event or an external object.
    pub fn fields_of(&self, object: Name) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |field| field.object == object)
    }
}

/// What all metadata files of a project say.
#[derive(Clone, Debug, Default)]
pub struct Read {
    pub metadata: Metadata,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// By file; only files that have some.
    pub suppressions: Vec<suppress::InFile>,
}

/// Reads all metadata files of a project.
pub fn read(project: &Project) -> Read {
    let files: Vec<(&SourceFile, MetadataKind)> = project
        .files
        .iter()
        .filter_map(|file| match file.kind {
            // By whom they are needed, [`profile::guests`] is asked.
            SourceKind::Metadata(MetadataKind::Profile) => None,
            SourceKind::Metadata(kind) => Some((file, kind)),
            _ => None,
        })
        .collect();
    let read: Vec<_> =
        files.into_par_iter().map(|(file, kind)| read_file(file, kind, api_version(project, file))).collect();
    let mut all = Read::default();
    for (components, problem, suppressions) in read {
        components.into_iter().for_each(|component| all.metadata.add(component));
        all.problems.extend(problem);
        all.suppressions.extend(suppressions);
    }
    all
}

/// The version of the innermost module around a file that has one.
fn api_version(project: &Project, file: &SourceFile) -> Option<u16> {
    let mut next = file.module;
    while let Some(id) = next {
        let module = project.module(id);
        if module.api_version.is_some() {
            return module.api_version;
        }
        next = module.parent;
    }
    None
}

/// Reads one file. Where it is broken, the components before that place are there all the same.
fn read_file(
    file: &SourceFile,
    kind: MetadataKind,
    api_version: Option<u16>,
) -> (Vec<Component>, Option<Problem>, Option<suppress::InFile>) {
    match read_text(&file.absolute) {
        Ok(text) => {
            let (components, problem) = read_components(&text, file, kind, api_version);
            (components, problem, suppress::in_xml(&text, file.id))
        }
        Err(error) => (Vec::new(), Some(Problem::new(&file.path, error.to_string())), None),
    }
}

fn read_components(
    text: &str,
    file: &SourceFile,
    kind: MetadataKind,
    api_version: Option<u16>,
) -> (Vec<Component>, Option<Problem>) {
    if kind == MetadataKind::Flow && flow::is_inactive(text) {
        return (Vec::new(), None);
    }
    let document = xml::parse(text);
    let problem = document.error.map(|error| Problem::new(&file.path, error.message(text)));
    let Some(root) = document.root else { return (Vec::new(), problem) };
    let header = Header {
        name: Name::new(&component_name(file.name(), kind)),
        file: file.id,
        at: root.tag,
        complete: problem.is_none(),
        api_version,
    };
    (components_of(kind, header, &root, file), problem)
}

/// The full name of a component: the name of its file without the suffix, whatever the suffix is.
fn component_name(file_name: &str, kind: MetadataKind) -> String {
    let without = file_name.strip_suffix("-meta.xml").unwrap_or(file_name);
    let suffix = without.rsplit('.').next().unwrap_or_default();
    let name = match kind {
        MetadataKind::Record => record_name(file_name).map(|(type_name, name)| format!("{type_name}.{name}")),
        _ => full_name(file_name, suffix),
    };
    name.unwrap_or_else(|| file_name.to_owned())
}

fn components_of(kind: MetadataKind, header: Header, root: &Element, file: &SourceFile) -> Vec<Component> {
    match kind {
        MetadataKind::PlatformEvent => object::platform_event(header, root),
        MetadataKind::ExternalObject => object::external_object(header, root),
        MetadataKind::Field => vec![object::field_file(header, root, file).into()],
        MetadataKind::Record => record::read(header, root, file).map(Component::from).into_iter().collect(),
        MetadataKind::Channel => channel::channel(header, root),
        MetadataKind::ChannelMember => {
            channel::member(header, root, None).map(Component::from).into_iter().collect()
        }
        MetadataKind::SubscriberConfig => vec![subscriber::config(header, root).into()],
        MetadataKind::ManagedSubscription => vec![subscriber::managed(header, root).into()],
        MetadataKind::EventRelay => vec![relay::read(header, root).into()],
        MetadataKind::NamedCredential => vec![credential::named(header, root).into()],
        MetadataKind::ExternalCredential => vec![credential::external(header, root).into()],
        MetadataKind::AuthProvider => vec![credential::auth_provider(header, root).into()],
        MetadataKind::IdentityProvider => vec![credential::identity_provider(header, root).into()],
        MetadataKind::RemoteSite => vec![site::remote_site(header, root).into()],
        MetadataKind::CspSite => vec![site::csp_site(header, root).into()],
        MetadataKind::CorsOrigin => vec![site::cors_origin(header, root).into()],
        MetadataKind::ExternalService => vec![external_service::read(header, root).into()],
        MetadataKind::DataSource => vec![data_source::read(header, root).into()],
        MetadataKind::Flow => vec![flow::read(header, root).into()],
        MetadataKind::FlowDefinition => vec![flow::definition(header, root).into()],
        MetadataKind::Workflow => vec![workflow::read(header, root).into()],
        MetadataKind::ConnectedApp => vec![app::connected(header, root).into()],
        MetadataKind::ClientApp => vec![app::client(header, root, AppPart::Client).into()],
        MetadataKind::ClientAppOauth => vec![app::client(header, root, AppPart::Oauth).into()],
        MetadataKind::ClientAppGlobalOauth => vec![app::client(header, root, AppPart::GlobalOauth).into()],
        MetadataKind::ClientAppOauthPolicy => vec![app::client(header, root, AppPart::OauthPolicy).into()],
        MetadataKind::ClientAppPolicy => vec![app::client(header, root, AppPart::Policy).into()],
        MetadataKind::Labels => labels::read(header, root),
        MetadataKind::Profile => Vec::new(),
    }
}
