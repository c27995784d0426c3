//! Reads custom metadata records. Trigger frameworks keep there which classes a trigger runs.

use quick_xml::events::{BytesStart, Event};
use serde::Serialize;

use super::kind::record_name;
use super::text::read_text;
use super::{Problem, SourceFile, xml};
use crate::span::FileId;

/// One record of a custom metadata type.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetadataRecord {
    /// `Trigger_Action`, without `__mdt`.
    pub type_name: String,
    pub name: String,
    pub file: FileId,
    /// Field name and value, in the order of the file.
    pub values: Vec<(String, MetadataValue)>,
}

impl MetadataRecord {
    /// The value of a field; field names are case-insensitive.
    pub fn value(&self, field: &str) -> Option<&MetadataValue> {
        self.values.iter().find(|(name, _)| name.eq_ignore_ascii_case(field)).map(|(_, value)| value)
    }

    /// The text of a field that has one.
    pub fn text(&self, field: &str) -> Option<&str> {
        match self.value(field)? {
            MetadataValue::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The value of a field of a custom metadata record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum MetadataValue {
    Text(String),
    Bool(bool),
    Number(f64),
    Null,
}

/// Type and name of a record, from the name of its file alone.
pub fn identity(file: &SourceFile) -> Option<(String, String)> {
    record_name(file.name())
}

/// Opens and reads one record.
pub fn read_record(file: &SourceFile) -> Result<MetadataRecord, Problem> {
    let problem = |message: String| Problem::new(&file.path, message);
    let (type_name, name) = identity(file)
        .ok_or_else(|| problem("is not named like a record (`Type.Record.md-meta.xml`)".into()))?;
    let text = read_text(&file.absolute).map_err(|error| problem(error.to_string()))?;
    let values = read_values(&text).map_err(problem)?;
    Ok(MetadataRecord { type_name, name, file: file.id, values })
}

/// What stands in a `<value>` before its text.
#[derive(Clone, Debug, Default)]
struct ValueType {
    /// The local name of `xsi:type`: `string`, `boolean`, `double`, …
    name: String,
    is_nil: bool,
}

fn read_values(text: &str) -> Result<Vec<(String, MetadataValue)>, String> {
    let mut reader = xml::reader(text);
    let mut values = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut seen_root = false;
    let (mut content, mut field) = (String::new(), None);
    let (mut value, mut value_type) = (None, ValueType::default());
    loop {
        let event = reader.read_event().map_err(|error| format!("is not valid XML: {error}"))?;
        let (opened, closed) = match &event {
            Event::Start(tag) => (Some(tag), false),
            Event::Empty(tag) => (Some(tag), true),
            Event::End(_) => (None, true),
            Event::Eof if !path.is_empty() => return Err("is not complete XML".to_string()),
            Event::Eof if !seen_root => return Err("holds no record".to_string()),
            Event::Eof => return Ok(values),
            other => {
                xml::push_text(&mut content, other);
                continue;
            }
        };
        if let Some(tag) = opened {
            if path.len() == xml::MAX_DEPTH {
                return Err(format!("is nested more than {} levels deep", xml::MAX_DEPTH));
            }
            path.push(tag.local_name().as_ref().to_string());
            seen_root = true;
            content.clear();
            if path.len() == 2 {
                (field, value) = (None, None);
            } else if path.len() == 3 && path[2] == "value" {
                value_type = type_of(tag);
            }
        }
        if closed {
            match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                [_, "values", "field"] => field = Some(content.trim().to_string()),
                [_, "values", "value"] => value = Some(convert(&value_type, &content)),
                [_, "values"] => {
                    if let Some(field) = field.take().filter(|field| !field.is_empty()) {
                        values.push((field, value.take().unwrap_or(MetadataValue::Null)));
                    }
                }
                _ => {}
            }
            path.pop();
            content.clear();
        }
    }
}

fn type_of(tag: &BytesStart<'_>) -> ValueType {
    let mut found = ValueType::default();
    for attribute in tag.attributes().with_checks(false).flatten() {
        match attribute.key.local_name().as_ref() {
            "type" => found.name = attribute.value.rsplit(':').next().unwrap_or_default().trim().to_string(),
            "nil" => found.is_nil = matches!(attribute.value.trim(), "true" | "1"),
            _ => {}
        }
    }
    found
}

fn convert(value_type: &ValueType, content: &str) -> MetadataValue {
    if value_type.is_nil {
        return MetadataValue::Null;
    }
    let trimmed = content.trim();
    let typed = match value_type.name.as_str() {
        "boolean" => match trimmed {
            "true" | "1" => Some(MetadataValue::Bool(true)),
            "false" | "0" => Some(MetadataValue::Bool(false)),
            _ => None,
        },
        "double" | "int" | "integer" | "long" | "decimal" | "float" => {
            trimmed.parse().ok().filter(|number: &f64| number.is_finite()).map(MetadataValue::Number)
        }
        _ => None,
    };
    typed.unwrap_or_else(|| MetadataValue::Text(content.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(values: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<CustomMetadata \
             xmlns=\"http://soap.sforce.com/2006/04/metadata\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\r\n\
             <label>L &amp; M</label><protected>false</protected>\r\n{values}\r\n</CustomMetadata>"
        )
    }

    #[test]
    fn values_have_their_types() {
        let text = record(
            "<values>\r\n <field>Apex_Class_Name__c</field>\r\n <value xsi:type=\"xsd:string\">A&lt;B&#62;</value>\r\n</values>\
             <values><field>Order__c</field><value xsi:type=\"xsd:double\">1.0</value></values>\
             <values><field>Bypass__c</field><value xsi:type='xsd:boolean'>true</value></values>\
             <values><field>Nil__c</field><value xsi:nil=\"true\"/></values>\
             <values><field>Empty__c</field><value xsi:type=\"xsd:string\"></value></values>\
             <values><field>None__c</field></values>\
             <values><field>Data__c</field><value xsi:type=\"xsd:string\"><![CDATA[<x>&amp;]]></value></values>\
             <values><value xsi:type=\"xsd:string\">no field</value></values>",
        );
        let values = read_values(&text).unwrap();
        let expected = [
            ("Apex_Class_Name__c", MetadataValue::Text("A<B>".into())),
            ("Order__c", MetadataValue::Number(1.0)),
            ("Bypass__c", MetadataValue::Bool(true)),
            ("Nil__c", MetadataValue::Null),
            ("Empty__c", MetadataValue::Text(String::new())),
            ("None__c", MetadataValue::Null),
            ("Data__c", MetadataValue::Text("<x>&amp;".into())),
        ];
        assert_eq!(values, expected.map(|(field, value)| (field.to_string(), value)));
    }

    #[test]
    fn unknown_elements_and_order_do_not_matter() {
        let text = record(
            "<future><field>X</field><value>1</value></future>\
             <values><extra><field>No</field></extra><value xsi:type=\"xsd:date\">2024-01-01</value><field>D__c</field></values>",
        );
        assert_eq!(
            read_values(&text).unwrap(),
            [("D__c".to_string(), MetadataValue::Text("2024-01-01".into()))]
        );
    }

    #[test]
    fn entities_are_not_expanded() {
        let text = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaa\">]><x><values><field>F</field>\
                    <value xsi:type=\"xsd:string\">&a;&a; & b</value></values></x>";
        let values = read_values(text).unwrap();
        assert_eq!(values, [("F".to_string(), MetadataValue::Text("&a;&a; & b".into()))]);
    }

    #[test]
    fn broken_records_are_told() {
        for text in ["", "plain", "<a><b>", "<a></b>", &"<x>".repeat(100), "<a><values"] {
            assert!(read_values(text).is_err(), "{text:?}");
        }
    }
}
