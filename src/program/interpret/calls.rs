//! Calls: which methods they may enter, and in which context.

use crate::apex::unit::{Expr, ExprId, ExprList};
use crate::name::Name;
use crate::span::Location;

use super::super::flow::{Slot, SlotFacts, SlotId};
use super::super::model::{Bound, Effect, How, NodeId, Site};
use super::super::size::Size;
use super::super::symbols::{Body, ClassId, MethodId};
use super::super::types::Ty;
use super::super::value::{Context, Deps, Known, Receiver, Slots, Value};
use super::expressions::Target;
use super::{Frame, Linker};

/// A virtual call with more possible receivers than this is not told apart by receiver.
const MAX_RECEIVERS: usize = 6;

/// Parts of the context that a callee has from its caller.
const PASSED_ON: Deps = Deps(Deps::EVENT.0 | Deps::ASYNC.0 | Deps::BYPASS.0);

/// Methods after which the size of a collection is not known any more.
pub(super) fn grows_collection(name: Name) -> bool {
    matches!(name.folded(), "add" | "addall" | "put" | "putall") || shrinks_collection(name)
}

/// Methods that take elements out of a collection.
pub(super) fn shrinks_collection(name: Name) -> bool {
    matches!(name.folded(), "clear" | "remove" | "removeall" | "retainall")
}

impl<'u> Linker<'u> {
    /// The value of a call, and whether it never comes back.
    pub(super) fn call(
        &mut self,
        frame: &mut Frame<'u>,
        id: ExprId,
        object: Option<ExprId>,
        name: Name,
        args: ExprList,
        used: bool,
    ) -> (Value, bool) {
        let unit = self.symbols.unit(frame.unit);
        let at = frame.at(self, id);
        let arg_ids = unit.list(args);
        if object.is_none() && (name.is("this") || name.is("super")) {
            let values: Vec<Value> = arg_ids.iter().map(|&arg| self.eval(frame, arg)).collect();
            self.chained_constructor(frame, at, name.is("super"), &values);
            return (Value::of(Ty::Void), false);
        }
        if let (true, Some(ids), [_]) = (name.is("get"), object, arg_ids)
            && self.is_record_ids(frame, ids)
        {
            self.record_ids(frame, id, "first");
            return (Value::of(Ty::named("String")), false);
        }
        let is_super = object.is_some_and(|object| matches!(unit.expr(object), Expr::Super));
        let target = object.map(|object| self.target(frame, object));
        let debug =
            matches!(&target, Some(Target::Platform(owner)) if owner.is("system") && name.is("debug"));
        let was_debug = frame.in_debug;
        frame.in_debug |= debug;
        let values: Vec<Value> = arg_ids.iter().map(|&arg| self.eval(frame, arg)).collect();
        arg_ids.iter().for_each(|&arg| self.passed_on(frame, arg));
        frame.in_debug = was_debug;
        if debug {
            return (Value::of(Ty::Void), false);
        }
        if let Some(owner) = self.owner_name(frame, target.as_ref())
            && let Some(value) = self.framework_call(frame, at, owner, name, &values)
        {
            return (value, false);
        }
        let outcome = self.dispatch(frame, id, object, target, is_super, name, &values, used);
        self.args_grew(frame, at, arg_ids);
        outcome
    }

    #[allow(clippy::too_many_arguments)]
    fn dispatch(
        &mut self,
        frame: &mut Frame<'u>,
        id: ExprId,
        object: Option<ExprId>,
        target: Option<Target>,
        is_super: bool,
        name: Name,
        values: &[Value],
        used: bool,
    ) -> (Value, bool) {
        let at = frame.at(self, id);
        match target {
            None => self.own_call(frame, id, at, name, values),
            Some(Target::Class(class)) => self.static_call(frame, id, at, class, name, values),
            Some(Target::Platform(owner)) => {
                (self.platform_static(frame, id, at, owner, name, values, used), false)
            }
            Some(Target::Value(_)) if is_super => self.super_call(frame, at, name, values),
            Some(Target::Value(receiver)) => {
                let object = object.expect("a value stands before the dot");
                if grows_collection(name) && receiver.ty.is_collection() {
                    self.collection_changed(frame, object, &receiver, name, values);
                }
                self.instance_call(frame, id, at, object, receiver, name, values)
            }
        }
    }

