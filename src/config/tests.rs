use super::*;
use crate::finding::Severity;
use crate::span::FileId;

fn source(text: &str) -> Source {
    Source { name: "seamlint.yml".to_owned(), folder: PathBuf::from("/project"), text: text.to_owned() }
}

fn config(text: &str) -> Config {
    parse(source(text)).unwrap_or_else(|errors| panic!("{errors}"))
}

/// What is said of a text that is wrong.
fn refused(text: &str) -> String {
    let rules = registry::built_in().expect("the built-in rules");
    match parse(source(text)).and_then(|config| config.check(&rules)) {
        Ok(()) => panic!("accepted: {text}"),
        Err(errors) => errors.to_string(),
    }
}

fn file(id: u32, path: &str) -> discover::SourceFile {
    discover::SourceFile {
        id: FileId(id),
        path: path.to_owned(),
        absolute: Path::new("/project").join(path),
        kind: discover::SourceKind::ApexClass,
        size: 0,
        api_version: None,
        active: true,
        forceignored: false,
        module: None,
    }
}

#[test]
fn a_file_without_keys_is_the_default() {
    for text in ["", "\n", "# nothing yet\n", "---\n# nothing\n", "{}"] {
        let config = config(text);
        assert!(config.says.rules.is_empty() && config.settings().discovery.gitignore, "{text:?}");
    }
}

#[test]
fn the_last_override_that_names_a_file_and_a_rule_counts() {
    let config = config(
        "rules: {dml-in-loop: off, callout-no-timeout: error}\n\
         overrides:\n\
         - paths: [legacy/]\n  rules: {callout-no-timeout: note}\n\
         - paths: ['**/legacy/new/*.cls']\n  rules: {callout-no-timeout: on, dml-in-loop: warning}\n",
    );
    let files = [file(0, "main/A.cls"), file(1, "legacy/B.cls"), file(2, "legacy/new/C.cls")];
    let settings = config.settings();
    let levels = settings.levels.of(&files);
    let of = |rule: &str| [0, 1, 2].map(|id| levels.level(rule, FileId(id)));
    assert_eq!(of("callout-no-timeout"), [Level::Error, Level::Note, Level::On]);
    assert_eq!(of("dml-in-loop"), [Level::Off, Level::Off, Level::Warning]);
    assert_eq!(of("soql-in-loop"), [Level::On; 3]);
    assert!(levels.runs("dml-in-loop") && levels.runs("soql-in-loop"));
    assert_eq!(Level::Warning.severity(), Some(Severity::Warning));
}

#[test]
fn a_rule_that_is_off_everywhere_does_not_run() {
    let config = config("rules: {dml-in-loop: off}\noverrides: [{paths: [x], rules: {dml-in-loop: off}}]\n");
    assert!(!config.settings().levels.of(&[]).runs("dml-in-loop"));
}

