//! Every type in source format and in metadata format, and what is made of broken files.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::object::PublishBehavior;
use super::record::MetadataValue;
use super::*;
use crate::discover::{Options, discover};
use crate::span::Spanned;

fn write(folder: &Path, path: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("folders can be made");
    fs::write(path, content).expect("files can be written");
}

fn read_project(files: &[(&str, &str)]) -> (Metadata, Vec<String>) {
    let folder = TempDir::new().expect("a folder");
    for (path, content) in files {
        write(folder.path(), path, content);
    }
    read_folder(&folder)
}

fn read_folder(folder: &TempDir) -> (Metadata, Vec<String>) {
    let project = discover(&[folder.path().to_path_buf()], &Options::default()).expect("the folder is there");
    let Read { metadata, problems, .. } = read(&project);
    (metadata, problems.iter().map(Problem::to_string).collect())
}

/// What one component is read to, the same from both formats.
fn both<T: Clone + PartialEq + std::fmt::Debug>(
    folder: &str,
    name: &str,
    root: &str,
    body: &str,
    list: impl Fn(&Metadata) -> &Vec<T>,
) -> T {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <{root} xmlns=\"http://soap.sforce.com/2006/04/metadata\">{body}<future><x/></future></{root}>\n"
    );
    let read = |path: &str| {
        let (metadata, problems) = read_project(&[(path, &text)]);
        assert_eq!(problems, [] as [String; 0]);
        assert_eq!(list(&metadata).len(), 1, "{path}");
        list(&metadata)[0].clone()
    };
    let source = read(&format!("force-app/main/default/{folder}/{name}-meta.xml"));
    let metadata = read(&format!("src/{folder}/{name}"));
    assert_eq!(source, metadata);
    source
}

fn value<T: Clone>(spanned: &Option<Spanned<T>>) -> T {
    spanned.clone().expect("a value").value
}

#[test]
fn platform_events() {
    let read = |body| both("objects", "Order%5FShipped__e.object", "CustomObject", body, |all| &all.events);
    let event = read(
        "<eventType>HighVolume</eventType><label>Shipped</label><publishBehavior>PublishAfterCommit</publishBehavior>",
    );
    assert_eq!(event.header.name.as_str(), "Order_Shipped__e");
    assert_eq!(value(&event.event_type), "HighVolume");
    assert_eq!(event.publish_behavior, PublishBehavior::AfterCommit);
    let silent = read("<label>Shipped</label>");
    assert_eq!((silent.publish_behavior, silent.stated_behavior), (PublishBehavior::Immediately, None));
}

#[test]
fn fields_stand_in_the_object_or_beside_it() {
    let field = "<fullName>Order_Id__c</fullName><externalId>true</externalId><unique>true</unique>\
                 <length>80</length><required>false</required><type>Text</type>";
    let (inside, _) = read_project(&[(
        "src/objects/Order__e.object",
        &format!("<CustomObject><fields>{field}</fields><fields><type>Text</type></fields></CustomObject>"),
    )]);
    let (beside, _) = read_project(&[
        ("objects/Order__e/Order__e.object-meta.xml", "<CustomObject/>"),
        (
            "objects/Order__e/fields/Order_Id__c.field-meta.xml",
            &format!("<CustomField>{field}</CustomField>"),
        ),
        ("objects/Account/fields/Order_Id__c.field-meta.xml", &format!("<CustomField>{field}</CustomField>")),
    ]);
    for metadata in [inside, beside] {
        let [field] = metadata.fields.as_slice() else { panic!("{:?}", metadata.fields) };
        assert_eq!((field.header.name, field.object), (Name::new("Order_Id__c"), Name::new("Order__e")));
        assert_eq!(value(&field.field_type), "Text");
        assert_eq!((field.external_id, field.unique, field.required), (true, true, false));
        assert_eq!(field.length, Some(80));
        assert_eq!(metadata.fields_of(Name::new("ORDER__E")).count(), 1);
    }
}

#[test]
fn external_objects() {
    let object = both(
        "objects",
        "Invoice__x.object",
        "CustomObject",
        "<externalDataSource>ERP</externalDataSource><externalName>Invoices</externalName>",
        |all| &all.external_objects,
    );
    assert_eq!(value(&object.data_source), Name::new("erp"));
    assert_eq!(value(&object.external_name), "Invoices");
}