    /// What the call that was just made has added to collections among its arguments.
    fn args_grew(&mut self, frame: &mut Frame<'u>, at: Location, args: &[ExprId]) {
        let Some((_, grown)) = self.grown.take().filter(|(call, _)| *call == at) else { return };
        let unit = self.symbols.unit(frame.unit);
        for (param, size) in grown {
            if let Some(&arg) = args.get(param as usize)
                && let Expr::Name(name) = unit.expr(arg)
                && let Some(var) = frame.local(*name)
                && frame.variable(var).value.ty.is_collection()
            {
                frame.resize(var, size);
            }
        }
    }

    /// The class that a call goes to by name, for the frameworks that are known by name.
    fn owner_name(&self, frame: &Frame<'u>, target: Option<&Target>) -> Option<Name> {
        match target {
            None => frame.class.map(|class| self.symbols.class(class).name),
            Some(Target::Class(class)) => Some(self.symbols.class(*class).name),
            Some(Target::Platform(name)) => Some(*name),
            Some(Target::Value(value)) => match (&value.known, &value.ty) {
                (Known::Object(object), _) => Some(self.symbols.class(self.objects.get(*object).class).name),
                (_, Ty::Class(class)) => Some(self.symbols.class(*class).name),
                (_, Ty::Platform(name)) => Some(*name),
                _ => None,
            },
        }
    }

    /// `m(…)`: a method of the own class, an ancestor or an outer class.
    fn own_call(
        &mut self,
        frame: &mut Frame<'u>,
        id: ExprId,
        at: Location,
        name: Name,
        args: &[Value],
    ) -> (Value, bool) {
        let mut scope = frame.class;
        let mut is_own = true;
        while let Some(class) = scope {
            let candidates = self.symbols.methods_named(class, name);
            if let Some(method) = self.select(&candidates, args) {
                let declared = self.symbols.method(method);
                if declared.is_static {
                    if !is_own {
                        self.touch_static(frame, id, class);
                    }
                    return self.call_method(frame, at, &[(method, Receiver::None)], How::Declared, args);
                }
                let receiver = self.receiver_for(frame, false, None);
                if is_own {
                    return self.virtual_call(frame, at, receiver, class, name, args);
                }
            }
            is_own = false;
            scope = self.symbols.class(class).outer;
        }
        if frame.class.is_none() {
            // A method declared inside the trigger's body.
            let own: Vec<MethodId> = (0..self.symbols.methods.len() as u32)
                .map(MethodId)
                .skip(frame.method.map_or(0, |method| method.0 as usize + 1))
                .take(64)
                .filter(|&method| {
                    let declared = self.symbols.method(method);
                    declared.unit == frame.unit
                        && matches!(declared.body, Body::TriggerMethod { .. })
                        && declared.name == name
                })
                .collect();
            if let Some(method) = self.select(&own, args) {
                return self.call_method(frame, at, &[(method, Receiver::None)], How::Declared, args);
            }
        }
        (self.unresolved(at, None, name, args), false)
    }

    fn static_call(
        &mut self,
        frame: &mut Frame<'u>,
        id: ExprId,
        at: Location,
        class: ClassId,
        name: Name,
        args: &[Value],
    ) -> (Value, bool) {
        let candidates = self.symbols.methods_named(class, name);
        let Some(method) = self.select(&candidates, args) else {
            let decl = self.symbols.decl(class);
            if decl.kind == crate::apex::unit::TypeKind::Enum {
                let ty = if name.is("values") { Ty::list(Ty::Class(class)) } else { Ty::Class(class) };
                return (Value::of(ty), false);
            }
            return (self.unresolved(at, Some(self.symbols.class(class).name), name, args), false);
        };
        self.touch_static(frame, id, class);
        let receiver = if self.symbols.method(method).is_static {
            Receiver::None
        } else {
            self.receiver_for(frame, false, None)
        };
        self.call_method(frame, at, &[(method, receiver)], How::Declared, args)
    }

