//! From the functions of a page's scripts to what the page does: its calls of Apex and its polls.

use std::collections::BTreeSet;

use crate::span::Location;

use super::script::{Act, Callback, Function, Reached, Script, What};
use super::{ApexCall, ApexMethod, Ends, Page, Poll, Polled, Repeat, Request, Way, Why};

/// What the names in a script stand for.
pub struct Names<'a> {
    /// The method of Apex behind an imported name, or behind a call.
    pub server: &'a dyn Fn(&What) -> Option<ApexMethod>,
    /// Functions that run whenever the user types: by name, with the place that says so.
    pub typing: Vec<(String, Location)>,
}

/// Adds what the scripts do to a page.
pub fn add(page: &mut Page, script: &Script, names: &Names<'_>) {
    let behaviour = Behaviour { script, names };
    for (index, function) in script.functions.iter().enumerate() {
        for act in &function.acts {
            if let Some(method) = (names.server)(&act.what) {
                let repeat = act.in_loop.map(|at| Repeat {
                    why: Why::Loop,
                    steps: vec![(at, "loops over a collection".to_owned())],
                });
                let repeat = repeat.or_else(|| behaviour.called_in_loop(index));
                page.calls.push(ApexCall { method, at: act.at, way: Way::Imperative, repeat });
            }
            if let What::Request { by, url } = &act.what {
                page.requests.push(Request { at: act.at, by, url: url.clone() });
            }
        }
    }
    for wire in &script.wires {
        let server = What::Server(wire.method.clone());
        if let Some(method) = (names.server)(&server) {
            page.calls.push(ApexCall { method, at: wire.at, way: Way::Wire, repeat: None });
        }
    }
    behaviour.typed(page);
    for (index, function) in script.functions.iter().enumerate() {
        for act in &function.acts {
            if let Some(poll) = behaviour.poll(index, act) {
                page.polls.push(poll);
            }
        }
    }
    page.calls.sort_by_key(|call| call.at);
    page.polls.sort_by_key(|poll| poll.at);
    page.requests.sort_by_key(|request| request.at);
    for poll in &mut page.polls {
        let polled: BTreeSet<&ApexMethod> = poll.calls.iter().map(|polled| &polled.method).collect();
        let others = page.calls.iter().enumerate().filter(|(_, call)| !polled.contains(&call.method));
        poll.others = others.map(|(index, _)| index).collect();
    }
}

struct Behaviour<'a> {
    script: &'a Script,
    names: &'a Names<'a>,
}

