//! The standard action types of flows, and what they do.
//!
//! Source: Metadata API Developer Guide, Flow, InvocableActionType; Actions Developer Guide.

/// What an action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// Calls an `@InvocableMethod`.
    Apex,
    /// Starts another flow or process.
    Flow,
    /// Calls an operation of a registered external service over HTTP.
    ExternalService,
    /// Calls another system through a connector.
    Connector,
    Email,
    /// Writes records: what, in words.
    Write(&'static str),
    /// Writes through Connect.
    ConnectWrite(&'static str),
    OutboundMessage,
    /// Runs in the browser, between two transactions.
    Browser,
    /// Nothing that rules ask about.
    Nothing,
    /// It is not known what it does.
    Unknown,
}

pub fn of(action_type: &str) -> Does {
    match action_type {
        "apex" => Does::Apex,
        "flow" => Does::Flow,
        "externalService" => Does::ExternalService,
        "externalConnector" => Does::Connector,
        "emailSimple" | "emailAlert" => Does::Email,
        "submit" => Does::Write("Submit for Approval"),
        "quickAction" => Does::Write("a quick action"),
        "createWorkItem" | "routeWork" | "skillsBasedRouting" => Does::Write("a routing request"),
        "chatterPost" => Does::ConnectWrite("a Chatter post"),
        "outboundMessage" => Does::OutboundMessage,
        "component" => Does::Browser,
        // These read, compute, or only show something to the user.
        "customNotificationAction"
        | "generateVerificationCode"
        | "choiceSet"
        | "deactivateSessionPermSet"
        | "activateSessionPermSet"
        | "contentWorkspaceEnableFolders"
        | "decisionTableAction"
        | "expressionSet"
        | "getDataCloudDataGraph"
        | "logGameAction"
        | "stepInteractive"
        | "stepBackground" => Does::Nothing,
        _ => Does::Unknown,
    }
}
