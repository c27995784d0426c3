//! Message templates: `{from} reaches {to.label} at {to.host|an external system}`.

use std::fmt::Write;

use crate::name::Name;
use crate::program::attributes::{ATTRIBUTES, ENTRY_ATTRIBUTES, ITEM_ATTRIBUTES};
use crate::program::model::{Bound, Effect, Effects, Entry, Item, ItemKind, Site};

use super::check::Taken;
use super::error::nearest_or_all;
use super::labels;
use super::limits::grouped;
use super::plan::{PlannedQuery, Threshold};
use super::query::Certainty;

/// A parsed template.
#[derive(Clone, Debug, Default)]
pub struct Template(Vec<Segment>);

#[derive(Clone, Debug)]
enum Segment {
    Text(String),
    /// The fallback may hold placeholders itself: `{item.label|`{site.symbol}`}`.
    Place {
        source: Source,
        fallback: Template,
    },
}

/// What a placeholder stands for.
#[derive(Clone, Debug)]
enum Source {
    /// The entry point's name.
    From,
    FromObject,
    FromOwner,
    FromEvent,
    FromFact(&'static str),
    Loops,
    /// "A__e → B__e → A__e".
    Events,
    /// "A, B and C".
    Values,
    /// "always" or "sometimes".
    Certainty,
    First(Field),
    Subject(Field),
    Item(ItemField),
    Cost(CostField),
}

#[derive(Clone, Copy, Debug)]
enum CostField {
    Formula,
    Value,
    Limit,
    Fits,
}

#[derive(Clone, Debug)]
enum Field {
    Label,
    Symbol,
    Object,
    Operation,
    Fact(&'static str),
}

#[derive(Clone, Debug)]
enum ItemField {
    Label,
    Name,
    Object,
    Fact(&'static str),
}

/// The placeholders that a rule's queries offer.
#[derive(Clone, Debug)]
pub struct Names {
    /// What the effect is called: `to`, `site`, `then` or `of`.
    subject: Vec<(&'static str, Effects)>,
    /// The kinds of declared thing that are asked for.
    items: Vec<ItemKind>,
    first: Option<Effects>,
    entry: bool,
    loops: bool,
    certainty: bool,
    events: bool,
    cost: bool,
    values: bool,
}

impl Names {
    /// Those that every one of `queries` can fill.
    pub fn of(queries: &[PlannedQuery]) -> Names {
        let mut names = Names {
            subject: Vec::new(),
            items: Vec::new(),
            first: None,
            entry: true,
            loops: true,
            certainty: true,
            events: true,
            cost: true,
            values: true,
        };
        let mut firsts = Vec::new();
        for query in queries {
            names.certainty &= matches!(query, PlannedQuery::Order(_));
            names.cost &= matches!(query, PlannedQuery::Cost(cost) if cost.limit.is_some());
            names.events &= matches!(query, PlannedQuery::Cycle(_));
            names.values &= matches!(query, PlannedQuery::Path(path) if path.different.is_some());
            match query {
                PlannedQuery::Path(path) => {
                    names.subject.push(("to", path.to.effects));
                    firsts.push(None);
                }
                PlannedQuery::Site(site) => {
                    names.subject.push(("site", site.effects));
                    firsts.push(None);
                    names.entry = false;
                    names.loops = false;
                }
                PlannedQuery::Order(order) => {
                    names.subject.push(("then", order.then.effects));
                    firsts.push(Some(order.first.effects));
                    names.loops = false;
                }
                PlannedQuery::Cost(cost) => {
                    names.subject.push(("of", cost.of.effects));
                    firsts.push((cost.above == Some(Threshold::ONE)).then_some(cost.of.effects));
                }
                PlannedQuery::Cycle(_) => {
                    names.subject.push(("to", Effects::of(&[Effect::Publish, Effect::Dml])));
                    firsts.push(None);
                    names.loops = false;
                }
                PlannedQuery::Component(component) => {
                    names.items.extend(&component.kinds);
                    firsts.push(None);
                    names.entry = false;
                    names.loops = false;
                }
            }
        }
        if firsts.iter().all(Option::is_some) {
            names.first = firsts.into_iter().flatten().reduce(Effects::union);
        }
        names
    }

