//! A flow's graph of connectors as structured steps.
//!
//! Connectors may lead anywhere: two outcomes of a decision meet again in the middle of a third, and a
//! path may lead back. Every element is written once all the same, so that the steps grow with the
//! flow. Cycles become loops, from the outside to the inside (strongly connected components); what is
//! left is written along the dominator tree: an element where several ways meet comes after the branch
//! that dominates it. Where not all ways of the branch lead to it, it stands in an arm of its own, and
//! conditions say which ways it excludes.

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::model::{Arm, Bound, Case, Condition, Guards, Loop, Runs, Step};
use super::super::size::Size;
use crate::span::Location;

/// One element.
pub struct Block {
    /// What happens whenever it is reached.
    pub steps: Vec<Step>,
    /// The exclusive ways on; of an element that loops, the first is the body and the second comes
    /// after it.
    pub exits: Vec<Exit>,
    pub looping: Option<Bound>,
    pub at: Location,
}

/// A way on from an element.
pub struct Exit {
    /// What happens on this way alone.
    pub steps: Vec<Step>,
    /// `None` where the flow ends.
    pub to: Option<u32>,
    pub guards: Guards,
}

/// The steps from the block `start` on.
pub fn structure(blocks: &[Block], start: u32) -> Vec<Step> {
    let mut writer = Writer { blocks, subjects: 0 };
    let all: FxHashSet<u32> = (0..blocks.len() as u32).collect();
    writer.region(start, &all, None)
}

/// So many elements that not all ways lead to are told apart by conditions.
const MAX_GUARDED: usize = 32;
/// Of so many elements where ways meet it is asked whether all lead to them: real flows have fewer.
const MAX_MEETING: usize = 256;

struct Writer<'b> {
    blocks: &'b [Block],
    /// How many subjects of conditions there are.
    subjects: u32,
}

/// A part of the graph that is entered at one element and has no cycle but in its own parts: the whole
/// flow, or the body of a loop.
struct Region {
    header: Option<u32>,
    /// Strongly connected components in topological order: its elements, the one that is entered first.
    parts: Vec<Vec<u32>>,
    part_of: FxHashMap<u32, usize>,
    /// The ways on from each part.
    ways: Vec<Vec<Way>>,
    /// How many ways lead to each part.
    entries: Vec<usize>,
    /// The closest part that all ways to this one pass.
    dominator: Vec<usize>,
    /// The subject of the condition "control comes to this part".
    subjects: Vec<Option<u32>>,
    /// For the parts that have a subject: which parts lead to them.
    leads_to: FxHashMap<usize, Vec<bool>>,
}

/// Where a way leads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Part(usize),
    /// Back to the start of the loop.
    Again,
    /// Out of the loop.
    Out,
    End,
}

