//! Event relays from Salesforce to Amazon EventBridge (EventRelayConfig).

use serde::{Deserialize, Serialize};

use super::Header;
use super::credential::callout_name;
use crate::name::Name;
use crate::span::Spanned;
use crate::xml::Element;

/// A relay of one channel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventRelay {
    pub header: Header,
    pub channel: Option<Spanned<Name>>,
    /// The named credential of the AWS account.
    pub named_credential: Option<Spanned<Name>>,
    /// The options as they are written, JSON.
    pub options: Option<Spanned<String>>,
    /// `EARLIEST` or `LATEST`: where it goes on after an error. `None` where the options do not say.
    pub replay_recovery: Option<String>,
    /// `RUN`, `PAUSE` or `STOP`.
    pub state: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Options {
    replay_recovery: Option<String>,
}

pub(super) fn read(header: Header, root: &Element) -> EventRelay {
    let options = root.text("relayOption");
    let read = options.as_ref().and_then(|text| serde_json::from_str::<Options>(&text.value).ok());
    EventRelay {
        header,
        channel: root.name("eventChannel"),
        named_credential: root
            .text("destinationResourceName")
            .map(|text| text.map(|text| callout_name(&text).unwrap_or_else(|| Name::new(&text)))),
        options,
        replay_recovery: read.and_then(|options| options.replay_recovery),
        state: root.text("state"),
    }
}