    fn super_call(
        &mut self,
        frame: &mut Frame<'u>,
        at: Location,
        name: Name,
        args: &[Value],
    ) -> (Value, bool) {
        let parent = frame.class.and_then(|class| self.symbols.class(class).superclass);
        let Some(parent) = parent else { return (self.unresolved(at, None, name, args), false) };
        let candidates = self.symbols.methods_named(parent, name);
        let Some(method) = self.select(&candidates, args) else {
            return (self.unresolved(at, Some(self.symbols.class(parent).name), name, args), false);
        };
        let receiver = self.receiver_for(frame, false, None);
        self.call_on_this(frame, at, method, receiver, How::Declared, args)
    }

    #[allow(clippy::too_many_arguments)]
    fn instance_call(
        &mut self,
        frame: &mut Frame<'u>,
        id: ExprId,
        at: Location,
        object: ExprId,
        receiver: Value,
        name: Name,
        args: &[Value],
    ) -> (Value, bool) {
        let unit = self.symbols.unit(frame.unit);
        let is_this = matches!(unit.expr(object), Expr::This);
        if is_this {
            if let Some(class) = frame.class {
                let receiver = self.receiver_for(frame, false, None);
                return self.virtual_call(frame, at, receiver, class, name, args);
            }
            return (self.unresolved(at, None, name, args), false);
        }
        match (&receiver.known, &receiver.ty) {
            // Nothing is called on `null` (`handler?.run()`).
            (Known::Null, Ty::Class(_)) => {
                frame.deps.add(receiver.deps);
                (Value::known(Known::Null, Ty::Unknown), false)
            }
            (Known::Object(exact), _) => {
                let exact = *exact;
                let class = self.objects.get(exact).class;
                frame.deps.add(receiver.deps);
                if self.is_soap_stub(class) {
                    for slot in receiver.slots.iter() {
                        self.flow.note(slot, SlotFacts::SENT);
                    }
                }
                let candidates = self.symbols.methods_named(class, name);
                match self.select(&candidates, args) {
                    Some(method) => {
                        let (value, nodes, diverges) = self.call_nodes_full(
                            frame,
                            at,
                            &[(method, Receiver::Exact(exact))],
                            How::Created,
                            args,
                            receiver.deps,
                        );
                        self.object_changed(frame, object, exact, &nodes);
                        (value, diverges)
                    }
                    None => {
                        let value = self.platform_instance(frame, id, at, &receiver, name, args);
                        (value, false)
                    }
                }
            }
            (_, Ty::Class(class)) => {
                let class = *class;
                if self.is_soap_stub(class) {
                    for slot in receiver.slots.iter() {
                        self.flow.note(slot, SlotFacts::SENT);
                    }
                }
                if self.symbols.methods_named(class, name).is_empty() {
                    let value = self.platform_instance(frame, id, at, &receiver, name, args);
                    return (value, false);
                }
                self.virtual_call(frame, at, Receiver::Below(class), class, name, args)
            }
            _ => (self.platform_instance(frame, id, at, &receiver, name, args), false),
        }
    }

