//! The definition of a platform event (`Order__e.object-meta.xml`): when its messages go out.

use super::text::read_text;
use super::{Problem, SourceFile, xml};

/// When a published message leaves: `publishBehavior` of the event's definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishBehavior {
    /// At once, whatever becomes of the transaction. Also where the definition does not say
    /// (Metadata API Developer Guide, CustomObject).
    Immediately,
    AfterCommit,
}

/// Name of the event and its publish behaviour.
pub fn read_event(file: &SourceFile) -> Result<(String, PublishBehavior), Problem> {
    let problem = |message: String| Problem::new(&file.path, message);
    let name = file.name().split('.').next().unwrap_or_default().to_owned();
    let text = read_text(&file.absolute).map_err(|error| problem(error.to_string()))?;
    let mut behavior = PublishBehavior::Immediately;
    xml::each_child(&text, |name, value| {
        if name == "publishBehavior" && value.eq_ignore_ascii_case("PublishAfterCommit") {
            behavior = PublishBehavior::AfterCommit;
        }
    })
    .map_err(problem)?;
    Ok((name, behavior))
}