impl Writer<'_> {
    /// The steps from `entry` on, within `members`. A way to `header` starts the next turn.
    fn region(&mut self, entry: u32, members: &FxHashSet<u32>, header: Option<u32>) -> Vec<Step> {
        let parts = components(self.blocks, entry, members, header);
        let mut part_of = FxHashMap::default();
        for (index, part) in parts.iter().enumerate() {
            part_of.extend(part.iter().map(|&block| (block, index)));
        }
        let mut region = Region {
            header,
            ways: Vec::new(),
            entries: vec![0; parts.len()],
            dominator: vec![0; parts.len()],
            subjects: vec![None; parts.len()],
            leads_to: FxHashMap::default(),
            parts,
            part_of,
        };
        region.ways = region.parts.iter().map(|part| self.ways(&region, part)).collect();
        for ways in &region.ways {
            for way in ways {
                if let Way::Part(to) = *way {
                    region.entries[to] += 1;
                }
            }
        }
        dominators(&mut region);
        self.guard(&mut region);
        self.write(&region, 0)
    }

    /// The ways on from a part: those of its element, or those that lead out of the cycle.
    fn ways(&self, region: &Region, part: &[u32]) -> Vec<Way> {
        let own: FxHashSet<u32> = part.iter().copied().collect();
        let mut ways = Vec::new();
        if self.is_loop(part, region.header) {
            let targets = part.iter().flat_map(|&block| &self.blocks[block as usize].exits);
            for target in targets.filter_map(|exit| exit.to).filter(|to| !own.contains(to)) {
                let way = region.way(Some(target));
                if !ways.contains(&way) {
                    ways.push(way);
                }
            }
            // A loop element without an element after it ends the flow.
            let last = &self.blocks[part[0] as usize];
            if last.looping.is_some() && last.exits.get(1).is_none_or(|after| after.to.is_none()) {
                ways.push(Way::End);
            }
        } else {
            ways.extend(self.blocks[part[0] as usize].exits.iter().map(|exit| region.way(exit.to)));
        }
        ways
    }

    fn is_loop(&self, part: &[u32], header: Option<u32>) -> bool {
        let [one] = part else { return true };
        Some(*one) != header && self.blocks[*one as usize].exits.iter().any(|exit| exit.to == Some(*one))
    }

    /// Gives a subject to each part where several ways meet and that not all ways lead to.
    fn guard(&mut self, region: &mut Region) {
        let meeting: Vec<usize> = (0..region.parts.len()).filter(|&part| region.entries[part] > 1).collect();
        for (index, &part) in meeting.iter().enumerate() {
            let from = region.dominator[part];
            // What is written behind it, or further outside.
            let later = |other: usize| {
                region.entries[other] > 1
                    && (region.dominator[other] == from && other > part || !region.is_below(other, from))
            };
            if index >= MAX_MEETING || region.reaches(from, part, later) {
                region.subjects[part] = Some(self.subject());
            }
        }
        let guarded: Vec<usize> =
            meeting.into_iter().filter(|&part| region.subjects[part].is_some()).take(MAX_GUARDED).collect();
        for part in guarded {
            let mut leads = vec![false; region.parts.len()];
            leads[part] = true;
            for from in (0..part).rev() {
                leads[from] = region.ways[from].iter().any(|way| matches!(way, Way::Part(to) if leads[*to]));
            }
            region.leads_to.insert(part, leads);
        }
    }

    fn subject(&mut self) -> u32 {
        self.subjects += 1;
        self.subjects
    }

    /// The steps from a part on, up to where other ways meet its own.
    fn write(&mut self, region: &Region, part: usize) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut next = Some(part);
        while let Some(part) = next {
            let block = &self.blocks[region.parts[part][0] as usize];
            let is_loop = self.is_loop(&region.parts[part], region.header);
            if is_loop {
                steps.push(self.write_loop(&region.parts[part]));
            } else {
                steps.extend(block.steps.iter().cloned());
            }
            let exits = |way: usize| if is_loop { None } else { block.exits.get(way) };
            let ways = &region.ways[part];
            if let [way] = ways.as_slice() {
                steps.extend(exits(0).iter().flat_map(|exit| exit.steps.iter().cloned()));
                next = match *way {
                    Way::Part(to) if region.entries[to] == 1 => Some(to),
                    _ => {
                        steps.extend(leave(*way));
                        None
                    }
                };
                continue;
            }
            next = None;
            if ways.is_empty() {
                steps.push(Step::Return);
                continue;
            }
            let choice = self.subject();
            let mut arms = Vec::new();
            for (index, way) in ways.iter().enumerate() {
                let exit = exits(index);
                let mut arm: Vec<Step> = exit.iter().flat_map(|exit| exit.steps.iter().cloned()).collect();
                match *way {
                    Way::Part(to) if region.entries[to] == 1 => arm.extend(self.write(region, to)),
                    way => arm.extend(leave(way)),
                }
                let mut conditions = region.excluded(part, *way);
                conditions.push(Condition { subject: choice, value: index as u32, negated: false });
                arms.push(Arm {
                    at: block.at,
                    case: Case::Connector,
                    guards: exit.map_or(Guards::OTHER, |exit| exit.guards),
                    conditions,
                    runs: Runs::Each,
                    steps: arm,
                });
            }
            steps.push(Step::Branch { arms, exhaustive: true });
            for meeting in region.meeting_after(part) {
                let after = self.write(region, meeting);
                let Some(subject) = region.subjects[meeting] else {
                    steps.extend(after);
                    continue;
                };
                let mut conditions = region.excluded(meeting, Way::Part(meeting));
                conditions.push(Condition { subject, value: 1, negated: false });
                let arm = Arm {
                    at: block.at,
                    case: Case::Connector,
                    guards: Guards::OTHER,
                    conditions,
                    runs: Runs::Each,
                    steps: after,
                };
                steps.push(Step::Branch { arms: vec![arm], exhaustive: false });
            }
        }
        steps
    }

    fn write_loop(&mut self, part: &[u32]) -> Step {
        let header = part[0];
        let block = &self.blocks[header as usize];
        let first = self.subjects;
        let mut members: FxHashSet<u32> = part.iter().copied().collect();
        let after_is_inside =
            block.exits.get(1).and_then(|after| after.to).is_some_and(|after| members.contains(&after));
        let body = block.exits.first().and_then(|body| body.to).filter(|body| members.contains(body));
        let steps = match (block.looping, body) {
            (Some(_), Some(body)) if !after_is_inside && body != header => {
                members.remove(&header);
                self.region(body, &members, Some(header))
            }
            _ => self.region(header, &members, Some(header)),
        };
        Step::Loop(Loop {
            at: block.at,
            bound: block.looping.unwrap_or(Bound::Unknown),
            size: Size::Unknown,
            at_least_once: block.looping.is_none(),
            resets: (first + 1..=self.subjects).collect(),
            steps,
        })
    }
}