    /// A call whose receiver is `receiver`, seen as a `class`.
    fn virtual_call(
        &mut self,
        frame: &mut Frame<'u>,
        at: Location,
        receiver: Receiver,
        class: ClassId,
        name: Name,
        args: &[Value],
    ) -> (Value, bool) {
        if let Receiver::Exact(object) = receiver {
            let actual = self.objects.get(object).class;
            frame.deps.add(Deps::THIS);
            let candidates = self.symbols.methods_named(actual, name);
            return match self.select(&candidates, args) {
                Some(method) => self.call_on_this(frame, at, method, receiver, How::Created, args),
                None => (self.unresolved(at, Some(self.symbols.class(actual).name), name, args), false),
            };
        }
        let below = match receiver {
            // `this` is at or below the node's receiver class, which may be more than `class` says.
            Receiver::Below(known) if self.symbols.is_subtype(known, class) => known,
            _ => class,
        };
        let candidates = self.symbols.methods_named(below, name);
        let Some(method) = self.select(&candidates, args) else {
            return (self.unresolved(at, Some(self.symbols.class(below).name), name, args), false);
        };
        let declared = self.symbols.method(method);
        if declared.is_static {
            return self.call_method(frame, at, &[(method, Receiver::None)], How::Declared, args);
        }
        if !self.symbols.is_open(below) {
            let receiver = Receiver::Exact(self.plain_object(below));
            return self.call_method(frame, at, &[(method, receiver)], How::Declared, args);
        }
        let mut receivers = self.symbols.concrete_subtypes(below);
        let is_made = |class: ClassId| self.symbols.class(class).instantiated;
        let may_be_made = |class: ClassId| is_made(class) || self.symbols.class(class).reflected;
        if receivers.iter().any(|&class| may_be_made(class)) {
            receivers.retain(|&class| may_be_made(class));
        }
        let mut targets: Vec<(MethodId, ClassId)> = Vec::new();
        for class in receivers {
            let candidates = self.symbols.methods_named(class, name);
            if let Some(method) = self.select(&candidates, args) {
                targets.push((method, class));
            }
        }
        let mut methods: Vec<MethodId> = targets.iter().map(|(method, _)| *method).collect();
        methods.sort();
        methods.dedup();
        if methods.is_empty() {
            return (self.unresolved(at, Some(self.symbols.class(below).name), name, args), false);
        }
        let guessed = targets.iter().any(|&(_, class)| !is_made(class) && may_be_made(class));
        let count = u8::try_from(methods.len()).unwrap_or(u8::MAX);
        let how = if guessed { How::Named(count) } else { How::Subclasses(count) };
        let targets: Vec<(MethodId, Receiver)> = if targets.len() <= MAX_RECEIVERS {
            targets
                .into_iter()
                .map(|(method, class)| (method, Receiver::Exact(self.plain_object(class))))
                .collect()
        } else {
            methods
                .into_iter()
                .map(|method| {
                    let own = self.symbols.method(method).class.unwrap_or(below);
                    let at = if self.symbols.is_subtype(own, below) { own } else { below };
                    (method, Receiver::Below(at))
                })
                .collect()
        };
        self.call_method(frame, at, &targets, how, args)
    }

    fn chained_constructor(&mut self, frame: &mut Frame<'u>, at: Location, to_super: bool, args: &[Value]) {
        let class = if to_super {
            frame.class.and_then(|class| self.symbols.class(class).superclass)
        } else {
            frame.class
        };
        let Some(class) = class else { return };
        let constructors = self.symbols.class(class).constructors.clone();
        if let Some(constructor) = self.select(&constructors, args)
            && Some(constructor) != frame.method
        {
            let receiver = self.receiver_for(frame, false, None);
            self.call_on_this(frame, at, constructor, receiver, How::Declared, args);
        }
    }

    /// Calls a method on the own object and takes over what it assigned to its fields.
    pub(super) fn call_on_this(
        &mut self,
        frame: &mut Frame<'u>,
        at: Location,
        method: MethodId,
        receiver: Receiver,
        how: How,
        args: &[Value],
    ) -> (Value, bool) {
        let (value, nodes, diverges) =
            self.call_nodes_full(frame, at, &[(method, receiver)], how, args, Deps::THIS);
        if let [node] = nodes.as_slice() {
            let fields = self.entries[node.0 as usize].fields.clone();
            for (name, known) in fields {
                frame.set_field(name, Value::known(known, Ty::Unknown), Value::unknown());
            }
        }
        (value, diverges)
    }