impl Behaviour<'_> {
    /// The calls of Apex that functions make in one go, each with the way to it.
    fn server_calls(&self, start: &[usize]) -> Vec<Polled> {
        let mut found: Vec<Polled> = Vec::new();
        for Reached { function, way, .. } in self.script.reached(start) {
            for act in &self.script.functions[function].acts {
                for method in self.methods(act) {
                    if found.iter().all(|known| known.method != method) {
                        let mut steps = way.clone();
                        steps.push((act.at, format!("calls `{}`", method.shown())));
                        found.push(Polled { method, steps });
                    }
                }
            }
        }
        found
    }

    /// What an act asks of the server; `refreshApex(this.wired)` asks again what is wired.
    fn methods(&self, act: &Act) -> Vec<ApexMethod> {
        if let Some(method) = (self.names.server)(&act.what) {
            return vec![method];
        }
        let What::Call { owner, name, first_member, .. } = &act.what else { return Vec::new() };
        if !(owner.is_empty() && name == "refreshApex") {
            return Vec::new();
        }
        let wires = &self.script.wires;
        let named = wires.iter().find(|wire| Some(&wire.name) == first_member.as_ref());
        let only = || wires.first().filter(|_| wires.len() == 1);
        let wire = named.or_else(only).map(|wire| What::Server(wire.method.clone()));
        wire.and_then(|wire| (self.names.server)(&wire)).into_iter().collect()
    }

    /// The loop in which a function is called that calls Apex.
    fn called_in_loop(&self, index: usize) -> Option<Repeat> {
        let names: Vec<&str> = self
            .script
            .names
            .iter()
            .filter(|(_, functions)| functions.contains(&index))
            .map(|(name, _)| name.as_str())
            .collect();
        self.script.functions.iter().flat_map(|function| &function.acts).find_map(|act| match &act.what {
            What::Call { name, .. } if names.contains(&name.as_str()) => {
                let steps = vec![
                    (act.in_loop?, "loops over a collection".to_owned()),
                    (act.at, format!("calls `{name}`")),
                ];
                Some(Repeat { why: Why::Loop, steps })
            }
            _ => None,
        })
    }

    /// Marks the calls that happen at every keystroke: made by the handler itself, not by a timer that it
    /// sets, or by a wire whose parameter it changes.
    fn typed(&self, page: &mut Page) {
        for (handler, place) in &self.names.typing {
            let start = self.script.targets(&Callback::Named(handler.clone()));
            let reached = self.script.reached(&start);
            if reached.iter().any(|reached| self.script.functions[reached.function].asks_for_key) {
                continue;
            }
            let first = (*place, format!("runs `{handler}` whenever the user types a character"));
            for Reached { function, way, .. } in reached {
                for act in &self.script.functions[function].acts {
                    let mut steps = vec![first.clone()];
                    steps.extend(way.iter().cloned());
                    let repeat = |steps| Some(Repeat { why: Why::Keystroke, steps });
                    if (self.names.server)(&act.what).is_some() {
                        for call in page.calls.iter_mut().filter(|call| call.at == act.at) {
                            call.repeat = call.repeat.take().or_else(|| repeat(steps.clone()));
                        }
                    }
                    let What::Assign(field) = &act.what else { continue };
                    for wire in self.script.wires.iter().filter(|wire| wire.reactive.contains(field)) {
                        steps.push((act.at, format!("changes `{field}`, which the wire asks for")));
                        for call in page.calls.iter_mut().filter(|call| call.at == wire.at) {
                            call.repeat = call.repeat.take().or_else(|| repeat(steps.clone()));
                        }
                    }
                }
            }
        }
    }

    /// The poll that a timer is: one that repeats, or one that sets itself again.
    fn poll(&self, index: usize, act: &Act) -> Option<Poll> {
        let What::Timer { repeats, period_ms, callback } = &act.what else { return None };
        let start = self.script.targets(callback);
        let reached = self.script.reached(&start);
        let again = reached.iter().find(|reached| reached.function == index);
        if !repeats && again.is_none() {
            return None;
        }
        let calls = self.server_calls(&start);
        if calls.is_empty() {
            return None;
        }
        let functions = || reached.iter().map(|reached| &self.script.functions[reached.function]);
        let counted = functions().any(|function| function.counts) && functions().any(|f| f.compares);
        let clears = |function: &Function| function.clears_timer && !function.is_end;
        let stops = match (repeats, again) {
            // Somebody stops it while the page is open; who, events may decide.
            (true, _) => self.script.functions.iter().any(clears),
            (false, Some(again)) => {
                act.conditional || again.conditional || self.script.functions[index].leaves_early
            }
            (false, None) => false,
        };
        Some(Poll {
            at: act.at,
            by: if *repeats { "setInterval" } else { "setTimeout" },
            period_ms: *period_ms,
            ends: match (stops, counted) {
                (true, true) => Ends::Ticks,
                (true, false) => Ends::Condition,
                (false, _) => Ends::Never,
            },
            calls,
            others: Vec::new(),
        })
    }
}

impl ApexMethod {
    /// `Class.method`.
    pub fn shown(&self) -> String {
        match self.classes.first() {
            Some(class) => format!("{class}.{}", self.name),
            None => self.name.clone(),
        }
    }
}
