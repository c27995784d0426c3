//! Why a finding is believed: what each step of its path rests on, for a person who doubts it.
//!
//! A path goes through nodes of the program. For each step this looks up, in the node where it stands,
//! how the call was resolved and which conditions and loops are around it, and says it in words.

use std::fmt::{self, Write};

use crate::discover::Project;
use crate::finding::{Confidence, Finding};
use crate::program::model::{Arm, Case, Entry, EntryKind, Guards, How, Loop, Node, NodeId, Program, Step};
use crate::report::source_map::SourceMap;
use crate::report::terminal::{Style, clean};
use crate::rules::check::Proof;
use crate::rules::labels;
use crate::span::Location;
use crate::summary::reach::HopKind;

/// How many of the methods that are not here are listed.
const MOST: usize = 15;

/// How much of a condition's text is shown.
const WIDTH: usize = 100;

/// Which findings are doubted: a fingerprint or its beginning, or `RULE`, `RULE:FILE`, `RULE:FILE:LINE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    text: String,
}

/// Fewer hexadecimal digits than this are no fingerprint.
const SHORTEST: usize = 6;

impl std::str::FromStr for Doubt {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Doubt, Self::Err> {
        Ok(Doubt { text: text.to_owned() })
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Doubt {
    pub fn is_about(&self, finding: &Finding, map: &SourceMap) -> bool {
        if self.text.len() >= SHORTEST && finding.fingerprint.starts_with(&self.text.to_ascii_lowercase()) {
            return true;
        }
        let (rule, place) = match self.text.split_once(':') {
            Some((rule, place)) => (rule, Some(place)),
            None => (self.text.as_str(), None),
        };
        if rule != finding.rule {
            return false;
        }
        let Some(place) = place else { return true };
        let (file, line) = match place.rsplit_once(':').map(|(file, line)| (file, line.parse::<u32>())) {
            Some((file, Ok(line))) => (file, Some(line)),
            _ => (place, None),
        };
        let file = file.strip_prefix("./").unwrap_or(file);
        let path = map.path(finding.primary.file);
        let same = path == file || path.strip_suffix(file).is_some_and(|before| before.ends_with('/'));
        same && line.is_none_or(|line| map.position(finding.primary).line == line)
    }
}

/// The trace of one finding.
pub fn finding(program: &Program, project: &Project, finding: &Finding, proof: &Proof) -> String {
    let map = SourceMap::new(project);
    let tracer = Tracer { program, map: &map, out: String::new() };
    tracer.finding(finding, proof)
}

/// What could not be seen in the whole project.
pub fn statistics(program: &Program) -> String {
    let linked = &program.statistics;
    let mut out = String::from("What the analysis saw of the calls in this project\n");
    let resolved = linked.calls - linked.calls_unresolved - linked.calls_virtual;
    for (count, what) in [
        (resolved, "go to one method"),
        (linked.calls_virtual, "may go to several methods"),
        (linked.calls_unresolved, "go to code that is not here, and are taken to do nothing"),
        (linked.dynamic_dispatch, "classes are named only at run time"),
    ] {
        let _ = writeln!(out, "  {count:>7} {what}");
    }
    if program.unseen.is_empty() {
        return out;
    }
    out.push_str("\nWhat is called most and not here\n");
    for unseen in program.unseen.iter().take(MOST) {
        let method = print(unseen.method.as_str());
        let name = match unseen.receiver {
            Some(receiver) => format!("{}.{method}", print(receiver.as_str())),
            None => format!("{method} (of an object whose type is not known)"),
        };
        let _ = writeln!(out, "  {:>7} {name}", unseen.calls);
    }
    if let Some(more) = program.unseen.len().checked_sub(MOST).filter(|more| *more > 0) {
        let _ = writeln!(out, "          and {more} more methods");
    }
    out
}

struct Tracer<'a> {
    program: &'a Program,
    map: &'a SourceMap<'a>,
    out: String,
}

/// What is around a step in its node, outermost first.
#[derive(Clone, Default)]
struct Around<'a> {
    arms: Vec<&'a Arm>,
    loops: Vec<&'a Loop>,
    /// In a `catch`, a `finally`.
    handler: Option<&'static str>,
    /// The call that the step is, where it is one.
    how: Option<(How, usize)>,
}