#[test]
fn channels_and_members() {
    let channel = both(
        "platformEventChannels",
        "Sales__chn.platformEventChannel",
        "PlatformEventChannel",
        "<channelType>data</channelType><label>Sales</label>",
        |all| &all.channels,
    );
    assert_eq!(value(&channel.channel_type), "data");
    let member = both(
        "platformEventChannelMembers",
        "Sales_chn_AccountChangeEvent.platformEventChannelMember",
        "PlatformEventChannelMember",
        "<enrichedFields><name>ERP_Id__c</name></enrichedFields><eventChannel>Sales__chn</eventChannel>\
         <filterExpression>Industry = 'A'</filterExpression><selectedEntity>AccountChangeEvent</selectedEntity>",
        |all| &all.channel_members,
    );
    assert_eq!(
        (member.channel.value, member.entity.value),
        (Name::new("Sales__chn"), Name::new("AccountChangeEvent"))
    );
    assert_eq!(value(&member.filter), "Industry = 'A'");
    assert_eq!(member.enriched_fields[0].value, Name::new("ERP_Id__c"));
    // API 45 and 46.
    let inside = both(
        "platformEventChannels",
        "Old__chn.platformEventChannel",
        "PlatformEventChannel",
        "<channelMembers><selectedEntity>A__ChangeEvent</selectedEntity></channelMembers><channelMembers/>",
        |all| &all.channel_members,
    );
    assert_eq!(
        (inside.channel.value, inside.entity.value),
        (Name::new("Old__chn"), Name::new("A__ChangeEvent"))
    );
}

#[test]
fn subscribers_and_relays() {
    let config = both(
        "PlatformEventSubscriberConfigs",
        "C.platformEventSubscriberConfig",
        "PlatformEventSubscriberConfig",
        "<batchSize>200</batchSize><numPartitions>4</numPartitions><partitionKey>O__e.Id__c</partitionKey>\
         <platformEventConsumer>OTrigger</platformEventConsumer><user>i@example.com</user>",
        |all| &all.subscriber_configs,
    );
    assert_eq!((value(&config.batch_size), value(&config.partitions)), (200, 4));
    assert_eq!(value(&config.consumer), Name::new("OTrigger"));
    assert_eq!(value(&config.partition_key), "O__e.Id__c");
    assert_eq!(value(&config.user), "i@example.com");
    let managed = both(
        "managedEventSubscriptions",
        "M.managedEventSubscription",
        "ManagedEventSubscription",
        "<defaultReplay>LATEST</defaultReplay><errorRecoveryReplay>EARLIEST</errorRecoveryReplay>\
         <state>RUN</state><topicName>/data/AccountChangeEvent</topicName>",
        |all| &all.managed_subscriptions,
    );
    assert_eq!(value(&managed.topic), "/data/AccountChangeEvent");
    assert_eq!(value(&managed.error_recovery_replay), "EARLIEST");
    let relay = both(
        "eventRelays",
        "R.eventRelay",
        "EventRelayConfig",
        "<destinationResourceName>callout:AWS_Events</destinationResourceName><eventChannel>Sales__chn</eventChannel>\
         <relayOption>{\"ReplayRecovery\":\"EARLIEST\"}</relayOption><state>RUN</state>",
        |all| &all.event_relays,
    );
    assert_eq!(
        (value(&relay.named_credential), value(&relay.channel)),
        (Name::new("AWS_Events"), Name::new("Sales__chn"))
    );
    assert_eq!(relay.replay_recovery.as_deref(), Some("EARLIEST"));
}

#[test]
fn named_credentials_old_and_new() {
    let read = |body| {
        both("namedCredentials", "Pricing.namedCredential", "NamedCredential", body, |all| {
            &all.named_credentials
        })
    };
    let old = read(
        "<endpoint>https://p.example.com</endpoint><principalType>NamedUser</principalType>\
         <protocol>Password</protocol><username>svc</username><password>geheim</password>",
    );
    assert!(old.legacy && old.enabled);
    assert_eq!(
        (value(&old.url).as_str(), value(&old.protocol).as_str()),
        ("https://p.example.com", "Password")
    );
    assert_eq!(old.secrets[0].0, "password");
    let new = read(
        "<calloutStatus>Disabled</calloutStatus><generateAuthorizationHeader>true</generateAuthorizationHeader>\
         <namedCredentialParameters><parameterName>Url</parameterName><parameterType>Url</parameterType>\
         <parameterValue>https://n.example.com</parameterValue></namedCredentialParameters>\
         <namedCredentialParameters><externalCredential>Pricing_EC</externalCredential>\
         <parameterName>ExternalCredential</parameterName><parameterType>Authentication</parameterType></namedCredentialParameters>\
         <namedCredentialParameters><parameterName>X-Key</parameterName><parameterType>HttpHeader</parameterType>\
         <parameterValue>{!$Credential.EC.Key}</parameterValue></namedCredentialParameters>\
         <namedCredentialType>SecuredEndpoint</namedCredentialType>",
    );
    assert!(!new.legacy && !new.enabled);
    assert_eq!(value(&new.url), "https://n.example.com");
    assert_eq!(value(&new.external_credential), Name::new("Pricing_EC"));
    assert_eq!(value(&new.headers[0].name), "X-Key");
}