#[test]
fn mistakes_are_shown_at_their_place() {
    for (text, says) in [
        ("rule: {}", vec!["unknown key `rule`", "1 | rule: {}", "^^^^ did you mean `rules`?"]),
        (
            "rules:\n  dml-in-lop: off\n",
            vec![
                "there is no rule `dml-in-lop`",
                "seamlint.yml:2:3",
                "^^^^^^^^^^ did you mean `dml-in-loop`?",
            ],
        ),
        ("rules: {dml-in-loop: warn}", vec!["unknown value `warn`", "^^^^", "warning"]),
        ("rules: {banana: off}", vec!["there is no rule `banana`", "`seamlint rules list` lists them"]),
        (
            "overrides: [{paths: [a], rules: {dml-in-lop: off}}]",
            vec!["there is no rule `dml-in-lop`", "did you mean"],
        ),
        ("overrides: [{path: [a], rules: {}}]", vec!["unknown key `path`", "did you mean `paths`?"]),
        ("overrides: [{rules: {}}]", vec!["the key `paths` is missing"]),
        (
            "limits: {apex.callout: 9}",
            vec!["there is no limit `apex.callout`", "did you mean `apex.callouts`?"],
        ),
        ("limits: {apex.callouts: many}", vec!["1 | limits: {apex.callouts: many}", "^^^^"]),
        ("edition: Enterprise", vec!["unknown value `Enterprise`", "`EE`"]),
        ("exclude: [ok, 'a[z-b]']", vec!["this pattern is not valid", "seamlint.yml:1:15"]),
        ("tdtm_config: [{object: A, class: B, action: AfterUpdat}]", vec!["did you mean `AfterUpdate`?"]),
        ("gitignore: maybe", vec!["^^^^^"]),
        ("edition: EE\nedition: UE\n", vec!["the key `edition` stands here twice", "seamlint.yml:2"]),
        (
            "volumes: {Account.updat: 6000/day}",
            vec!["`updat` of `Account`", "^^^^^^^^^^^^^ did you mean `update`?"],
        ),
        ("volumes: {Order__e.create: 6000/day}", vec!["`create` of `Order__e`", "expected `publish`"]),
        ("volumes: {'api:': 1/day}", vec!["is no volume", "api:SYSTEM.REQUEST"]),
        ("volumes: {Account.update: 6000}", vec!["1 | volumes", "^^^^"]),
        ("volumes: {Account.update: 6000/week}", vec!["`6000/week` is no rate", "^^^^^^^^^"]),
        ("volumes: {Account.update: -5/day}", vec!["`-5/day` is no rate"]),
        ("volumes: {Account.update: {per_day: -5}}", vec!["expected a number from 0 up", "^^"]),
        ("volumes: {Account.update: {per_da: 5}}", vec!["unknown key `per_da`", "did you mean `per_day`?"]),
        ("volumes: {Account.update: {per_day: 5, per_tx: 0}}", vec!["1 | volumes", "^"]),
        ("volumes: {Account.update: {per_day: 5, peak_hour: 2}}", vec!["expected a share", "^"]),
        ("licenses: {salesforc: 5}", vec!["unknown key `salesforc`", "did you mean `salesforce`?"]),
        ("licenses: {salesforce: -5}", vec!["1 | licenses", "^^"]),
        ("addons: {pe_deliveries: 1}", vec!["unknown key `pe_deliveries`", "did you mean `pe_delivery`?"]),
        ("profile: seeds", vec!["unknown value `seeds`", "`seed`"]),
        ("assume: {rest_n: 0}", vec!["1 | assume", "^"]),
        ("assume: {rest: 5}", vec!["unknown key `rest`", "rest_n"]),
        ("thresholds: {budget_note: 40}", vec!["expected a share", "^^"]),
        ("thresholds: {budget_note: 0.9}", vec!["`budget_note` is above `budget_warning`"]),
        ("sessions: {caseConsole: many}", vec!["1 | sessions", "^^^^"]),
        (
            "limits_snapshot: nowhere.json",
            vec!["`nowhere.json` cannot be read", "sf org list limits", "^^^^^^"],
        ),
        (
            "systems: {erp: {}}\nsystems_of_record: {Account: salesforce, Invoice__c: erpp}",
            vec!["there is no system `erpp`", "seamlint.yml:2", "^^^^ did you mean `erp`?"],
        ),
        (
            "services: {orders: {root: services/orders, system: shop}}",
            vec!["there is no system `shop`", "^^^^ declare it under `systems`"],
        ),
        ("services: {orders: {instances: 0}}", vec!["1 | services", "^"]),
        ("{", vec!["seamlint.yml"]),
        ("a: &x [*x, *x]", vec!["seamlint.yml"]),
    ] {
        let message = refused(text);
        for part in says {
            assert!(message.contains(part), "{text}\nlacks {part:?}:\n{message}");
        }
    }
}

#[test]
fn keys_that_nothing_uses_yet_are_named_with_their_line() {
    let config = config(
        "edition: UE\nvolumes:\n  Account.update: {per_day: 20000}\nbridges: [kafka]\n\
         thresholds: {budget_note: 0.5, systems_in_tx: 5}\n",
    );
    assert_eq!(
        config.warnings(),
        [
            "seamlint.yml:5: `systems_in_tx` is checked, and nothing uses it yet",
            "seamlint.yml:4: `bridges` is checked, and nothing uses it yet",
        ]
    );
}

#[test]
fn limits_are_those_of_the_edition_and_then_those_of_the_org() {
    let limit = |text: &str, id: &str| {
        let rules = registry::load_for(&[], &config(text).limits()).expect("the built-in rules");
        let limit = rules.limits.get(id).expect("a limit");
        (limit.value, limit.asynchronous)
    };
    assert_eq!(limit("", "pe.delivery_day").0, 25000);
    assert_eq!(limit("edition: UE", "pe.delivery_day").0, 50000);
    assert_eq!(limit("edition: UE\nlimits: {pe.delivery_day: 9}", "pe.delivery_day").0, 9);
    assert_eq!(limit("limits: {apex.soql_queries.async: 300}", "apex.soql_queries"), (100, Some(300)));
}