    /// `x.m()` may have assigned fields of `x`.
    fn object_changed(
        &mut self,
        frame: &mut Frame<'u>,
        object: ExprId,
        exact: super::ObjectId,
        nodes: &[NodeId],
    ) {
        let unit = self.symbols.unit(frame.unit);
        let (Expr::Name(name), [node]) = (unit.expr(object), nodes) else { return };
        let fields = self.entries[node.0 as usize].fields.clone();
        if fields.is_empty() {
            return;
        }
        if let Some(var) = frame.local(*name) {
            let changed = self.with_fields(exact, fields);
            let value = Value { known: Known::Object(changed), ..frame.variable(var).value.clone() };
            frame.set(var, value);
        }
    }

    /// A collection that other code gets may be filled there.
    fn passed_on(&mut self, frame: &mut Frame<'u>, arg: ExprId) {
        let unit = self.symbols.unit(frame.unit);
        if let Expr::Name(name) = unit.expr(arg)
            && let Some(var) = frame.local(*name)
            && is_empty(&frame.variable(var).value.known)
        {
            self.forget(frame, &[var]);
        }
    }

    /// `x.add(…)` and its like: what is put in flows on with the collection, and its size changes. In a
    /// loop nothing is known of the size any more before this.
    fn collection_changed(
        &mut self,
        frame: &mut Frame<'u>,
        object: ExprId,
        receiver: &Value,
        name: Name,
        args: &[Value],
    ) {
        let one_more = name.is("add") && args.len() == 1;
        let size = self.size_after(receiver, name, args);
        let unit = self.symbols.unit(frame.unit);
        let is_message = super::expressions::is_message(&receiver.ty);
        let mut put = args.iter().fold(Slots::none(), |all, arg| all.union(&arg.slots));
        if frame.filters() && !put.is_empty() {
            put = self.filtered(frame, object, &put);
        }
        let slots = if is_message {
            self.put_into_message(frame, object, receiver, args);
            receiver.slots.clone()
        } else {
            receiver.slots.union(&put)
        };
        let is_event = |ty: &Ty| match ty {
            Ty::Class(_) => false,
            ty => ty.record_type().is_some_and(|object| object.folded().ends_with("__e")),
        };
        if !put.is_empty() && (is_event(&receiver.ty) || args.iter().any(|arg| is_event(&arg.ty))) {
            self.puts.push((receiver.slots.iter().collect(), put.iter().collect()));
        }
        let field = match unit.expr(object) {
            Expr::Name(name) if frame.local(*name).is_none() => Some(*name),
            Expr::Field { name, .. } => Some(*name),
            _ => None,
        };
        if let (Some(class), Some(name)) = (frame.class, field)
            && let Some(field) = self.symbols.field_named(class, name)
        {
            self.note_size(field, &Known::Nothing);
            let into = self.flow.slot(Slot::Field(field), None);
            args.iter().for_each(|arg| self.flow.arrives(arg, into));
        }
        if let Expr::Name(name) = unit.expr(object)
            && let Some(var) = frame.local(*name)
        {
            let before = frame.variable(var).value.clone();
            let known = match before.known {
                Known::Sized(Bound::Constant(size)) if one_more => Known::Sized(Bound::Constant(size + 1)),
                _ => Known::Nothing,
            };
            frame.set(var, Value { known, slots, size, ..before });
        }
    }

    /// What is put into a message goes on with it, wherever it is passed.
    pub(super) fn put_into_message(
        &mut self,
        frame: &Frame<'u>,
        object: ExprId,
        receiver: &Value,
        args: &[Value],
    ) {
        let parts: Vec<Value> = args
            .iter()
            .map(|arg| match arg.ty {
                Ty::Platform(_) => arg.clone(),
                _ => Value { slots: self.serialized(frame, object, arg), ty: Ty::Unknown, ..arg.clone() },
            })
            .collect();
        self.put_into(receiver, &parts);
    }