/// The steps that take a way which is not written in place.
fn leave(way: Way) -> Option<Step> {
    match way {
        // What comes next is written where the ways meet.
        Way::Part(_) => None,
        Way::Again => Some(Step::Continue),
        Way::Out => Some(Step::Break),
        Way::End => Some(Step::Return),
    }
}

impl Region {
    fn way(&self, to: Option<u32>) -> Way {
        match to {
            None => Way::End,
            Some(to) if Some(to) == self.header => Way::Again,
            Some(to) => self.part_of.get(&to).map_or(Way::Out, |&part| Way::Part(part)),
        }
    }

    /// The parts that are written behind the branch of `part`: where its ways meet.
    fn meeting_after(&self, part: usize) -> impl Iterator<Item = usize> {
        (part + 1..self.parts.len())
            .filter(move |&other| self.entries[other] > 1 && self.dominator[other] == part)
    }

    /// Whether all ways to `part` pass `above`.
    fn is_below(&self, part: usize, above: usize) -> bool {
        let mut part = part;
        while part > above {
            part = self.dominator[part];
        }
        part == above
    }

    /// Whether a way leads from `from` to a part that is `wanted`, and does not pass `around`.
    fn reaches(&self, from: usize, around: usize, wanted: impl Fn(usize) -> bool) -> bool {
        let mut seen = vec![false; self.parts.len()];
        let mut todo = vec![from];
        while let Some(part) = todo.pop() {
            for way in &self.ways[part] {
                let Way::Part(to) = *way else { continue };
                if to == around || std::mem::replace(&mut seen[to], true) {
                    continue;
                }
                if wanted(to) {
                    return true;
                }
                todo.push(to);
            }
        }
        false
    }

    /// "Control does not come to …", for all that this way on from `part` excludes.
    fn excluded(&self, part: usize, way: Way) -> Vec<Condition> {
        let mut conditions = Vec::new();
        for (index, subject) in self.subjects.iter().enumerate().skip(part + 1) {
            let (Some(subject), Some(leads)) = (*subject, self.leads_to.get(&index)) else { continue };
            let comes = match way {
                Way::Part(to) => leads[to],
                _ => false,
            };
            if leads[part] && !comes || way == Way::Part(part) && !leads[part] {
                conditions.push(Condition { subject, value: 0, negated: false });
            }
        }
        conditions
    }
}

