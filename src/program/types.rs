//! Resolved static types.

use std::sync::Arc;

use crate::name::Name;

use super::symbols::{ClassId, strip_namespace};

/// What an expression's type is known to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ty {
    Unknown,
    Void,
    /// A class of the project.
    Class(ClassId),
    /// A platform type, an sObject or a managed package's type; without `System.` and `Schema.`.
    Platform(Name),
    List(Arc<Ty>),
    Set(Arc<Ty>),
    Map(Arc<(Ty, Ty)>),
}

impl Ty {
    pub fn list(element: Ty) -> Ty {
        Ty::List(Arc::new(element))
    }

    pub fn set(element: Ty) -> Ty {
        Ty::Set(Arc::new(element))
    }

    pub fn map(key: Ty, value: Ty) -> Ty {
        Ty::Map(Arc::new((key, value)))
    }

    pub fn platform(name: Name) -> Ty {
        let stripped = strip_namespace(name.folded());
        if stripped.len() == name.folded().len() {
            Ty::Platform(name)
        } else {
            Ty::Platform(Name::new(&name.as_str()[name.as_str().len() - stripped.len()..]))
        }
    }

    pub fn named(name: &str) -> Ty {
        Ty::Platform(Name::new(name))
    }

    /// The lower-case name of a platform type.
    pub fn platform_name(&self) -> Option<&'static str> {
        match self {
            Ty::Platform(name) => Some(name.folded()),
            _ => None,
        }
    }

    /// A number, a date or a boolean: a value that identifies nothing.
    pub fn is_plain(&self) -> bool {
        self.platform_name().is_some_and(|name| {
            matches!(
                name,
                "integer" | "long" | "double" | "decimal" | "boolean" | "date" | "datetime" | "time"
            )
        })
    }

    pub fn is_platform(&self, lower: &str) -> bool {
        self.platform_name() == Some(lower)
    }

    /// What iterating over it yields: the element, or the values of a map.
    pub fn element(&self) -> Ty {
        match self {
            Ty::List(element) | Ty::Set(element) => (**element).clone(),
            Ty::Map(entry) => entry.1.clone(),
            _ => Ty::Unknown,
        }
    }

    /// The sObject that records of this type (or in this collection) are; `None` where it is not
    /// known or only `SObject`.
    pub fn record_type(&self) -> Option<Name> {
        match self {
            Ty::List(element) | Ty::Set(element) => element.record_type(),
            Ty::Map(entry) => entry.1.record_type(),
            Ty::Platform(name) if !matches!(name.folded(), "sobject" | "object" | "id" | "string") => {
                Some(*name)
            }
            _ => None,
        }
    }

    pub fn is_collection(&self) -> bool {
        matches!(self, Ty::List(_) | Ty::Set(_) | Ty::Map(_))
    }
}