    /// `parts` become part of what is in `holder`.
    pub(super) fn put_into(&mut self, holder: &Value, parts: &[Value]) {
        let mut elsewhere = Vec::new();
        for slot in holder.slots.iter() {
            if matches!(self.flow.kind(slot), Slot::Collection { .. }) {
                parts.iter().for_each(|part| self.flow.arrives(part, slot));
            } else {
                elsewhere.push(slot);
            }
        }
        if elsewhere.is_empty() {
            return;
        }
        if !parts.iter().all(Value::is_traced) {
            elsewhere.iter().for_each(|&slot| self.flow.note(slot, SlotFacts::UNTRACED));
        }
        let put: Vec<SlotId> = parts.iter().flat_map(|part| part.slots.iter()).collect();
        if !put.is_empty() {
            self.puts.push((elsewhere, put));
        }
    }

    /// The values in `slots`, of which the conditions around this place let only some through.
    pub(super) fn filtered(&mut self, frame: &Frame<'u>, expr: ExprId, slots: &Slots) -> Slots {
        let filtered = self.flow.slot(Slot::Filtered { unit: frame.unit, expr }, None);
        for slot in slots.iter() {
            self.flow.edge(slot, filtered);
        }
        Slots::one(filtered)
    }

    pub(in crate::program) fn call_method(
        &mut self,
        frame: &mut Frame<'u>,
        at: Location,
        targets: &[(MethodId, Receiver)],
        how: How,
        args: &[Value],
    ) -> (Value, bool) {
        let (value, _, diverges) = self.call_nodes_full(frame, at, targets, how, args, Deps::NONE);
        (value, diverges)
    }

    pub(in crate::program) fn call_nodes(
        &mut self,
        frame: &mut Frame<'u>,
        at: Location,
        targets: &[(MethodId, Receiver)],
        how: How,
        args: &[Value],
    ) -> (Value, Vec<NodeId>) {
        let (value, nodes, _) = self.call_nodes_full(frame, at, targets, how, args, Deps::NONE);
        (value, nodes)
    }