/// The strongly connected components that are reached from `entry` within `members`, in topological
/// order, without the ways to `header`. In each, the element that is entered first stands first.
fn components(blocks: &[Block], entry: u32, members: &FxHashSet<u32>, header: Option<u32>) -> Vec<Vec<u32>> {
    let targets = |block: u32| {
        blocks[block as usize]
            .exits
            .iter()
            .filter_map(|exit| exit.to)
            .filter(|to| members.contains(to) && Some(*to) != header)
    };
    // Tarjan's algorithm, without recursion.
    let mut number: FxHashMap<u32, u32> = FxHashMap::default();
    let mut low: FxHashMap<u32, u32> = FxHashMap::default();
    let mut open: Vec<u32> = Vec::new();
    let mut is_open: FxHashSet<u32> = FxHashSet::default();
    let mut found: Vec<Vec<u32>> = Vec::new();
    let mut stack: Vec<(u32, Vec<u32>)> = Vec::new();
    let enter = |block: u32,
                 number: &mut FxHashMap<u32, u32>,
                 low: &mut FxHashMap<u32, u32>,
                 open: &mut Vec<u32>,
                 is_open: &mut FxHashSet<u32>| {
        let next = number.len() as u32;
        number.insert(block, next);
        low.insert(block, next);
        open.push(block);
        is_open.insert(block);
        let mut targets: Vec<u32> = targets(block).collect();
        targets.reverse();
        (block, targets)
    };
    stack.push(enter(entry, &mut number, &mut low, &mut open, &mut is_open));
    while let Some((block, targets)) = stack.last_mut() {
        let block = *block;
        if let Some(target) = targets.pop() {
            if !number.contains_key(&target) {
                let entered = enter(target, &mut number, &mut low, &mut open, &mut is_open);
                stack.push(entered);
            } else if is_open.contains(&target) {
                let reached = number[&target].min(low[&block]);
                low.insert(block, reached);
            }
            continue;
        }
        stack.pop();
        if let Some((caller, _)) = stack.last() {
            let reached = low[&block].min(low[caller]);
            low.insert(*caller, reached);
        }
        if low[&block] == number[&block] {
            let start = open.iter().rposition(|&other| other == block).unwrap_or(0);
            let mut component = open.split_off(start);
            component.iter().for_each(|member| {
                is_open.remove(member);
            });
            // The search enters a cycle at the element that comes first.
            component.sort_by_key(|member| number[member]);
            found.push(component);
        }
    }
    found.reverse();
    found
}

/// Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm": one pass, as there are no cycles.
fn dominators(region: &mut Region) {
    let count = region.parts.len();
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (part, ways) in region.ways.iter().enumerate() {
        for way in ways {
            if let Way::Part(to) = *way {
                before[to].push(part);
            }
        }
    }
    for (part, before) in before.iter().enumerate().skip(1) {
        let meet = before.iter().copied().reduce(|mut a, mut b| {
            while a != b {
                if a > b {
                    a = region.dominator[a];
                } else {
                    b = region.dominator[b];
                }
            }
            a
        });
        region.dominator[part] = meet.unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::model::SiteId;
    use crate::span::{FileId, Span};

    /// A block that does the effect of its own number, with the blocks that it leads to.
    fn block(number: u32, to: &[u32]) -> Block {
        let exit = |to: Option<u32>| Exit { steps: Vec::new(), to, guards: Guards::NONE };
        let exits =
            if to.is_empty() { vec![exit(None)] } else { to.iter().map(|&to| exit(Some(to))).collect() };
        Block {
            steps: vec![Step::Effect(SiteId(number))],
            exits,
            looping: None,
            at: Location { file: FileId(0), span: Span::new(number as usize, number as usize) },
        }
    }

    fn graph(edges: &[&[u32]]) -> Vec<Block> {
        edges.iter().enumerate().map(|(number, to)| block(number as u32, to)).collect()
    }

    fn shape(steps: &[Step]) -> String {
        let words: Vec<String> = steps
            .iter()
            .map(|step| match step {
                Step::Effect(site) => site.0.to_string(),
                Step::Branch { arms, exhaustive } => {
                    let arms: Vec<String> = arms.iter().map(|arm| shape(&arm.steps)).collect();
                    format!("{}({})", if *exhaustive { "" } else { "?" }, arms.join("|"))
                }
                Step::Loop(body) => format!("[{}]", shape(&body.steps)),
                Step::Return => "return".to_owned(),
                Step::Break => "break".to_owned(),
                Step::Continue => "continue".to_owned(),
                _ => "…".to_owned(),
            })
            .collect();
        words.join(" ")
    }

    fn shaped(edges: &[&[u32]]) -> String {
        shape(&structure(&graph(edges), 0))
    }

    #[test]
    fn ways_that_meet_are_written_once_behind_their_branch() {
        assert_eq!(shaped(&[&[1], &[2], &[]]), "0 1 2 return");
        assert_eq!(shaped(&[&[1, 2], &[3], &[3], &[]]), "0 (1|2) 3 return");
        // One way ends; the other two meet.
        assert_eq!(shaped(&[&[1, 2, 3], &[4], &[4], &[], &[]]), "0 (1|2|3 return) 4 return");
        // Straight to where the other way leads to.
        assert_eq!(shaped(&[&[1, 2], &[2], &[]]), "0 (1|) 2 return");
    }

    #[test]
    fn what_only_some_ways_lead_to_excludes_the_others() {
        // 1 → 4 → 5, 2 → 4 or 5, 3 → 5.
        let steps = structure(&graph(&[&[1, 2, 3], &[4], &[4, 5], &[5], &[5], &[]]), 0);
        assert_eq!(shape(&steps), "0 (1|2 (|)|3) ?(4) 5 return");
        let Step::Branch { arms, .. } = &steps[1] else { panic!("a branch") };
        let Step::Branch { arms: guarded, .. } = &steps[2] else { panic!("a branch") };
        let excluded = |arm: &Arm| {
            arm.conditions.iter().any(|a| guarded[0].conditions.iter().any(|b| a.contradicts(*b)))
        };
        assert_eq!(arms.iter().map(excluded).collect::<Vec<_>>(), [false, false, true]);
    }

    #[test]
    fn cycles_are_loops() {
        let mut each = graph(&[&[1], &[2, 4], &[3], &[1], &[]]);
        each[1].looping = Some(Bound::FlowLoop);
        each[1].steps.clear();
        assert_eq!(shape(&structure(&each, 0)), "0 [2 3 continue] 4 return");
        // A connector back, and a way out of the middle.
        assert_eq!(shaped(&[&[1], &[2, 3], &[1], &[]]), "0 [1 (2 continue|break)] 3 return");
        // A way out of the inner loop ends the outer one.
        assert_eq!(
            shaped(&[&[1], &[2], &[1, 3, 4], &[0], &[]]),
            "[0 [1 2 (continue|break|break)] (3 continue|break)] 4 return"
        );
        assert_eq!(shaped(&[&[0]]), "[0 continue] return");
    }

    /// Layers of two decisions, each of which leads to both of the next: 2¹⁵⁰ ways.
    #[test]
    fn steps_grow_with_the_flow_alone() {
        let mut edges: Vec<Vec<u32>> = vec![vec![1, 2]];
        for layer in 0..150u32 {
            let next = 2 * layer + 3;
            edges.extend([vec![next, next + 1], vec![next, next + 1]]);
        }
        edges.extend([Vec::new(), Vec::new()]);
        let blocks: Vec<Block> =
            edges.iter().enumerate().map(|(number, to)| block(number as u32, to)).collect();
        let text = shape(&structure(&blocks, 0));
        for number in 0..blocks.len() {
            let count =
                text.split(|c: char| !c.is_ascii_digit()).filter(|word| *word == number.to_string()).count();
            assert_eq!(count, 1, "{number}");
        }
        // And a flow in which everything may follow everything.
        let all: Vec<u32> = (0..60).collect();
        let blocks: Vec<Block> = (0..60).map(|number| block(number, &all)).collect();
        assert!(!structure(&blocks, 0).is_empty());
    }
}
