//! Custom labels (CustomLabels).

use serde::Serialize;

use super::{Component, Header};
use crate::span::Spanned;
use crate::xml::Element;

/// A label that has a text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Label {
    pub header: Header,
    pub value: Spanned<String>,
}

pub(super) fn read(header: Header, root: &Element) -> Vec<Component> {
    let label = |element: &Element| {
        let name = element.name("fullName")?;
        Some(Label { header: header.inner(name.value, element), value: element.text("value")? }.into())
    };
    root.all("labels").filter_map(label).collect()
}