    /// Enters the targets: builds their nodes, lets arguments and results flow, takes over what they
    /// depend on. `receiver_deps` is what the receiver's identity came from.
    fn call_nodes_full(
        &mut self,
        frame: &mut Frame<'u>,
        at: Location,
        targets: &[(MethodId, Receiver)],
        how: How,
        args: &[Value],
        receiver_deps: Deps,
    ) -> (Value, Vec<NodeId>, bool) {
        let symbols = self.symbols;
        let mut nodes = Vec::new();
        let mut result: Option<Value> = None;
        let mut diverges = !targets.is_empty();
        let mut slots = if targets.is_empty() { Slots::default() } else { Slots::none() };
        // Of the result, and of the collections among the arguments that the callee adds to.
        let mut size: Option<Size> = None;
        let mut grown: Vec<(u32, Size)> = Vec::new();
        self.count_call(at, targets.len(), how);
        for &(method, receiver) in targets {
            let declared = symbols.method(method);
            self.called.insert(method);
            for (index, arg) in args.iter().enumerate().take(declared.params.len()) {
                if arg.slots.is_empty() && arg.is_traced() {
                    continue;
                }
                let param = self.flow.slot(Slot::Param(method, index as u32), None);
                self.flow.arrives(arg, param);
            }
            slots = slots.union(&Slots::one(self.flow.slot(Slot::Return(method), None)));
            if symbols.annotation(method, "future").is_some() {
                self.future_call(frame, at, method, args);
                diverges = false;
                result = Some(Value::of(Ty::Void));
                continue;
            }
            if declared.is_test || (symbols.block(method).is_none() && !is_initialiser(declared.body)) {
                // Abstract, or a test's helper: nothing to enter.
                diverges = false;
                let value = Value::of(declared.returns.clone());
                result = Some(value.or(result));
                continue;
            }
            let context = Context {
                event: frame.context.event,
                job: frame.context.job,
                receiver,
                args: declared
                    .params
                    .iter()
                    .enumerate()
                    .map(|(index, _)| match args.get(index) {
                        Some(arg) if arg.known.matters() => arg.known.clone(),
                        _ => Known::Nothing,
                    })
                    .collect(),
                bypassed: frame.context.bypassed.clone(),
            };
            let node = self.node(method, context);
            let entry = &self.entries[node.0 as usize];
            if entry.done {
                frame.deps.add(Deps(entry.deps.0 & PASSED_ON.0));
                if entry.deps.has(Deps::THIS) {
                    frame.deps.add(receiver_deps);
                }
                for (index, arg) in args.iter().enumerate() {
                    if entry.deps.has(Deps::param(index)) {
                        frame.deps.add(arg.deps);
                    }
                }
                diverges &= entry.diverges;
                let given = |size: &Size| given(size, args);
                let returned = given(&entry.result.count());
                size = Some(size.map_or(returned.clone(), |size| size.or(&returned)));
                grown.extend(entry.grown.iter().map(|(param, size)| (*param, given(size))));
                let value = Value {
                    deps: result_deps(entry.deps, args, receiver_deps),
                    decision: decides(symbols, &declared.returns),
                    ..entry.result.clone()
                };
                result = Some(value.or(result));
            } else {
                // Recursion: what the open node will depend on is not known yet.
                frame.deps.add(receiver_deps);
                frame.deps.add(PASSED_ON);
                for arg in args {
                    if arg.known.matters() {
                        frame.deps.add(arg.deps);
                    }
                }
                diverges = false;
                let value = Value::of(declared.returns.clone());
                result = Some(value.or(result));
                size = Some(Size::Unknown);
                grown.extend((0..args.len() as u32).map(|param| (param, Size::Unknown)));
            }
            nodes.push(node);
        }
        let sizes: Vec<Size> = args.iter().map(Value::count).collect();
        let is_known = sizes.iter().any(Size::is_known);
        self.emit_call(frame, at, nodes.clone(), how, if is_known { sizes.clone() } else { Vec::new() });
        self.grown = (!grown.is_empty()).then_some((at, grown));
        let mut value = result.unwrap_or_else(Value::unknown);
        if let Some(size) = size {
            value.size = size;
        }
        value.slots = slots;
        let diverges = diverges && !nodes.is_empty();
        (value, nodes, diverges)
    }

    fn future_call(&mut self, frame: &mut Frame<'u>, at: Location, method: MethodId, args: &[Value]) {
        let known = self.future_args.entry(method);
        let known = known.or_insert_with(|| args.iter().map(|arg| arg.known.clone()).collect());
        for (known, arg) in known.iter_mut().zip(args) {
            *known = match (&*known, &arg.known) {
                (Known::Sized(Bound::Constant(a)), Known::Sized(Bound::Constant(b))) => {
                    Known::Sized(Bound::Constant(*a.max(b)))
                }
                (a, b) => a.join(b),
            };
        }
        let symbol = self.symbols.method(method).symbol.clone();
        self.effect(frame, Effect::Future, at, |frame| Site {
            effect: Effect::Future,
            at,
            symbol: frame.symbol.clone(),
            label: format!("`@future` {symbol}"),
            object: Some(Name::new(&symbol)),
            operation: None,
            facts: Vec::new(),
        });
    }

    /// A call into code that is not here: its arguments may go anywhere.
    pub(super) fn unresolved(
        &mut self,
        at: Location,
        receiver: Option<Name>,
        name: Name,
        args: &[Value],
    ) -> Value {
        self.count_unseen(at, receiver, name);
        for arg in args {
            for slot in arg.slots.iter() {
                self.flow.note(slot, SlotFacts::ESCAPES);
            }
        }
        Value::unknown()
    }

    /// The best overload for these arguments; `None` where no arity fits.
    pub(super) fn select(&self, candidates: &[MethodId], args: &[Value]) -> Option<MethodId> {
        let mut best: Option<(i32, MethodId)> = None;
        for &method in candidates {
            let declared = self.symbols.method(method);
            if declared.params.len() != args.len() {
                continue;
            }
            let score: i32 =
                declared.params.iter().zip(args).map(|((_, param), arg)| self.fit(param, arg)).sum();
            if best.is_none_or(|(known, _)| score > known) {
                best = Some((score, method));
            }
        }
        best.map(|(_, method)| method)
    }