    fn all(&self) -> Vec<String> {
        let mut all = Vec::new();
        if self.entry {
            all.extend(["from", "from.object", "from.owner", "from.event"].map(str::to_owned));
            all.extend(ENTRY_ATTRIBUTES.iter().map(|attribute| format!("from.{}", attribute.name)));
        }
        if self.loops {
            all.push("loops".to_owned());
        }
        if self.values {
            all.push("values".to_owned());
        }
        if self.events {
            all.push("events".to_owned());
        }
        if self.cost {
            all.extend(["cost.formula", "cost.value", "cost.limit", "cost.fits"].map(str::to_owned));
        }
        if self.certainty {
            all.push("certainty".to_owned());
        }
        let mut bases: Vec<_> = self.subject.clone();
        bases.extend(self.first.map(|effects| ("first", effects)));
        for (base, effects) in bases {
            for field in ["label", "symbol", "object", "operation"] {
                all.push(format!("{base}.{field}"));
            }
            for attribute in ATTRIBUTES {
                if effects.intersects(Effects::of(attribute.effects)) {
                    all.push(format!("{base}.{}", attribute.name));
                }
            }
        }
        if !self.items.is_empty() {
            all.extend(["item.label", "item.name", "item.object"].map(str::to_owned));
            for attribute in ITEM_ATTRIBUTES {
                if attribute.kinds.iter().any(|kind| self.items.contains(kind)) {
                    all.push(format!("item.{}", attribute.name));
                }
            }
        }
        all.sort();
        all.dedup();
        all
    }
}

/// What is wrong with a template: the text in question, what it is, and what to do.
#[derive(Clone, Debug)]
pub struct Problem {
    pub text: String,
    pub message: String,
    pub help: String,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug)]
pub enum Thing<'a> {
    Site(&'a Site),
    Item(&'a Item),
}

/// What a template is filled from.
pub struct Values<'a> {
    pub entry: Option<&'a Entry>,
    pub subject: Thing<'a>,
    pub first: Option<&'a Site>,
    pub loops: &'a [Bound],
    pub certainty: Option<Certainty>,
    /// The events of a cycle, the first once more at the end.
    pub events: &'a [Name],
    pub cost: Option<&'a Taken>,
    /// The different values that a query asked for.
    pub values: &'a [String],
}

impl Template {
    /// Parses `text`; each placeholder must be one of `names`, and one that may be unknown needs a
    /// fallback after `|`.
    pub fn parse(text: &str, names: &Names) -> Result<Template, Problem> {
        let mut segments = Vec::new();
        let mut rest = text.trim();
        while let Some(open) = rest.find('{') {
            segments.push(Segment::Text(rest[..open].to_owned()));
            let Some(length) = closing(&rest[open..]) else {
                return Err(Problem {
                    text: rest[open..].to_owned(),
                    message: "the placeholder is never closed".to_owned(),
                    help: "a `}` is missing".to_owned(),
                });
            };
            let whole = &rest[open..=open + length];
            let (name, fallback) = match whole[1..whole.len() - 1].split_once('|') {
                Some((name, fallback)) => (name, Some(fallback)),
                None => (&whole[1..whole.len() - 1], None),
            };
            let problem = |message: String, help: String| Problem { text: whole.to_owned(), message, help };
            let all = names.all();
            if !all.iter().any(|known| known == name) {
                return Err(problem(format!("unknown placeholder `{{{name}}}`"), nearest_or_all(name, &all)));
            }
            let source = source(name);
            if source.may_be_unknown() && fallback.is_none() {
                return Err(problem(
                    format!("`{{{name}}}` is not always known"),
                    format!("write `{{{name}|…}}` with the words to use then"),
                ));
            }
            let fallback = fallback.map(|text| Template::parse(text, names)).transpose()?.unwrap_or_default();
            segments.push(Segment::Place { source, fallback });
            rest = &rest[open + length + 1..];
        }
        segments.push(Segment::Text(rest.to_owned()));
        Ok(Template(segments))
    }

