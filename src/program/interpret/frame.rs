//! The state of one body while it is interpreted.

use rustc_hash::FxHashMap;

use crate::apex::unit::{ExprId, Unit};
use crate::name::Name;
use crate::span::Location;

use super::super::flow::Slot;
use super::super::model::{Decided, Guards, NodeId, NodeSizes, Step};
use super::super::size::Size;
use super::super::symbols::{ClassId, MethodId};
use super::super::types::Ty;
use super::super::value::{AsyncContext, Context, Deps, EventContext, Known, Receiver, Slots, Value};
use super::{Entry, Linker};

/// A local variable, or a field of `this` that was assigned in this body.
#[derive(Clone, Debug)]
pub struct Variable {
    pub name: Name,
    pub value: Value,
    /// Counts assignments, so that "the same expression" means the same value.
    pub version: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Var {
    Local(usize),
    Field(usize),
}

pub struct Frame<'u> {
    pub node: NodeId,
    pub method: Option<MethodId>,
    pub unit: u32,
    pub class: Option<ClassId>,
    pub context: Context,
    pub deps: Deps,
    pub symbol: String,
    pub(super) locals: Vec<Variable>,
    fields: Vec<Variable>,
    /// Overwritten variables, newest last.
    journal: Vec<(Var, Variable)>,
    steps: Vec<Vec<Step>>,
    result: Option<Value>,
    /// Tested expressions and their values, by a text form that includes variable versions.
    pub subjects: FxHashMap<String, u32>,
    pub subject_variables: Vec<Vec<Var>>,
    /// Inside the arguments of `System.debug`: reads there check nothing.
    pub in_debug: bool,
    /// A loop's body is walked once more to see whether it fills what is empty.
    pub probing: bool,
    /// The variables set during that.
    pub probed: Vec<Var>,
    /// How many local variables there were when the innermost loop began.
    pub loop_start: usize,
    /// The conditions around the current place.
    pub under: Vec<Guards>,
    /// Inside a `catch` clause: whether it ends by throwing.
    pub catching: Vec<bool>,
    /// Classes whose static initialiser this body has run already.
    pub touched: Vec<ClassId>,
    /// The conditions whose value the context fixes.
    pub decided: Vec<Decided>,
    pub sizes: NodeSizes,
    /// Parameters, by their index, that were given another value.
    pub reassigned: Vec<usize>,
    next_version: u32,
    _unit: std::marker::PhantomData<&'u Unit>,
}

impl<'u> Frame<'u> {
    pub fn new(linker: &mut Linker<'u>, node: NodeId, method: MethodId, context: Context) -> Frame<'u> {
        let symbols = linker.symbols;
        let declared = symbols.method(method);
        let mut frame = Frame::empty(node, declared.unit, declared.class);
        frame.method = Some(method);
        frame.symbol = declared.symbol.clone();
        for (index, (name, ty)) in declared.params.iter().enumerate() {
            let slot = linker.flow.slot(Slot::Param(method, index as u32), None);
            let known = context.args.get(index).cloned().unwrap_or(Known::Nothing);
            frame.declare(
                *name,
                Value {
                    deps: Deps::param(index),
                    slots: Slots::one(slot),
                    size: Size::Param(index as u32),
                    ..Value::known(known, ty.clone())
                },
            );
        }
        frame.context = context;
        frame
    }

    /// For a field's initialiser: no context, its steps are dropped.
    pub fn for_initialiser(node: NodeId, unit: u32, class: ClassId) -> Frame<'u> {
        Frame::empty(node, unit, Some(class))
    }

