//! Event channels and what they carry (PlatformEventChannel, PlatformEventChannelMember).

use serde::Serialize;

use super::{Component, Header};
use crate::name::Name;
use crate::span::Spanned;
use crate::xml::Element;

/// A custom channel (`Sales__chn`).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Channel {
    pub header: Header,
    /// `data`: change events, `event`: platform events.
    pub channel_type: Option<Spanned<String>>,
    /// `custom`, `data`, `monitoring`, `standard`.
    pub event_type: Option<Spanned<String>>,
}

/// That a channel carries an event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChannelMember {
    pub header: Header,
    /// A custom channel, or `ChangeEvents`.
    pub channel: Spanned<Name>,
    /// `AccountChangeEvent`, `Order__ChangeEvent`, `Order__e`.
    pub entity: Spanned<Name>,
    pub filter: Option<Spanned<String>>,
    pub enriched_fields: Vec<Spanned<Name>>,
}

/// A channel, and the members inside of it, where the file is of API 45 or 46.
pub(super) fn channel(header: Header, root: &Element) -> Vec<Component> {
    let own = Spanned { value: header.name, at: header.at };
    let members: Vec<Component> = root
        .all("channelMembers")
        .filter_map(|element| {
            // The full name of a member is the channel's and the entity's.
            let entity = element.name("selectedEntity")?;
            let name = Name::new(&format!("{}.{}", header.name, entity.value));
            member(header.inner(name, element), element, Some(own))
        })
        .map(Component::from)
        .collect();
    let channel =
        Channel { header, channel_type: root.text("channelType"), event_type: root.text("eventType") };
    std::iter::once(channel.into()).chain(members).collect()
}

/// A member; `channel` is the one that it stands inside of. `None` where it names no event.
pub(super) fn member(
    header: Header,
    root: &Element,
    channel: Option<Spanned<Name>>,
) -> Option<ChannelMember> {
    Some(ChannelMember {
        channel: channel.or_else(|| root.name("eventChannel"))?,
        entity: root.name("selectedEntity")?,
        filter: root.text("filterExpression"),
        enriched_fields: root.all("enrichedFields").filter_map(|field| field.name("name")).collect(),
        header,
    })
}
