//! Nodes that are alike, drawn as one: a map of hundreds of flows must fit on a screen.

use std::collections::{BTreeMap, BTreeSet};

use strum::IntoEnumIterator;

use crate::finding::Severity;

use super::{Edge, EdgeKind, Group, Lane, Map, Node, NodeKind};

/// So many alike are drawn as one.
const LEAST: usize = 3;
/// So many boxes of a lane fit on a screen.
const FITS: usize = 22;
/// And so many can be read one by one, even where they are alike.
const FEW: usize = 12;

/// What makes nodes alike, of the edges that lead there and those that leave.
type Likeness = (Vec<String>, Vec<String>);
/// The nodes at the other ends of the edges, by node.
type Ends<'a> = BTreeMap<&'a str, BTreeSet<(&'a str, EdgeKind)>>;

/// Groups nodes of one lane and kind with the same neighbours; where a lane is still too long for a
/// screen, those that lead to the same places, and at last those with the same kinds of edges.
pub(super) fn find(nodes: &[Node], edges: &[Edge]) -> Vec<Group> {
    let mut out = Ends::new();
    let mut into = Ends::new();
    for edge in edges {
        out.entry(&edge.from).or_default().insert((&edge.to, edge.kind));
        into.entry(&edge.to).or_default().insert((&edge.from, edge.kind));
    }
    let near = |side: &Ends, id: &str| -> Vec<String> {
        side.get(id).into_iter().flatten().map(|(other, kind)| format!("{kind} {other}")).collect()
    };
    let kinds = |side: &Ends, id: &str| -> Vec<String> {
        let kinds: BTreeSet<EdgeKind> = side.get(id).into_iter().flatten().map(|(_, kind)| *kind).collect();
        kinds.into_iter().map(|kind| kind.to_string()).collect()
    };
    let alike: [&dyn Fn(&str) -> Likeness; 3] = [
        &|id| (near(&into, id), near(&out, id)),
        // To a system or an event it matters who leads there, to the others where they lead.
        &|id| if out.contains_key(id) { (Vec::new(), near(&out, id)) } else { (near(&into, id), Vec::new()) },
        &|id| (kinds(&into, id), kinds(&out, id)),
    ];
    let mut groups = Vec::new();
    for lane in Lane::iter() {
        let mut single: Vec<&Node> = nodes.iter().filter(|node| node.lane == lane).collect();
        let mut drawn = single.len();
        for (round, key) in alike.iter().enumerate() {
            let room = if round == 0 { FEW } else { FITS };
            if drawn <= room {
                break;
            }
            let mut alike: BTreeMap<(NodeKind, String, _), Vec<&Node>> = BTreeMap::new();
            for &node in &single {
                // A flow with a screen is another thing to a reader than one that a save starts.
                let what = node.detail.split(" on ").next().unwrap_or_default();
                let what = if node.kind == NodeKind::Flow { what } else { "" };
                alike.entry((node.kind, what.to_owned(), key(&node.id))).or_default().push(node);
            }
            let mut grouped: BTreeSet<&str> = BTreeSet::new();
            // The largest first: no more than needed is hidden.
            let mut alike: Vec<_> = alike.into_iter().collect();
            alike.sort_by_key(|(key, members)| (std::cmp::Reverse(members.len()), key.clone()));
            for ((kind, what, _), mut members) in alike {
                if members.len() < LEAST || drawn <= room {
                    continue;
                }
                // With the same kinds of edges alone they are not really alike: as many as must be, those
                // with the fewest neighbours.
                if round == 2 {
                    let neighbours = |node: &Node| {
                        let count = |side: &Ends| side.get(node.id.as_str()).map_or(0, BTreeSet::len);
                        count(&out) + count(&into)
                    };
                    members.sort_by_key(|node| (neighbours(node), node.name.to_lowercase(), node.id.clone()));
                    members.truncate((drawn - room + 1).max(LEAST));
                    members.sort_by_key(|node| node.id.as_str());
                }
                drawn -= members.len() - 1;
                grouped.extend(members.iter().map(|node| node.id.as_str()));
                groups.push(Group {
                    id: format!("group:{}", members[0].id),
                    kind,
                    lane,
                    name: format!("{} {}", members.len(), plural(kind, &what)),
                    members: members.iter().map(|node| node.id.clone()).collect(),
                });
            }
            single.retain(|node| !grouped.contains(node.id.as_str()));
        }
    }
    groups.sort_by(|a, b| (a.lane, a.kind, &a.id).cmp(&(b.lane, b.kind, &b.id)));
    groups
}

fn plural(kind: NodeKind, what: &str) -> String {
    match kind {
        NodeKind::Caller => "outside callers".to_owned(),
        NodeKind::Api => "inbound APIs".to_owned(),
        NodeKind::Trigger => "triggers".to_owned(),
        NodeKind::Flow if what.is_empty() || what.contains(',') => "flows".to_owned(),
        NodeKind::Flow if what.ends_with('s') => format!("{what}es"),
        NodeKind::Flow => format!("{what}s"),
        NodeKind::Workflow => "workflows".to_owned(),
        NodeKind::Page => "page controllers".to_owned(),
        NodeKind::Schedule => "scheduled classes".to_owned(),
        NodeKind::Action => "flow actions".to_owned(),
        NodeKind::Job => "jobs".to_owned(),
        NodeKind::Class => "classes".to_owned(),
        NodeKind::Event => "platform events".to_owned(),
        NodeKind::ChangeEvent => "change events".to_owned(),
        NodeKind::Channel => "channels".to_owned(),
        NodeKind::ExternalObject => "external objects".to_owned(),
        NodeKind::System => "external systems".to_owned(),
    }
}

/// A map with its groups drawn as one box each.
pub struct View<'a> {
    pub map: &'a Map,
    pub boxes: Vec<Box<'a>>,
    pub arrows: Vec<Arrow>,
}