impl Tracer<'_> {
    fn finding(mut self, finding: &Finding, proof: &Proof) -> String {
        let place = self.place(finding.primary);
        self.line(0, &format!("{}[{}] {place}", finding.severity, finding.rule));
        self.line(1, &print(&finding.message));
        self.line(1, &format!("fingerprint {}", finding.fingerprint));
        if proof.path.is_empty() {
            // A way through several transactions has no hops of one.
            for (index, step) in finding.path.iter().enumerate() {
                self.line(0, &format!("{:>2}  {}", index + 1, print(&step.label)));
                let at = self.place(step.at);
                self.detail("at", &format!("{at}  {}", self.text(step.at)));
            }
        }
        if finding.path.is_empty() {
            self.line(1, "This is a fact about one place; no path and no call leads to it.");
        }
        let mut inside: Option<NodeId> = None;
        for (index, (hop, step)) in proof.path.iter().zip(&finding.path).enumerate() {
            self.out.push('\n');
            self.line(0, &format!("{:>2}  {}", index + 1, print(&step.label)));
            let at = self.place(hop.at);
            self.detail("at", &format!("{at}  {}", self.text(hop.at)));
            if let (HopKind::Entry, Some(entry)) = (hop.kind, proof.entry) {
                self.entry(self.program.entry(entry));
            }
            if let (Some(node), true) = (inside, hop.kind != HopKind::Loop) {
                self.around(self.program.node(node), hop.at, hop.node, proof);
            }
            if let Some(node) = hop.node {
                inside = Some(node);
                self.node(self.program.node(node));
            }
        }
        self.out.push('\n');
        self.confidence(finding, proof);
        self.out
    }

    fn entry(&mut self, entry: &Entry) {
        let words = match entry.kind {
            EntryKind::Uncalled => {
                "nothing in the project calls it, so someone else may: this alone makes the confidence low"
                    .to_owned()
            }
            kind => format!("the platform starts a transaction here ({kind})"),
        };
        self.detail("entry", &words);
        if let Some(scope) = entry.batch_scope {
            self.detail(
                "scope",
                &format!("every start of this batch gives it at most {scope} records a run"),
            );
        }
    }

    /// What is known on entering a node.
    fn node(&mut self, node: &Node) {
        if !node.context.is_empty() {
            self.detail("context", &print(&node.context));
        }
        for decided in &node.decided {
            let outcome = if decided.holds { "always true" } else { "never true" };
            let words =
                format!("line {}: `{}` is {outcome} here", self.row(decided.at), self.text(decided.at));
            self.detail("decided", &words);
        }
    }

    /// What is around the step at `at` of `node`, which enters `target`.
    fn around(&mut self, node: &Node, at: Location, target: Option<NodeId>, proof: &Proof) {
        let Some(around) = find(self.program, &node.steps, at, target, &Around::default()) else { return };
        if let Some((how, targets)) = around.how {
            self.detail("call", &resolution(how, targets));
        }
        if let Some(handler) = around.handler {
            self.detail("in", handler);
        }
        for arm in &around.arms {
            let text = self.text(arm.at);
            let outcome = match arm.case {
                Case::True => "is true",
                Case::False => "is false",
                Case::Switch => "is the case of this `switch` arm",
                Case::Connector => "leads this way",
                Case::Sometimes => "comes to evaluate it",
            };
            let guards = kinds(arm.guards);
            let words = format!("line {}: only where `{text}` {outcome}: {guards}", self.row(arm.at));
            self.detail("guard", &words);
        }
        let entry = proof.entry.map(|entry| self.program.entry(entry));
        for body in &around.loops {
            let text = self.text(body.at);
            let words = labels::in_loop(body.bound, entry);
            let grows =
                if body.bound.grows() { "grows with the data" } else { "does not grow with the data" };
            let words = format!("line {}: {words}, which {grows}: `{text}`", self.row(body.at));
            self.detail("loop", &words);
        }
    }

    fn confidence(&mut self, finding: &Finding, proof: &Proof) {
        self.line(0, &format!("confidence: {}", finding.confidence));
        if finding.confidence == Confidence::High {
            self.line(
                1,
                "every call on the path goes to one method, and no decision of the project is on it",
            );
        }
        if proof.confidence < Confidence::High {
            self.line(1, &format!("the path is of {} confidence", proof.confidence));
        }
        if proof.at_most < proof.confidence {
            self.line(1, &format!("findings of this rule are of {} confidence at the best", proof.at_most));
        }
        if proof.hint {
            self.line(1, "a condition in a fired trigger is not followed, so this is a note");
        } else if finding.confidence == Confidence::Low && proof.confidence == Confidence::Low {
            self.line(1, "low confidence lowers the severity by one");
        }
    }

    fn place(&self, at: Location) -> String {
        let position = self.map.position(at);
        format!("{}:{}:{}", print(self.map.path(at.file)), position.line, position.column_chars)
    }

    fn row(&self, at: Location) -> u32 {
        self.map.position(at).line
    }

    /// The source text at a place, on one line.
    fn text(&self, at: Location) -> String {
        let text = self.map.snippet(at).split_whitespace().collect::<Vec<_>>().join(" ");
        let mut shown: String = text.chars().take(WIDTH).collect();
        if text.chars().count() > WIDTH {
            shown.push('…');
        }
        print(&shown)
    }

    fn line(&mut self, depth: usize, text: &str) {
        let _ = writeln!(self.out, "{}{text}", "    ".repeat(depth));
    }

    fn detail(&mut self, what: &str, text: &str) {
        let _ = writeln!(self.out, "    {what:<8} {text}");
    }
}