#[test]
fn logins() {
    let external = both(
        "externalCredentials",
        "EC.externalCredential",
        "ExternalCredential",
        "<authenticationProtocol>Oauth</authenticationProtocol><externalCredentialParameters>\
         <authProvider>Okta</authProvider><parameterName>P</parameterName><parameterType>AuthProvider</parameterType>\
         </externalCredentialParameters>",
        |all| &all.external_credentials,
    );
    assert_eq!(value(&external.protocol), "Oauth");
    assert_eq!(value(&external.parameters[0].auth_provider), Name::new("Okta"));
    let provider = both(
        "authproviders",
        "Okta.authprovider",
        "AuthProvider",
        "<consumerKey>k</consumerKey><consumerSecret>s</consumerSecret><providerType>OpenIdConnect</providerType>\
         <tokenUrl>https://okta.example.com/token</tokenUrl>",
        |all| &all.auth_providers,
    );
    assert_eq!((value(&provider.consumer_secret).as_str(), provider.urls.len()), ("s", 1));
    let identity = both(
        "externalAuthIdentityProviders",
        "I.externalAuthIdentityProvider",
        "ExternalAuthIdentityProvider",
        "<authenticationProtocol>OAuth</authenticationProtocol><externalAuthIdentityProviderParameters>\
         <parameterName>TokenUrl</parameterName><parameterType>TokenUrl</parameterType>\
         <parameterValue>https://i.example.com</parameterValue></externalAuthIdentityProviderParameters>",
        |all| &all.identity_providers,
    );
    assert_eq!(value(&identity.parameters[0].value), "https://i.example.com");
}

#[test]
fn sites() {
    let site = both(
        "remoteSiteSettings",
        "Erp.remoteSite",
        "RemoteSiteSetting",
        "<disableProtocolSecurity>true</disableProtocolSecurity><isActive>false</isActive><url>https://e.example.com</url>",
        |all| &all.remote_sites,
    );
    assert!(!site.active && value(&site.disable_protocol_security));
    assert_eq!(value(&site.url), "https://e.example.com");
    let csp = both(
        "cspTrustedSites",
        "Cdn.cspTrustedSite",
        "CspTrustedSite",
        "<context>All</context><endpointUrl>wss://c.example.com</endpointUrl><isApplicableToConnectSrc>false</isApplicableToConnectSrc>",
        |all| &all.csp_sites,
    );
    assert!(csp.active && !csp.connects);
    assert_eq!(value(&csp.url), "wss://c.example.com");
    let cors = both(
        "corsWhitelistOrigins",
        "Web.corsWhitelistOrigin",
        "CorsWhitelistOrigin",
        "<urlPattern>https://*.example.com</urlPattern>",
        |all| &all.cors_origins,
    );
    assert_eq!(value(&cors.pattern), "https://*.example.com");
}