    fn fit(&self, param: &Ty, arg: &Value) -> i32 {
        if matches!(arg.known, Known::Null) && matches!(arg.ty, Ty::Unknown) {
            return 2;
        }
        let actual = match &arg.known {
            Known::Object(object) => Ty::Class(self.objects.get(*object).class),
            _ => arg.ty.clone(),
        };
        self.type_fit(param, &actual)
    }

    fn type_fit(&self, param: &Ty, actual: &Ty) -> i32 {
        if param == actual {
            return 8;
        }
        match (param, actual) {
            (_, Ty::Unknown) | (Ty::Unknown, _) => 3,
            (Ty::Class(param), Ty::Class(actual)) if self.symbols.is_subtype(*actual, *param) => 6,
            (Ty::Class(_), Ty::Class(_)) => -20,
            (Ty::Platform(name), _) if name.is("object") => 1,
            (Ty::Platform(param), Ty::Platform(actual)) => {
                let numeric = |name: Name| matches!(name.folded(), "integer" | "long" | "double" | "decimal");
                let text = |name: Name| matches!(name.folded(), "string" | "id");
                let plain = |name: Name| {
                    numeric(name)
                        || text(name)
                        || matches!(name.folded(), "boolean" | "date" | "datetime" | "blob" | "time")
                };
                if (numeric(*param) && numeric(*actual)) || (text(*param) && text(*actual)) {
                    4
                } else if param.is("sobject") && !plain(*actual) {
                    3
                } else if actual.is("sobject") && !plain(*param) {
                    2
                } else if actual.is("object") {
                    1
                } else {
                    -20
                }
            }
            (Ty::List(param), Ty::List(actual)) | (Ty::Set(param), Ty::Set(actual)) => {
                self.type_fit(param, actual).min(6)
            }
            (Ty::List(param), Ty::Set(actual)) => self.type_fit(param, actual).min(1),
            (Ty::Map(param), Ty::Map(actual)) => {
                (self.type_fit(&param.0, &actual.0) + self.type_fit(&param.1, &actual.1)) / 2
            }
            _ => -20,
        }
    }

    /// The class that a `Type` value names.
    pub(super) fn class_of_type(&self, known: &Known) -> Option<ClassId> {
        match known {
            Known::Type(Ty::Class(class)) => Some(*class),
            _ => None,
        }
    }
}

/// Whether a method with this result may be asked to decide something: a flag, a mode.
fn decides(symbols: &super::Symbols, returns: &Ty) -> bool {
    match returns {
        Ty::Platform(name) => matches!(name.folded(), "boolean" | "string"),
        Ty::Class(class) => symbols.decl(*class).kind == crate::apex::unit::TypeKind::Enum,
        _ => false,
    }
}

/// A callee's size in terms of the caller.
fn given(size: &Size, args: &[Value]) -> Size {
    size.replaced(&|leaf| match leaf {
        Size::Param(param) => args.get(*param as usize).map_or(Size::Unknown, Value::count),
        other => other.clone(),
    })
}

/// A collection that is known to be empty.
pub(super) fn is_empty(known: &Known) -> bool {
    matches!(known, Known::Sized(Bound::Constant(0)))
}

fn is_initialiser(body: Body) -> bool {
    matches!(body, Body::StaticInit { .. } | Body::InstanceInit { .. })
}

/// What a call's result depends on, in terms of the caller's context.
fn result_deps(callee: Deps, args: &[Value], receiver: Deps) -> Deps {
    let mut deps = Deps(callee.0 & PASSED_ON.0);
    if callee.has(Deps::THIS) {
        deps.add(receiver);
    }
    for (index, arg) in args.iter().enumerate() {
        if callee.has(Deps::param(index)) {
            deps.add(arg.deps);
        }
    }
    deps
}
