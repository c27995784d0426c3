//! Platform events and external objects, and their fields (CustomObject, CustomField).

use serde::Serialize;

use super::{Component, Header};
use crate::discover::SourceFile;
use crate::name::Name;
use crate::span::Spanned;
use crate::xml::Element;

/// When a published message leaves: `publishBehavior` of the event's definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum PublishBehavior {
    /// At once, whatever becomes of the transaction. Also where the definition does not say.
    Immediately,
    AfterCommit,
}

/// A platform event (`Order__e`).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlatformEvent {
    pub header: Header,
    /// `HighVolume` or `StandardVolume`.
    pub event_type: Option<Spanned<String>>,
    pub publish_behavior: PublishBehavior,
    /// What the file says of it; `None` where it says nothing.
    pub stated_behavior: Option<Spanned<String>>,
    pub label: Option<Spanned<String>>,
    pub description: Option<Spanned<String>>,
}

/// An external object (`Invoice__x`): its rows stay in the other system.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExternalObject {
    pub header: Header,
    pub data_source: Option<Spanned<Name>>,
    /// The table at the other side.
    pub external_name: Option<Spanned<String>>,
}

/// A field of one of these.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Field {
    /// Named after the field alone.
    pub header: Header,
    pub object: Name,
    /// `Text`, `Number`, `ExternalLookup`, …
    pub field_type: Option<Spanned<String>>,
    pub length: Option<u32>,
    pub required: bool,
    pub external_id: bool,
    pub unique: bool,
    /// The object that a lookup points at.
    pub reference_to: Option<Spanned<Name>>,
    pub default_value: Option<Spanned<String>>,
}

pub(super) fn platform_event(header: Header, root: &Element) -> Vec<Component> {
    let stated = root.text("publishBehavior");
    let after = stated.as_ref().is_some_and(|stated| stated.value.eq_ignore_ascii_case("PublishAfterCommit"));
    let fields = inline_fields(&header, root);
    let event = PlatformEvent {
        header,
        event_type: root.text("eventType"),
        publish_behavior: if after { PublishBehavior::AfterCommit } else { PublishBehavior::Immediately },
        stated_behavior: stated,
        label: root.text("label"),
        description: root.text("description"),
    };
    std::iter::once(event.into()).chain(fields).collect()
}

pub(super) fn external_object(header: Header, root: &Element) -> Vec<Component> {
    let fields = inline_fields(&header, root);
    let object = ExternalObject {
        header,
        data_source: root.name("externalDataSource"),
        external_name: root.text("externalName"),
    };
    std::iter::once(object.into()).chain(fields).collect()
}

/// In metadata format, the fields stand in the file of the object.
fn inline_fields(header: &Header, root: &Element) -> Vec<Component> {
    let field = |element| {
        let name = Element::name(element, "fullName")?;
        Some(field(header.inner(name.value, element), element, header.name).into())
    };
    root.all("fields").filter_map(field).collect()
}

/// `objects/Order__e/fields/Id__c.field-meta.xml`.
pub(super) fn field_file(header: Header, root: &Element, file: &SourceFile) -> Field {
    let object = file.path.rsplit('/').nth(2).unwrap_or_default();
    field(header, root, Name::new(object))
}

fn field(header: Header, element: &Element, object: Name) -> Field {
    Field {
        header,
        object,
        field_type: element.text("type"),
        length: element.number("length").map(|length| length.value),
        required: element.is("required") || element.is("isRequired"),
        external_id: element.is("externalId"),
        unique: element.is("unique"),
        reference_to: element.name("referenceTo"),
        default_value: element.text("defaultValue"),
    }
}