#[test]
fn licences_and_addons_raise_what_they_are_for() {
    let limit = |text: &str, id: &str| {
        let rules = registry::load_for(&[], &config(text).limits()).expect("the built-in rules");
        rules.limits.get(id).expect("a limit").value
    };
    let requests = |text: &str| limit(text, "api.requests_day");
    // The documented example: Enterprise Edition with 15 users.
    assert_eq!(requests("licenses: {salesforce: 15}"), 115_000);
    assert_eq!(requests("licenses: {salesforce: 200, platform: 50}"), 350_000);
    assert_eq!(requests("edition: UE\nlicenses: {salesforce: 10, customer_community_plus: 5}"), 151_000);
    assert_eq!(requests("edition: DE\nlicenses: {salesforce: 10}"), 15_000);
    assert_eq!(requests("addons: {api_calls: 5000}"), 105_000);
    assert_eq!(requests("profile: seed\nlicenses: {salesforce: 250}"), 15_000);
    assert_eq!(requests("profile: seed\nlimits: {api.requests_day: 9}"), 9);
    assert_eq!(limit("addons: {pe_delivery: 2}", "pe.delivery_day"), 225_000);
    assert_eq!(limit("addons: {pe_delivery: 2}", "pe.publish_hour"), 300_000);
    assert_eq!(limit("profile: seed", "pe.delivery_day"), 250_000);
    assert_eq!(limit("licenses: {salesforce: 1000}", "apex.async_executions_day"), 250_000);
    assert_eq!(limit("licenses: {salesforce: 2000}", "apex.async_executions_day"), 400_000);
    assert_eq!(limit("addons: {cdc_unlimited_entities: true}", "cdc.entities"), u64::MAX);
    assert_eq!(limit("addons: {cdc_unlimited_entities: false}", "cdc.entities"), 5);
    let most = format!("licenses: {{salesforce: {0}, platform: {0}}}", u64::MAX);
    assert_eq!(requests(&most), u64::MAX);
}

#[test]
fn what_the_org_answered_counts_more_than_what_is_documented() {
    let folder = tempfile::tempdir().expect("a folder");
    let limit = |answer: &str, text: &str, id: &str| {
        std::fs::write(folder.path().join("limits.json"), answer).expect("a file");
        let text = format!("limits_snapshot: limits.json\n{text}");
        let source = Source { name: "seamlint.yml".into(), folder: folder.path().to_owned(), text };
        let config = parse(source).map_err(|errors| errors.to_string())?;
        let rules = registry::load_for(&[], &config.limits()).expect("the built-in rules");
        Ok::<u64, String>(rules.limits.get(id).expect("a limit").value)
    };
    let resource = r#"{"DailyApiRequests": {"Max": 123456, "Remaining": 5}, "DataStorageMB": {"Max": 5}}"#;
    let command = r#"{"status": 0, "result": [{"name": "HourlyODataCallout", "max": 77, "remaining": 7}]}"#;
    assert_eq!(limit(resource, "profile: seed", "api.requests_day"), Ok(123_456));
    assert_eq!(limit(resource, "limits: {api.requests_day: 9}", "api.requests_day"), Ok(9));
    assert_eq!(limit(resource, "", "apex.callouts"), Ok(100));
    assert_eq!(limit(command, "", "odata.callouts_hour"), Ok(77));
    for (answer, says) in [("{}", "holds no limits"), ("[", "is not JSON"), ("7", "holds no limits")] {
        let error = limit(answer, "", "apex.callouts").expect_err("a mistake");
        assert!(error.contains(says) && error.contains("seamlint.yml:1"), "{error}");
    }
}