#[test]
fn external_services_in_json_and_yaml() {
    let json = "{\"openapi\":\"3.0.0\",\"servers\":[{\"url\":\"https://b.example.com/v1\"}],\
                \"paths\":{\"/accounts/{id}\":{\"get\":{\"operationId\":\"getAccount\"},\"parameters\":[]}}}";
    let yaml = "swagger: '2.0'\nhost: b.example.com\nbasePath: /v1\npaths:\n  /accounts/{id}:\n    get:\n\
                \x20     operationId: getAccount\n    parameters: []\n";
    for schema in [json, yaml] {
        let body = format!(
            "<namedCredential>Bank</namedCredential><operations><active>true</active><name>getAccount</name></operations>\
             <registrationProviderType>Custom</registrationProviderType><schema>{}</schema><status>Complete</status>",
            schema.replace('&', "&amp;").replace('"', "&quot;")
        );
        let service = both(
            "externalServiceRegistrations",
            "Bank.externalServiceRegistration",
            "ExternalServiceRegistration",
            &body,
            |all| &all.external_services,
        );
        assert!(service.schema_read, "{schema}");
        assert_eq!(value(&service.named_credential), Name::new("Bank"));
        assert_eq!(service.servers, ["https://b.example.com/v1"]);
        let [operation] = service.operations.as_slice() else { panic!("{:?}", service.operations) };
        assert_eq!((operation.name, operation.active), (Name::new("getAccount"), true));
        assert_eq!(
            (operation.verb.as_deref(), operation.path.as_deref()),
            (Some("GET"), Some("/accounts/{id}"))
        );
    }
    let (metadata, problems) = read_project(&[(
        "S.externalServiceRegistration-meta.xml",
        "<ExternalServiceRegistration><schema>: [ }</schema></ExternalServiceRegistration>",
    )]);
    assert!(problems.is_empty() && !metadata.external_services[0].schema_read);
}

#[test]
fn data_sources() {
    let source = both(
        "dataSources",
        "ERP.dataSource",
        "ExternalDataSource",
        "<customConfiguration>{&quot;timeout&quot;:&quot;120&quot;,&quot;noIdMapping&quot;:&quot;true&quot;,&quot;n&quot;:1}</customConfiguration>\
         <endpoint>https://o.example.com</endpoint><isWritable>true</isWritable><type>OData4</type><password>x</password>",
        |all| &all.data_sources,
    );
    assert!(value(&source.writable) && source.is_set("noidmapping") && !source.is_set("timeout"));
    assert_eq!(value(&source.source_type), "OData4");
    assert_eq!(source.settings[2], ("n".to_owned(), "1".to_owned()));
    assert_eq!(source.secrets.len(), 1);
}