    /// The sentence for one place, which starts with a capital.
    pub fn fill(&self, values: &Values<'_>) -> String {
        let mut text = String::new();
        self.write(&mut text, values);
        if let Some(first) = text.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        text
    }
}

impl Template {
    fn write(&self, text: &mut String, values: &Values<'_>) {
        for segment in &self.0 {
            match segment {
                Segment::Text(piece) => text.push_str(piece),
                Segment::Place { source, fallback } => {
                    if !source.write(text, values) {
                        fallback.write(text, values);
                    }
                }
            }
        }
    }
}

/// Where the brace that `text` begins with is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, ch) in text.char_indices() {
        match ch {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn source(name: &str) -> Source {
    let field = |field: &str| match field {
        "label" => Field::Label,
        "symbol" => Field::Symbol,
        "object" => Field::Object,
        "operation" => Field::Operation,
        other => Field::Fact(
            ATTRIBUTES.iter().map(|attribute| attribute.name).find(|name| *name == other).unwrap_or(""),
        ),
    };
    match name.split_once('.') {
        None if name == "loops" => Source::Loops,
        None if name == "certainty" => Source::Certainty,
        None if name == "events" => Source::Events,
        None if name == "values" => Source::Values,
        None => Source::From,
        Some(("from", "object")) => Source::FromObject,
        Some(("from", "event")) => Source::FromEvent,
        Some(("from", "owner")) => Source::FromOwner,
        Some(("from", other)) => Source::FromFact(
            ENTRY_ATTRIBUTES.iter().map(|attribute| attribute.name).find(|name| *name == other).unwrap_or(""),
        ),
        Some(("cost", part)) => Source::Cost(match part {
            "formula" => CostField::Formula,
            "value" => CostField::Value,
            "limit" => CostField::Limit,
            _ => CostField::Fits,
        }),
        Some(("first", part)) => Source::First(field(part)),
        Some(("item", part)) => Source::Item(match part {
            "label" => ItemField::Label,
            "name" => ItemField::Name,
            "object" => ItemField::Object,
            other => ItemField::Fact(
                ITEM_ATTRIBUTES
                    .iter()
                    .map(|attribute| attribute.name)
                    .find(|name| *name == other)
                    .unwrap_or(""),
            ),
        }),
        Some((_, part)) => Source::Subject(field(part)),
    }
}

impl Source {
    fn may_be_unknown(&self) -> bool {
        match self {
            Source::From
            | Source::FromOwner
            | Source::Loops
            | Source::Certainty
            | Source::Events
            | Source::Values => false,
            Source::FromObject | Source::FromEvent | Source::FromFact(_) | Source::Cost(_) => true,
            Source::First(field) | Source::Subject(field) => !matches!(field, Field::Label | Field::Symbol),
            Source::Item(field) => !matches!(field, ItemField::Label | ItemField::Name),
        }
    }

    /// Writes the value, or says that it is not known.
    fn write(&self, text: &mut String, values: &Values<'_>) -> bool {
        let length = text.len();
        let entry = values.entry;
        match self {
            Source::From => text.push_str(entry.map_or("", |entry| &entry.name)),
            Source::FromOwner => text.push_str(entry.map_or("", |entry| entry.owner.as_str())),
            Source::FromObject => {
                text.push_str(entry.and_then(|entry| entry.object).map_or("", |name| name.as_str()));
            }
            Source::FromEvent => {
                if let Some(event) = entry.and_then(|entry| entry.event) {
                    let _ = write!(text, "{event}");
                }
            }
            Source::FromFact(name) => text.push_str(entry.and_then(|entry| entry.fact(name)).unwrap_or("")),
            Source::Certainty => text.push_str(match values.certainty {
                Some(Certainty::May) => "sometimes",
                Some(Certainty::Must) | None => "always",
            }),
            Source::Values => {
                let list = match values.values {
                    [] => String::new(),
                    [one] => one.clone(),
                    [first @ .., last] => format!("{} and {last}", first.join(", ")),
                };
                text.push_str(&list);
            }
            Source::Events => {
                let names: Vec<&str> = values.events.iter().map(|name| name.as_str()).collect();
                text.push_str(&names.join(" → "));
            }
            Source::Cost(field) => {
                if let Some(cost) = values.cost {
                    match field {
                        CostField::Formula => text.push_str(&cost.formula),
                        CostField::Value => text.push_str(&cost.value),
                        CostField::Limit => text.push_str(&cost.limit),
                        CostField::Fits => {
                            if let Some(fits) = cost.fits {
                                text.push_str(&grouped(fits));
                            }
                        }
                    }
                }
            }
            Source::Loops => text.push_str(&labels::times(values.loops, entry)),
            Source::First(field) => {
                if let Some(site) = values.first {
                    field.write(text, site);
                }
            }
            Source::Subject(field) => {
                if let Thing::Site(site) = values.subject {
                    field.write(text, site);
                }
            }
            Source::Item(field) => {
                if let Thing::Item(item) = values.subject {
                    text.push_str(match field {
                        ItemField::Label => &item.label,
                        ItemField::Name => item.name.as_str(),
                        ItemField::Object => item.object.map_or("", |name| name.as_str()),
                        ItemField::Fact(name) => item.fact(name).unwrap_or(""),
                    });
                }
            }
        }
        text.len() > length
    }
}

impl Field {
    fn write(&self, text: &mut String, site: &Site) {
        match self {
            Field::Label => text.push_str(&site.label),
            Field::Symbol => text.push_str(&site.symbol),
            Field::Object => text.push_str(site.object.map_or("", |name| name.as_str())),
            Field::Operation => {
                if let Some(operation) = site.operation {
                    let _ = write!(text, "{operation}");
                }
            }
            Field::Fact(name) => text.push_str(site.fact(name).unwrap_or("")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::program::model::{Callers, EntryKind, NodeId};
    use crate::span::{FileId, Location, Span};

    fn site(host: Option<&'static str>) -> Site {
        Site {
            effect: Effect::Callout,
            at: Location { file: FileId(0), span: Span::new(0, 1) },
            symbol: "Api.send".to_owned(),
            label: "`Http.send`".to_owned(),
            object: None,
            operation: None,
            facts: host.map(|host| ("host", Cow::Borrowed(host))).into_iter().collect(),
        }
    }

    fn names() -> Names {
        let effects = Effects::of(&[Effect::Callout]);
        Names {
            subject: vec![("to", effects)],
            items: Vec::new(),
            first: None,
            entry: true,
            loops: true,
            certainty: true,
            cost: false,
            events: false,
            values: false,
        }
    }

    fn fill(text: &str, host: Option<&'static str>) -> String {
        let entry = Entry {
            kind: EntryKind::Trigger,
            node: NodeId(0),
            at: Location { file: FileId(0), span: Span::new(0, 1) },
            name: "trigger T on Account (after update)".to_owned(),
            owner: Name::new("T"),
            object: Some(Name::new("Account")),
            event: None,
            callouts_enabled: None,
            never_started: false,
            batch_scope: None,
            fires: None,
            called_by: Callers::default(),
            facts: Vec::new(),
            class_at: None,
        };
        let values = Values {
            cost: None,
            entry: Some(&entry),
            subject: Thing::Site(&site(host)),
            first: None,
            loops: &[Bound::EntryBatch, Bound::QueryRows],
            certainty: Some(Certainty::May),
            events: &[],
            values: &[],
        };
        Template::parse(text, &names()).expect("a template").fill(&values)
    }

    #[test]
    fn placeholders_are_filled() {
        let text = "{from} calls {to.host|some system} from {to.symbol}";
        assert_eq!(fill(text, Some("ERP")), "Trigger T on Account (after update) calls ERP from Api.send");
        assert_eq!(fill(text, None), "Trigger T on Account (after update) calls some system from Api.send");
        assert_eq!(fill("on {from.object|x}{from.event|, always}", None), "On Account, always");
        assert_eq!(
            fill("{to.label} runs {loops}", None),
            "`Http.send` runs once for each record of the trigger and each row of a query"
        );
        assert_eq!(fill("it {certainty} fails", None), "It sometimes fails");
        assert_eq!(fill("", None), "");
        assert_eq!(fill("äh", None), "äh");
    }

    #[test]
    fn mistakes_name_the_placeholder() {
        let problem = |text| Template::parse(text, &names()).expect_err("a mistake").message;
        assert_eq!(problem("{to.hosts|x}"), "unknown placeholder `{to.hosts}`");
        assert_eq!(problem("{first.label}"), "unknown placeholder `{first.label}`");
        assert_eq!(problem("{to.verb}"), "`{to.verb}` is not always known");
        assert_eq!(problem("a {from"), "the placeholder is never closed");
        assert_eq!(problem("{}"), "unknown placeholder `{}`");
    }
}
