//! The JSON Schema of rule files, for editors: `seamlint rules schema`.

use serde_json::Value;

use super::rule::Rule;

/// The schema of one rule file.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Rule);
    schema.insert("title".to_owned(), "seamlint rule".into());
    schema.to_value()
}

#[cfg(test)]
mod tests {
    use super::super::registry::built_in_files;
    use super::*;

    /// The file as JSON, read with the same idea of what is a string as rules are.
    fn json(text: &str) -> Value {
        let options = serde_saphyr::options! { strict_booleans: true };
        serde_saphyr::from_str_with_options(text, options).expect("YAML")
    }

    #[test]
    fn every_built_in_rule_is_valid() {
        let validator = jsonschema::validator_for(&schema()).expect("a valid schema");
        for file in built_in_files() {
            if file.name.ends_with("patterns.yaml") || file.name.ends_with("limits.yaml") {
                continue;
            }
            let errors: Vec<_> =
                validator.iter_errors(&json(&file.text)).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{}: {errors:#?}", file.name);
        }
    }

    #[test]
    fn wrong_keys_and_words_are_invalid() {
        let validator = jsonschema::validator_for(&schema()).expect("a valid schema");
        let file = built_in_files()
            .into_iter()
            .find(|file| file.name.ends_with("/queueable-chain-unbounded.yaml"))
            .expect("the rule");
        for (right, wrong) in [
            ("severity:", "severty:"),
            ("depth-limit:", "depth-limits:"),
            ("not: yes", "not: maybe"),
            ("effect: enqueue", "effect: enque"),
            ("entry: queueable", "entry: queue"),
            ("guard: [stack-depth", "guard: [stack-dept"),
            ("path:", "paths:"),
        ] {
            assert!(file.text.contains(right), "{right}");
            let text = file.text.replacen(right, wrong, 1);
            assert!(!validator.is_valid(&json(&text)), "{wrong} passes");
        }
    }
}
