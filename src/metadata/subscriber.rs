//! How events are delivered (PlatformEventSubscriberConfig, ManagedEventSubscription).

use serde::Serialize;

use super::Header;
use crate::name::Name;
use crate::span::Spanned;
use crate::xml::Element;

/// Settings of an Apex trigger on an event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubscriberConfig {
    pub header: Header,
    /// The trigger.
    pub consumer: Option<Spanned<Name>>,
    /// Events a run; without it, what the platform sets.
    pub batch_size: Option<Spanned<u32>>,
    /// Subscriptions that run in parallel; without it, one.
    pub partitions: Option<Spanned<u32>>,
    /// The field that decides the partition: `Order__e.Order_Id__c`.
    pub partition_key: Option<Spanned<String>>,
    /// The user that the trigger runs as; without it, the Automated Process user.
    pub user: Option<Spanned<String>>,
}

/// A subscription whose position the platform keeps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ManagedSubscription {
    pub header: Header,
    /// `/data/AccountChangeEvent`.
    pub topic: Option<Spanned<String>>,
    /// `LATEST` or `EARLIEST`.
    pub default_replay: Option<Spanned<String>>,
    pub error_recovery_replay: Option<Spanned<String>>,
    /// `RUN` or `STOP`.
    pub state: Option<Spanned<String>>,
}

pub(super) fn config(header: Header, root: &Element) -> SubscriberConfig {
    SubscriberConfig {
        header,
        consumer: root.name("platformEventConsumer"),
        batch_size: root.number("batchSize"),
        partitions: root.number("numPartitions"),
        partition_key: root.text("partitionKey"),
        user: root.text("user"),
    }
}

pub(super) fn managed(header: Header, root: &Element) -> ManagedSubscription {
    ManagedSubscription {
        header,
        topic: root.text("topicName"),
        default_replay: root.text("defaultReplay"),
        error_recovery_replay: root.text("errorRecoveryReplay"),
        state: root.text("state"),
    }
}
