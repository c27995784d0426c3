//! Custom metadata records. Trigger frameworks keep there which classes a trigger runs, and projects
//! their endpoints.

use serde::Serialize;

use super::Header;
use crate::discover::{SourceFile, record_name};
use crate::span::Span;
use crate::xml::Element;

/// One record of a custom metadata type.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetadataRecord {
    /// Named `Type.Record`.
    pub header: Header,
    /// `Trigger_Action`, without `__mdt`.
    pub type_name: String,
    pub name: String,
    /// In the order of the file.
    pub fields: Vec<RecordField>,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordField {
    pub name: String,
    pub value: MetadataValue,
    /// Where the value is.
    pub at: Span,
}

impl MetadataRecord {
    /// The value of a field; field names are case-insensitive.
    pub fn value(&self, field: &str) -> Option<&MetadataValue> {
        self.fields.iter().find(|known| known.name.eq_ignore_ascii_case(field)).map(|field| &field.value)
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

/// `None` where the file is not named like a record.
pub(super) fn read(header: Header, root: &Element, file: &SourceFile) -> Option<MetadataRecord> {
    let (type_name, name) = record_name(file.name())?;
    Some(MetadataRecord { header, type_name, name, fields: fields(root) })
}

fn fields(root: &Element) -> Vec<RecordField> {
    let field = |element: &Element| {
        let name = element.text("field")?;
        let value = element.first("value");
        Some(RecordField {
            at: value.map_or(name.at, |value| value.at),
            value: value.map_or(MetadataValue::Null, convert),
            name: name.value,
        })
    };
    root.all("values").filter_map(field).collect()
}

fn convert(value: &Element) -> MetadataValue {
    if value.is_nil {
        return MetadataValue::Null;
    }
    let trimmed = value.text.trim();
    let typed = match value.xsi_type.as_deref().unwrap_or_default() {
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
    typed.unwrap_or_else(|| MetadataValue::Text(value.text.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml;

    fn read_values(text: &str) -> Vec<(String, MetadataValue)> {
        let root = xml::parse(text).root.expect("an element");
        fields(&root).into_iter().map(|field| (field.name, field.value)).collect()
    }

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
        let values = read_values(&text);
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
        assert_eq!(read_values(&text), [("D__c".to_string(), MetadataValue::Text("2024-01-01".into()))]);
    }
}
