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
fn keys_of_later_versions_are_named_with_their_line() {
    let config = config("edition: UE\nvolumes:\n  Account.update: {per_day: 20000}\nbridges: [kafka]\n");
    assert_eq!(
        config.warnings(),
        [
            "seamlint.yml:2: `volumes` is not supported yet and has no effect",
            "seamlint.yml:4: `bridges` is not supported yet and has no effect",
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
fn the_schema_accepts_what_the_program_accepts() {
    let validator = jsonschema::validator_for(&schema()).expect("a valid schema");
    for (text, valid) in [
        ("rules: {dml-in-loop: off}\nexclude: [a]\nedition: DE\ngitignore: false", true),
        ("overrides: [{paths: [a], rules: {x: error}}]\nlimits: {apex.callouts: 5}", true),
        ("systems: {erp: {hosts: [a.b], named_credentials: [E]}}\nexternal_subscribers: {A__e: [x]}", true),
        ("tdtm_config: [{object: A, class: B, action: AfterInsert, async: true}]", true),
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