#[test]
fn the_workload_is_plain_data() {
    use super::workload::{Rate, RecordChange};
    let settings = config(
        "volumes:\n  Account.update: {per_day: 20000, per_tx: 1, peak_hour: 0.2}\n  Case.create: 6_000/day\n  \
         Order__e.publish: 250/hour\n  api:portal.GET_Account: 230000/day\n\
         sessions: {caseConsole: 40}\n\
         systems: {shop: {hosts: [shop.example.com], max_calls_day: 50000}}\n\
         services: {orders: {root: services/orders, system: shop}}\n\
         bridges: [b, a]\nsystems_of_record: {Account: salesforce, Account.Credit__c: shop}\n\
         assume: {rest_n: 50}\nthresholds: {budget_note: 0.5}\n",
    )
    .settings();
    let volumes: Vec<(VolumeOf, Rate)> =
        settings.workload.volumes.into_iter().map(|volume| (volume.of, volume.rate)).collect();
    let records = |object: &str, change| VolumeOf::Records { object: object.to_owned(), change };
    let rate = |per_day| Rate { per_day, per_tx: None, peak_hour: Rate::PEAK_HOUR };
    assert_eq!(
        volumes,
        [
            (
                records("Account", RecordChange::Update),
                Rate { per_day: 20000.0, per_tx: NonZeroU64::new(1), peak_hour: 0.2 }
            ),
            (records("Case", RecordChange::Create), rate(6000.0)),
            (VolumeOf::Events { event: "Order__e".into() }, rate(6000.0)),
            (VolumeOf::Requests { system: "portal".into(), request: "GET_Account".into() }, rate(230_000.0)),
        ]
    );
    assert_eq!(settings.workload.sessions, [("caseConsole".to_owned(), 40)]);
    let assume = settings.workload.assume;
    assert_eq!((assume.rest_n.get(), assume.queueable_n.get(), assume.collection.get()), (50, 200, 200));
    let thresholds = settings.workload.thresholds;
    assert_eq!((thresholds.budget_note.0, thresholds.budget_warning.0), (0.5, 0.7));
    assert_eq!(thresholds.systems_in_tx.get(), 3);
    let landscape = settings.landscape;
    assert_eq!(landscape.systems[0].max_calls_day, Some(50000));
    assert_eq!(landscape.services[0].root.as_deref(), Some(Path::new("/project/services/orders")));
    assert_eq!((landscape.services[0].instances, landscape.services[0].direct_stream_ok), (1, false));
    assert_eq!(landscape.bridges, ["a", "b"]);
    assert_eq!(
        landscape.systems_of_record,
        [("Account".into(), "salesforce".into()), ("Account.Credit__c".into(), "shop".into())]
    );
}

#[test]
fn the_schema_accepts_what_the_program_accepts() {
    let validator = jsonschema::validator_for(&schema()).expect("a valid schema");
    for (text, valid) in [
        ("rules: {dml-in-loop: off}\nexclude: [a]\nedition: DE\ngitignore: false", true),
        ("overrides: [{paths: [a], rules: {x: error}}]\nlimits: {apex.callouts: 5}", true),
        ("systems: {erp: {hosts: [a.b], named_credentials: [E]}}\nexternal_subscribers: {A__e: [x]}", true),
        ("tdtm_config: [{object: A, class: B, action: AfterInsert, async: true}]", true),
        ("volumes: {A.update: 5/day, B.create: {per_day: 0.5, per_tx: 3, peak_hour: 1}}", true),
        ("licenses: {salesforce: 250}\naddons: {api_calls: 5, cdc_unlimited_entities: true}", true),
        ("sessions: {x: 4}\nassume: {rest_n: 5}\nthresholds: {systems_in_tx: 4, budget_note: 0.1}", true),
        ("services: {s: {root: a, instances: 2, direct_stream_ok: true}}\nbridges: [s]", true),
        ("profile: seed\nsystems_of_record: {Account: salesforce}", true),
        ("volumes: {A.update: 5/week}", false),
        ("volumes: {A.update: {per_day: 5, per_tx: 0}}", false),
        ("volumes: {A.update: {per_tx: 5}}", false),
        ("assume: {rest_n: 0}", false),
        ("thresholds: {budget_note: 0}", false),
        ("licenses: {gold: 1}", false),
        ("profile: other", false),
        ("rules: {dml-in-loop: of}", false),
        ("rule: {}", false),
        ("edition: XX", false),
        ("overrides: [{path: [a], rules: {}}]", false),
    ] {
        let options = serde_saphyr::options! { strict_booleans: true };
        let value: Value = serde_saphyr::from_str_with_options(text, options).expect("YAML");
        assert_eq!(validator.is_valid(&value), valid, "{text}");
        assert_eq!(parse(source(text)).is_ok(), valid, "{text}");
    }
}