#[test]
fn workflows() {
    let workflow = both(
        "workflows",
        "Order__c.workflow",
        "Workflow",
        "<fieldUpdates><fullName>Set</fullName><field>Status__c</field><reevaluateOnChange>true</reevaluateOnChange></fieldUpdates>\
         <outboundMessages><fullName>Notify</fullName><endpointUrl>http://e.example.com</endpointUrl><fields>Id</fields>\
         <fields>Status__c</fields><includeSessionId>true</includeSessionId><useDeadLetterQueue>false</useDeadLetterQueue></outboundMessages>\
         <rules><fullName>On Ship</fullName><actions><name>Notify</name><type>OutboundMessage</type></actions><active>true</active>\
         <triggerType>onAllChanges</triggerType><workflowTimeTriggers><actions><name>Set</name><type>FieldUpdate</type></actions>\
         </workflowTimeTriggers></rules>",
        |all| &all.workflows,
    );
    assert_eq!(workflow.header.name, Name::new("Order__c"));
    let [message] = workflow.outbound_messages.as_slice() else { panic!("{workflow:?}") };
    assert!(value(&message.include_session_id) && !value(&message.use_dead_letter_queue));
    assert_eq!(message.fields.len(), 2);
    assert!(workflow.field_updates[0].reevaluate);
    let [rule] = workflow.rules.as_slice() else { panic!("{workflow:?}") };
    assert!(rule.active && !rule.has_condition);
    assert_eq!(rule.actions.iter().map(|action| action.delayed).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn records() {
    let record = both(
        "customMetadata",
        "Endpoint.ERP%20EU.md",
        "CustomMetadata",
        "<label>E</label><values><field>Url__c</field><value xmlns:xsi='i' xsi:type='xsd:string'>https://e.example.com</value></values>",
        |all| &all.records,
    );
    assert_eq!((record.type_name.as_str(), record.name.as_str()), ("Endpoint", "ERP EU"));
    assert_eq!(record.header.name.as_str(), "Endpoint.ERP EU");
    assert_eq!(record.value("url__C"), Some(&MetadataValue::Text("https://e.example.com".into())));
}

#[test]
fn apps() {
    let app = both(
        "connectedApps",
        "Etl.connectedApp",
        "ConnectedApp",
        "<label>ETL</label><oauthConfig><callbackUrl>https://c.example.com</callbackUrl><consumerKey>k</consumerKey>\
         <isAdminApproved>false</isAdminApproved><scopes>Full</scopes><scopes>RefreshToken</scopes></oauthConfig>\
         <oauthPolicy><ipRelaxation>BYPASS</ipRelaxation></oauthPolicy>",
        |all| &all.apps,
    );
    assert_eq!(
        app.scopes.iter().map(|scope| scope.value.as_str()).collect::<Vec<_>>(),
        ["Full", "RefreshToken"]
    );
    assert!(!value(&app.admin_approved) && !app.interactive);
    assert_eq!(value(&app.ip_relaxation), "BYPASS");
    let oauth = both(
        "extlClntAppOauthSettings",
        "Etl_oauth.ecaOauth",
        "ExtlClntAppOauthSettings",
        "<commaSeparatedOauthScopes>Api, Full</commaSeparatedOauthScopes><externalClientApplication>Etl</externalClientApplication>",
        |all| &all.apps,
    );
    assert_eq!((oauth.part, oauth.app), (AppPart::Oauth, Name::new("Etl")));
    assert_eq!(oauth.scopes[1].value, "Full");
    assert_eq!(oauth.scopes[1].at.end - oauth.scopes[1].at.start, 4);
    for (folder, suffix, root, part) in [
        ("externalClientApps", "eca", "ExternalClientApplication", AppPart::Client),
        (
            "extlClntAppGlobalOauthSets",
            "ecaGlblOauth",
            "ExtlClntAppGlobalOauthSettings",
            AppPart::GlobalOauth,
        ),
        (
            "extlClntAppOauthPolicies",
            "ecaOauthPlcy",
            "ExtlClntAppOauthConfigurablePolicies",
            AppPart::OauthPolicy,
        ),
        ("extlClntAppPolicies", "ecaPlcy", "ExtlClntAppConfigurablePolicies", AppPart::Policy),
    ] {
        let read = both(folder, &format!("Etl.{suffix}"), root, "<label>Etl</label>", |all| &all.apps);
        assert_eq!((read.part, read.app), (part, Name::new("Etl")));
    }
}

#[test]
fn labels() {
    let label = both(
        "labels",
        "CustomLabels.labels",
        "CustomLabels",
        "<labels><fullName>Url</fullName><value>https://l.example.com</value></labels><labels><fullName>No</fullName></labels>",
        |all| &all.labels,
    );
    assert_eq!((label.header.name, label.value.value.as_str()), (Name::new("Url"), "https://l.example.com"));
}

#[test]
fn the_place_of_a_value_is_its_text_in_the_file() {
    let text = "\u{FEFF}<?xml version=\"1.0\"?>\r\n<RemoteSiteSetting>\r\n  <url>https://ü.example.com</url>\r\n</RemoteSiteSetting>";
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [text.as_bytes(), &wide] {
        let folder = TempDir::new().expect("a folder");
        write(folder.path(), "A.remoteSite-meta.xml", bytes);
        let (metadata, problems) = read_folder(&folder);
        assert!(problems.is_empty());
        let url = metadata.remote_sites[0].url.as_ref().expect("a url");
        let decoded = read_text(&folder.path().join("A.remoteSite-meta.xml")).expect("a text");
        assert_eq!(&decoded[url.at.start as usize..url.at.end as usize], "https://ü.example.com");
    }
}

#[test]
fn a_broken_file_is_told_and_what_came_before_stays() {
    let (metadata, problems) = read_project(&[
        ("A.remoteSite-meta.xml", "<RemoteSiteSetting>\n <url>https://a.example.com</url>\n <isActive>tr"),
        ("B.namedCredential-meta.xml", "<NamedCredential><endpoint>https://b.example.com</wrong>"),
        ("C.workflow-meta.xml", ""),
        ("D.md", "# no record"),
        ("E.platformEventChannelMember-meta.xml", "<PlatformEventChannelMember/>"),
    ]);
    assert_eq!(metadata.remote_sites.len(), 1);
    assert!(!metadata.remote_sites[0].header.complete);
    assert_eq!(value(&metadata.remote_sites[0].url), "https://a.example.com");
    assert_eq!((metadata.named_credentials.len(), metadata.named_credentials[0].url.clone()), (1, None));
    assert!(metadata.workflows.is_empty() && metadata.channel_members.is_empty());
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert_eq!(
        problems[0],
        "`A.remoteSite-meta.xml` is not complete XML (line 3, column 2: `<isActive>` is not closed)"
    );
    assert!(
        problems[1].starts_with("`B.namedCredential-meta.xml` is not valid XML (line 1, column "),
        "{problems:?}"
    );
}