/// A node, or a group of them.
pub struct Box<'a> {
    pub kind: NodeKind,
    pub lane: Lane,
    pub name: &'a str,
    pub detail: String,
    /// The worst of its own findings, and how many there are.
    pub findings: Findings,
}

/// An edge, or all of a kind between two boxes.
pub struct Arrow {
    /// Indexes of boxes.
    pub from: usize,
    pub to: usize,
    pub kind: EdgeKind,
    pub findings: Findings,
}

#[derive(Clone, Debug, Default)]
pub struct Findings {
    pub worst: Option<Severity>,
    ids: BTreeSet<usize>,
}

impl Findings {
    pub fn count(&self) -> usize {
        self.ids.len()
    }

    fn add(&mut self, map: &Map, findings: &[usize]) {
        for &index in findings {
            self.worst = self.worst.max(Some(map.findings[index].severity));
            self.ids.insert(index);
        }
    }

    /// "2 errors", "1 warning and 3 more"; empty where there are none.
    pub fn words(&self, map: &Map) -> String {
        let Some(worst) = self.worst else { return String::new() };
        let of_worst = self.ids.iter().filter(|&&id| map.findings[id].severity == worst).count();
        let plural = if of_worst == 1 { "" } else { "s" };
        match self.count() - of_worst {
            0 => format!("{of_worst} {worst}{plural}"),
            more => format!("{of_worst} {worst}{plural} and {more} more"),
        }
    }
}

impl View<'_> {
    /// Draws groups as one box each, or with `whole` each node by itself.
    pub fn of(map: &Map, whole: bool) -> View<'_> {
        let mut boxes: Vec<Box> = Vec::new();
        let mut box_of: BTreeMap<&str, usize> = BTreeMap::new();
        let group_of: BTreeMap<&str, &Group> = map
            .groups
            .iter()
            .filter(|_| !whole)
            .flat_map(|group| group.members.iter().map(move |id| (id.as_str(), group)))
            .collect();
        for node in &map.nodes {
            let (key, name, detail) = match group_of.get(node.id.as_str()) {
                Some(group) => (group.id.as_str(), group.name.as_str(), examples(map, group)),
                None => (node.id.as_str(), node.name.as_str(), node.detail.clone()),
            };
            let index = *box_of.entry(key).or_insert_with(|| {
                boxes.push(Box {
                    kind: node.kind,
                    lane: node.lane,
                    name,
                    detail,
                    findings: Findings::default(),
                });
                boxes.len() - 1
            });
            boxes[index].findings.add(map, &node.findings);
            box_of.insert(&node.id, index);
        }
        let mut arrows: BTreeMap<(usize, usize, EdgeKind), Findings> = BTreeMap::new();
        for edge in &map.edges {
            let (Some(&from), Some(&to)) = (box_of.get(edge.from.as_str()), box_of.get(edge.to.as_str()))
            else {
                continue;
            };
            arrows.entry((from, to, edge.kind)).or_default().add(map, &edge.findings);
        }
        let arrows = arrows
            .into_iter()
            .map(|((from, to, kind), findings)| Arrow { from, to, kind, findings })
            .collect();
        View { map, boxes, arrows }
    }

    /// The boxes of each lane that has some, with their indexes.
    pub fn lanes(&self) -> impl Iterator<Item = (Lane, Vec<(usize, &Box<'_>)>)> {
        Lane::iter().filter_map(|lane| {
            let boxes: Vec<_> = self.boxes.iter().enumerate().filter(|(_, one)| one.lane == lane).collect();
            (!boxes.is_empty()).then_some((lane, boxes))
        })
    }
}

/// "Refund, Return, …"
fn examples(map: &Map, group: &Group) -> String {
    let names: Vec<&str> = group
        .members
        .iter()
        .take(2)
        .filter_map(|id| map.nodes.iter().find(|node| node.id == *id))
        .map(|node| node.name.as_str())
        .collect();
    format!("{}, …", names.join(", "))
}
