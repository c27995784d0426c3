//! The definition of a platform event (`Order__e.object-meta.xml`): when its messages go out.

use quick_xml::events::Event;

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
    let mut reader = xml::reader(&text);
    let mut behavior = PublishBehavior::Immediately;
    let (mut depth, mut value) = (0_usize, String::new());
    loop {
        match reader.read_event() {
            Ok(Event::Start(_)) => {
                depth += 1;
                value.clear();
            }
            Ok(Event::End(end)) => {
                if depth == 2
                    && end.local_name().as_ref() == "publishBehavior"
                    && value.trim().eq_ignore_ascii_case("PublishAfterCommit")
                {
                    behavior = PublishBehavior::AfterCommit;
                }
                depth = depth.saturating_sub(1);
            }
            Ok(Event::Eof) if depth > 0 => return Err(problem("is not complete XML".to_owned())),
            Ok(Event::Eof) => return Ok((name, behavior)),
            Ok(event) => xml::push_text(&mut value, &event),
            Err(error) => return Err(problem(format!("is not valid XML: {error}"))),
        }
    }
}