    /// For a flow, which has no Apex of its own: nothing is evaluated in it.
    pub fn for_flow(node: NodeId, name: &str, context: Context) -> Frame<'u> {
        Frame { symbol: name.to_owned(), context, ..Frame::empty(node, 0, None) }
    }

    fn empty(node: NodeId, unit: u32, class: Option<ClassId>) -> Frame<'u> {
        Frame {
            node,
            method: None,
            unit,
            class,
            context: Context {
                event: EventContext::Unknown,
                job: AsyncContext::Unknown,
                receiver: Receiver::None,
                args: Vec::new(),
                bypassed: Vec::new(),
            },
            deps: Deps::NONE,
            symbol: String::new(),
            locals: Vec::new(),
            fields: Vec::new(),
            journal: Vec::new(),
            steps: vec![Vec::new()],
            result: None,
            subjects: FxHashMap::default(),
            subject_variables: Vec::new(),
            in_debug: false,
            loop_start: 0,
            probing: false,
            probed: Vec::new(),
            under: Vec::new(),
            catching: Vec::new(),
            touched: Vec::new(),
            decided: Vec::new(),
            sizes: NodeSizes::default(),
            reassigned: Vec::new(),
            next_version: 0,
            _unit: std::marker::PhantomData,
        }
    }

    pub fn finish(mut self, linker: &Linker<'u>, diverges: bool) -> (Vec<Step>, Entry) {
        let mut fields: Vec<(Name, Known)> = Vec::new();
        for variable in &self.fields {
            // One that is not known any more must hide what the caller knew of it.
            let known = Some(&variable.value.known).filter(|known| matters_in_field(known));
            if known.is_some() {
                self.deps.add(variable.value.deps);
            }
            fields.push((variable.name, known.cloned().unwrap_or(Known::Nothing)));
        }
        fields.sort_by_key(|(name, _)| *name);
        let returns = self.method.map_or(Ty::Void, |method| linker.symbols.method(method).returns.clone());
        let never_returns = diverges && self.result.is_none();
        let mut result = self.result.unwrap_or_else(|| Value::of(returns.clone()));
        self.deps.add(if result.known.is_known() { result.deps } else { result.deps.of_transaction() });
        if !matches!(returns, Ty::Unknown) {
            result.ty = returns;
        }
        let steps = self.steps.pop().unwrap_or_default();
        let entry = Entry {
            context: self.context,
            deps: self.deps,
            done: true,
            result,
            fields,
            grown: Vec::new(),
            diverges: never_returns,
        };
        (steps, entry)
    }

    pub fn at(&self, linker: &Linker<'u>, expr: ExprId) -> Location {
        let unit = linker.symbols.unit(self.unit);
        Location { file: unit.file, span: unit.span(expr) }
    }

    /// Whether a condition on the data is around the current place.
    pub fn filters(&self) -> bool {
        self.under.iter().any(|guards| guards.has_any(Guards::FILTER))
    }

    // Steps

    pub fn emit(&mut self, step: Step) {
        self.steps.last_mut().expect("a frame always has an open list").push(step);
    }

    pub fn open(&mut self) {
        self.steps.push(Vec::new());
    }

    pub fn close(&mut self) -> Vec<Step> {
        self.steps.pop().expect("opened before")
    }

    // Variables

    pub fn mark(&self) -> usize {
        self.locals.len()
    }

    /// Forgets the variables declared since `mark`.
    pub fn leave_scope(&mut self, mark: usize) {
        self.locals.truncate(mark);
    }

    pub fn declare(&mut self, name: Name, value: Value) {
        self.next_version += 1;
        self.locals.push(Variable { name, value, version: self.next_version });
    }

    pub fn local(&self, name: Name) -> Option<Var> {
        self.locals.iter().rposition(|variable| variable.name == name).map(Var::Local)
    }

    /// A field of `this` that this body assigned.
    pub fn this_field(&self, name: Name) -> Option<Var> {
        self.fields.iter().position(|variable| variable.name == name).map(Var::Field)
    }

    pub fn variable(&self, var: Var) -> &Variable {
        match var {
            Var::Local(index) => &self.locals[index],
            Var::Field(index) => &self.fields[index],
        }
    }

    fn slot_of(&mut self, var: Var) -> Option<&mut Variable> {
        match var {
            Var::Local(index) => self.locals.get_mut(index),
            Var::Field(index) => self.fields.get_mut(index),
        }
    }

    pub fn set(&mut self, var: Var, value: Value) {
        self.next_version += 1;
        let version = self.next_version;
        if self.probing {
            self.probed.push(var);
        }
        let Some(variable) = self.slot_of(var) else { return };
        let before = variable.clone();
        variable.value = value;
        variable.version = version;
        self.journal.push((var, before));
    }

    /// Only what is known of its size changes: it is still the same value.
    pub fn resize(&mut self, var: Var, size: Size) {
        let Some(variable) = self.slot_of(var) else { return };
        if variable.value.size == size {
            return;
        }
        let before = variable.clone();
        variable.value.size = size;
        self.journal.push((var, before));
    }

    /// Assigns a field of `this`; `before` is what it held, if this is the first assignment here.
    pub fn set_field(&mut self, name: Name, mut value: Value, before: Value) {
        // What a field holds may be filled by any method of the object.
        if matches!(value.known, Known::Sized(_)) {
            value.known = Known::Nothing;
        }
        value.size = Size::Unknown;
        let var = self.this_field(name).unwrap_or_else(|| {
            self.fields.push(Variable { name, value: before, version: 0 });
            Var::Field(self.fields.len() - 1)
        });
        self.set(var, value);
    }

    /// Where the journal stands, to come back to.
    pub fn checkpoint(&self) -> usize {
        self.journal.len()
    }

    /// Undoes all assignments since the checkpoint and gives the values they had led to.
    pub fn roll_back(&mut self, checkpoint: usize) -> Vec<(Var, Value)> {
        let mut reached: Vec<(Var, Value)> = Vec::new();
        while self.journal.len() > checkpoint {
            let (var, before) = self.journal.pop().expect("longer than the checkpoint");
            let Some(variable) = self.slot_of(var) else { continue };
            let now = std::mem::replace(variable, before);
            if !reached.iter().any(|(known, _)| *known == var) {
                reached.push((var, now.value));
            }
        }
        reached
    }

    /// After exclusive arms: each variable may have the value of any arm.
    pub fn merge(&mut self, arms: Vec<Vec<(Var, Value)>>) {
        let mut assigned: Vec<Var> = arms.iter().flatten().map(|(var, _)| *var).collect();
        assigned.sort_unstable();
        assigned.dedup();
        for var in assigned {
            let Some(before) = self.slot_of(var).map(|variable| variable.value.clone()) else { continue };
            let joined = arms
                .iter()
                .map(|arm| arm.iter().find(|(known, _)| *known == var).map_or(&before, |(_, value)| value))
                .fold(None::<Value>, |joined, value| {
                    Some(joined.map_or_else(|| value.clone(), |joined| joined.join(value)))
                });
            if let Some(value) = joined {
                self.set(var, value);
            }
        }
    }

    pub fn returned(&mut self, value: Value) {
        self.result = Some(value.or(self.result.take()));
    }
}

/// Values worth keeping of an object's fields: they decide where calls go.
pub(super) fn matters_in_field(known: &Known) -> bool {
    matches!(
        known,
        Known::Object(_)
            | Known::Type(_)
            | Known::SObjectType(_)
            | Known::Constant(_)
            | Known::Bool(_)
            | Known::Map(_)
    )
}

impl<'u> Frame<'u> {
    /// What this body has assigned to fields of `this` so far.
    pub fn assigned_fields(&self) -> Vec<(Name, Known)> {
        self.fields.iter().map(|variable| (variable.name, variable.value.known.clone())).collect()
    }
}
