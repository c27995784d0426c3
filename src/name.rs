//! Interned, case-insensitive Apex names.
//!
//! Apex folds the case of every identifier. A [`Name`] folds it once, when it is made, so that
//! comparing two names is comparing two integers; the spelling of the place it was read from is
//! kept for messages.

use std::cell::RefCell;
use std::fmt;
use std::hash::{Hash, Hasher};

use rustc_hash::FxHashMap;
use serde::{Serialize, Serializer};
use ustr::Ustr;

thread_local! {
    /// What this thread interned lately: most identifiers of a file repeat.
    static RECENT: RefCell<FxHashMap<String, Name>> = RefCell::new(FxHashMap::default());
}

/// An interned name. Equality and hashing ignore case; [`Name::as_str`] gives the original spelling.
#[derive(Clone, Copy)]
pub struct Name {
    folded: Ustr,
    spelled: Ustr,
}

impl Name {
    /// Interns `text`.
    pub fn new(text: &str) -> Name {
        RECENT.with_borrow_mut(|recent| {
            if let Some(name) = recent.get(text) {
                return *name;
            }
            let spelled = Ustr::from(text);
            let folded = if text.bytes().any(|b| b.is_ascii_uppercase()) || !text.is_ascii() {
                Ustr::from(&text.to_lowercase())
            } else {
                spelled
            };
            let name = Name { folded, spelled };
            recent.insert(text.to_owned(), name);
            name
        })
    }

    /// The name as it was spelled where it was read.
    pub fn as_str(self) -> &'static str {
        self.spelled.as_str()
    }

    /// The name in lower case: the form that identifies it.
    pub fn folded(self) -> &'static str {
        self.folded.as_str()
    }

    /// Whether the name is `lower`, which must be written in lower case.
    pub fn is(self, lower: &str) -> bool {
        debug_assert!(!lower.bytes().any(|b| b.is_ascii_uppercase()));
        self.folded() == lower
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        self.folded == other.folded
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

/// By text, not by intern order, which depends on thread timing.
impl Ord for Name {
    fn cmp(&self, other: &Name) -> std::cmp::Ordering {
        self.folded().cmp(other.folded())
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Name) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.as_str())
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ignore_case_and_keep_their_spelling() {
        let (a, b) = (Name::new("AccountHandler"), Name::new("accounthandler"));
        assert_eq!(a, b);
        assert_eq!(a.as_str(), "AccountHandler");
        assert_eq!(a.folded(), "accounthandler");
        assert!(a.is("accounthandler"));
    }
}
