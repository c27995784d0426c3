//! Nebula style: `getHandler(sObjectType, new DefaultHandler())` gives the default, unless a custom
//! metadata record names another class.
//! Source: github.com/jongpie/NebulaLogger, `LoggerSObjectHandler.cls`.

use crate::metadata::record::MetadataRecord;
use crate::name::Name;

use super::super::interpret::Linker;
use super::super::types::Ty;
use super::super::value::{Known, Value};

/// A record: the class that handles an object.
pub struct Override {
    object: Name,
    class: Name,
}

pub fn read(records: &[MetadataRecord]) -> Vec<Override> {
    records
        .iter()
        .filter(|record| record.type_name.to_lowercase().ends_with("sobjecthandler"))
        .filter_map(|record| {
            let object = record.text("SObjectType__c").or_else(|| record.text("SObjectTypeOverride__c"))?;
            let class = record.text("SObjectHandlerApexClass__c")?;
            Some(Override { object: Name::new(object), class: Name::new(class) })
        })
        .collect()
}

pub fn dispatch(linker: &mut Linker, owner: Name, method: Name, args: &[Value]) -> Option<Value> {
    if !method.is("gethandler") || !owner.folded().ends_with("sobjecthandler") {
        return None;
    }
    let Known::SObjectType(object) = args.first()?.known else { return None };
    let named =
        linker.frameworks.overrides.iter().find(|known| known.object == object).map(|known| known.class);
    if let Some(class) = named.and_then(|name| linker.symbols.class_named(None, name)) {
        let object = linker.plain_object(class);
        return Some(Value::known(Known::Object(object), Ty::Class(class)));
    }
    match args {
        [_, default] if matches!(default.known, Known::Object(_) | Known::Null) => Some(default.clone()),
        [_] => {
            let class = linker.symbols.class_named(None, owner)?;
            Some(Value::known(Known::Null, Ty::Class(class)))
        }
        _ => None,
    }
}