/// Looks for the step at a place, and what is around it. `target` is the node that it enters; `None` for
/// an effect.
fn find<'a>(
    program: &Program,
    steps: &'a [Step],
    at: Location,
    target: Option<NodeId>,
    around: &Around<'a>,
) -> Option<Around<'a>> {
    let inside = |steps: &'a [Step], around: &Around<'a>| find(program, steps, at, target, around);
    let enters = |targets: &[NodeId]| target.is_none_or(|target| targets.contains(&target));
    steps.iter().find_map(|step| match step {
        Step::Call(call) if call.at == at && target.is_some() && enters(&call.targets) => {
            Some(Around { how: Some((call.how, call.targets.len())), ..around.clone() })
        }
        Step::Effect(site) if target.is_none() && program.site(*site).at == at => Some(around.clone()),
        Step::Dml { site, triggers } if program.site(*site).at == at && enters(triggers) => {
            Some(around.clone())
        }
        Step::Branch { arms, .. } => arms.iter().find_map(|arm| {
            let mut around = around.clone();
            around.arms.push(arm);
            inside(&arm.steps, &around)
        }),
        Step::Loop(body) => {
            let mut around = around.clone();
            around.loops.push(body);
            inside(&body.steps, &around)
        }
        Step::Try { body, catches, finally } => {
            let handled = |words| Around { handler: Some(words), ..around.clone() };
            let caught = handled("a `catch`: only after an exception");
            inside(body, around)
                .or_else(|| catches.iter().find_map(|clause| inside(&clause.steps, &caught)))
                .or_else(|| inside(finally, &handled("a `finally`")))
        }
        _ => None,
    })
}

fn resolution(how: How, targets: usize) -> String {
    let words = match how {
        How::Declared => "there is one method that it can be".to_owned(),
        How::Created => {
            "the class that the object was created as is known, so there is one method".to_owned()
        }
        How::Subclasses(0 | 1) => "all subclasses that the project creates have the same method".to_owned(),
        How::Subclasses(methods) => {
            format!("the subclasses that the project creates have {} that it can be", several(methods))
        }
        How::Named(methods) => format!(
            "the class is made by a name that is known at run time only; its subclasses have {} that it can be",
            several(methods)
        ),
        How::Framework(framework) => format!("{framework} calls it, as it is configured"),
    };
    let receivers = if targets > 1 { format!(", {targets} receivers") } else { String::new() };
    format!("{words}{receivers} → {} confidence", how.confidence())
}

fn several(methods: u8) -> String {
    match methods {
        1 => "1 method".to_owned(),
        u8::MAX => format!("{methods} methods or more"),
        _ => format!("{methods} methods"),
    }
}

/// What a condition was read as.
fn kinds(guards: Guards) -> String {
    let known = [
        (Guards::LIMITS, "a test of what the limits leave"),
        (Guards::STACK_DEPTH, "a test of the chain's depth"),
        (Guards::NOT_EMPTY, "a test that there is something to do"),
        (Guards::COUNTER, "a counter"),
        (Guards::MEMO, "a test that it was not done before (memo)"),
        (Guards::ONCE, "a flag that lets it happen once"),
        (Guards::SINGLE, "a test for a single record"),
        (Guards::ASYNC_CONTEXT, "a test for an asynchronous context, which is not fixed here"),
        (Guards::CHUNK, "a test that a chunk is full"),
        (
            Guards::DECISION,
            "a decision of a method of the project, on grounds that are not seen (low confidence)",
        ),
        (Guards::CLEAN, "a test that nothing was written yet"),
        (Guards::CHANGED, "a comparison of old and new values"),
    ];
    let found: Vec<&str> =
        known.iter().filter(|(guard, _)| guards.has_any(*guard)).map(|(_, words)| *words).collect();
    match found.as_slice() {
        [] => "not understood; either way is possible".to_owned(),
        found => format!("read as {}", found.join(" and ")),
    }
}

/// Text of the scanned project, safe for a terminal.
fn print(text: &str) -> String {
    clean(text, Style::default())
}
