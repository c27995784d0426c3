//! What reads the reports of seamlint, to read them back in tests.

use std::collections::BTreeMap;

use serde_json::Value;

/// A workflow command as GitHub's runner understands it.
#[derive(Debug, PartialEq)]
pub struct Command {
    pub name: String,
    pub properties: BTreeMap<String, String>,
    pub data: String,
}

/// Reads a line of a step's output by the rules of the runner (`ActionCommand.TryParseV2` in
/// `actions/runner`): up to the second `::` stand the name and, after a space, the properties, split at
/// commas; escapes are undone last.
pub fn workflow_command(line: &str) -> Option<Command> {
    let rest = line.trim_start().strip_prefix("::")?;
    let (head, data) = rest.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    if !["error", "warning", "notice", "debug", "add-mask", "group", "stop-commands"].contains(&name) {
        return None;
    }
    let properties = properties
        .trim()
        .split(',')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(key, value)| !key.is_empty() && !value.is_empty())
        .map(|(key, value)| (key.to_owned(), unescape(&value.replace("%3A", ":").replace("%2C", ","))))
        .collect();
    Some(Command { name: name.to_owned(), properties, data: unescape(data) })
}

fn unescape(text: &str) -> String {
    text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
}

/// The issues of a Code Quality report that GitLab accepts.
pub fn code_quality(report: &str) -> Result<Vec<Value>, String> {
    let schema: Value = serde_json::from_str(include_str!("../schemas/gitlab-code-quality.json")).unwrap();
    let report: Value = serde_json::from_str(report).map_err(|error| error.to_string())?;
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&report).map(|error| format!("{error} at {}", error.instance_path())).collect();
    if errors.is_empty() { Ok(report.as_array().unwrap().clone()) } else { Err(errors.join("\n")) }
}

/// An element of an XML document.
#[derive(Debug, Clone)]
pub struct Element {
    pub name: String,
    pub attributes: BTreeMap<String, String>,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// All elements of a name, in document order.
    pub fn all(&self, name: &str) -> Vec<&Element> {
        let mut found = if self.name == name { vec![self] } else { Vec::new() };
        found.extend(self.children.iter().flat_map(|child| child.all(name)));
        found
    }

    pub fn get(&self, attribute: &str) -> &str {
        self.attributes.get(attribute).map_or("", String::as_str)
    }
}

pub fn junit(report: &str) -> Result<Element, String> {
    xml(report, include_str!("../schemas/junit.xsd"))
}

pub fn checkstyle(report: &str) -> Result<Element, String> {
    xml(report, include_str!("../schemas/checkstyle.xsd"))
}

fn xml(report: &str, schema: &str) -> Result<Element, String> {
    let schema = uppsala::parse(schema).unwrap();
    let validator = uppsala::XsdValidator::from_schema(&schema).unwrap();
    let document = uppsala::parse(report).map_err(|error| error.to_string())?;
    let errors: Vec<String> = validator.validate(&document).iter().map(ToString::to_string).collect();
    if !errors.is_empty() {
        return Err(errors.join("\n"));
    }
    Ok(element(&document, document.document_element().unwrap()))
}

fn element(document: &uppsala::Document, id: uppsala::NodeId) -> Element {
    let node = document.element(id).unwrap();
    let children = document.children(id);
    Element {
        name: node.name.local_name.to_string(),
        attributes: node
            .attributes
            .iter()
            .map(|attribute| (attribute.name.local_name.to_string(), attribute.value.to_string()))
            .collect(),
        text: document.text_content_deep(id),
        children: children
            .iter()
            .filter(|child| document.element(**child).is_some())
            .map(|child| element(document, *child))
            .collect(),
    }
}
