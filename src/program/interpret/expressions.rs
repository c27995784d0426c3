//! Expressions: their value, type and origin as far as the project's text decides them.

use std::borrow::Cow;

use std::sync::Arc;

use crate::apex::unit::{BinaryOp, Expr, ExprId, ExprList, QueryLimit, TriggerEvent, TypeKind};
use crate::name::Name;

use super::super::flow::{MAX_TEXT, Part, Sink, SinkKind, Slot, SlotFacts, SlotId};
use super::super::model::{Arm, Bound, Case, Effect, Guards, How, Runs, Site, Step};
use super::super::size::{Size, What};
use super::super::symbols::{Body, ClassId, FieldId};
use super::super::types::Ty;
use super::super::value::{AsyncContext, Deps, EventContext, Known, Object, Receiver, Slots, Value};
use super::frame::{Var, matters_in_field};
use super::{Frame, Linker, typed};

/// What stands before a dot.
pub(super) enum Target {
    Value(Value),
    Class(ClassId),
    /// A platform class, a namespace or something that is not here, by its written name.
    Platform(Name),
}

impl<'u> Linker<'u> {
    pub(super) fn eval(&mut self, frame: &mut Frame<'u>, id: ExprId) -> Value {
        let unit = self.symbols.unit(frame.unit);
        match unit.expr(id) {
            Expr::Name(_) | Expr::This | Expr::Super | Expr::Field { .. } => match self.target(frame, id) {
                Target::Value(value) => value,
                Target::Class(_) | Target::Platform(_) => Value::unknown(),
            },
            Expr::Call { object, name, args } => self.call(frame, id, *object, *name, *args, true).0,
            Expr::New { ty, args } => self.new_object(frame, id, ty, *args),
            Expr::ListLiteral { ty, elements } => {
                let count = elements.len;
                let values: Vec<Value> =
                    unit.list(*elements).iter().map(|&element| self.eval(frame, element)).collect();
                let ty = self.symbols.resolve(frame.class, ty);
                let slots = self.collected(frame, id, &ty, &values);
                let known = Known::Sized(Bound::Constant(count));
                let size = Size::Exactly(count);
                // Equal elements of a set are one.
                let size = if matches!(ty, Ty::Set(_)) { size.up_to() } else { size };
                Value { slots, ..Value::known(known, ty) }.sized(size)
            }
            Expr::MapLiteral { ty, entries } => self.map_literal(frame, id, ty, *entries),
            Expr::Index { object, index } if self.is_record_ids(frame, *object) => {
                self.eval(frame, *index);
                self.record_ids(frame, id, "first");
                Value::of(Ty::named("String"))
            }
            Expr::Index { object, index } => {
                let list = self.eval(frame, *object);
                self.eval(frame, *index);
                Value { slots: list.slots, deps: list.deps, ..Value::of(list.ty.element()) }
            }
            Expr::Cast { ty, value } => {
                let value = self.eval(frame, *value);
                let ty = self.symbols.resolve(frame.class, ty);
                typed(value, &ty)
            }
            Expr::InstanceOf { value, ty } => {
                let value = self.eval(frame, *value);
                let ty = self.symbols.resolve(frame.class, ty);
                let known = match (&value.known, ty) {
                    (Known::Object(object), Ty::Class(class)) => {
                        Known::Bool(self.symbols.is_subtype(self.objects.get(*object).class, class))
                    }
                    _ => Known::Nothing,
                };
                Value { deps: value.deps, ..Value::known(known, Ty::named("Boolean")) }
            }
            Expr::Ternary { cond, then, otherwise } => self.ternary(frame, *cond, *then, *otherwise),
            Expr::Binary { op, left, right } => self.binary(frame, id, *op, *left, *right),
            Expr::Not(inner) => {
                let value = self.eval(frame, *inner);
                let known = match value.known {
                    Known::Bool(value) => Known::Bool(!value),
                    _ => Known::Nothing,
                };
                Value {
                    deps: value.deps,
                    decision: value.decision,
                    ..Value::known(known, Ty::named("Boolean"))
                }
            }
            Expr::Negate(inner) => {
                let value = self.eval(frame, *inner);
                let known = match value.known {
                    Known::Int(value) => Known::Int(-value),
                    _ => Known::Nothing,
                };
                Value { deps: value.deps, ..Value::known(known, value.ty) }
            }
            Expr::Assign { op, left, right } => self.assign(frame, id, *op, *left, *right),
            Expr::Update { operand } => {
                let value = self.eval(frame, *operand);
                let value = Value { known: Known::Nothing, size: Size::Unknown, ..value };
                self.store(frame, *operand, value.clone());
                value
            }
            Expr::ClassLiteral(ty) => {
                let ty = self.symbols.resolve(frame.class, ty);
                Value::known(Known::Type(ty), Ty::named("Type"))
            }
            Expr::Str(text) => {
                let text: Arc<str> = Arc::from(&**text);
                let at = frame.at(self, id);
                if text.starts_with("GAP") || text.starts_with("OVERFLOW") {
                    self.plain_effect(frame, at, Effect::GapCheck, "gap events");
                }
                let slot =
                    self.flow.slot(Slot::Text { unit: frame.unit, expr: id, text: text.clone() }, Some(at));
                Value { slots: Slots::one(slot), ..Value::known(Known::Str(text), Ty::named("String")) }
            }
            Expr::Int(value) => Value::known(Known::Int(*value), Ty::named("Integer")),
            Expr::Bool(value) => Value::known(Known::Bool(*value), Ty::named("Boolean")),
            Expr::Null => Value { slots: Slots::none(), ..Value::known(Known::Null, Ty::Unknown) },
            Expr::Query(query) => self.query(frame, id, *query),
            Expr::Other { parts } => {
                for &part in unit.list(*parts) {
                    self.eval(frame, part);
                }
                Value::unknown()
            }
        }
    }

    /// Evaluates what gets a second name: an empty collection may be filled under either.
    pub(super) fn eval_shared(&mut self, frame: &mut Frame<'u>, id: ExprId) -> Value {
        let unit = self.symbols.unit(frame.unit);
        let mut value = self.eval(frame, id);
        let is_new =
            matches!(unit.expr(id), Expr::New { .. } | Expr::ListLiteral { .. } | Expr::MapLiteral { .. });
        if !is_new && super::calls::is_empty(&value.known) {
            value.known = Known::Nothing;
        }
        value
    }

    /// Evaluates what may not run (the right side of `&&`).
    pub(super) fn eval_sometimes(
        &mut self,
        frame: &mut Frame<'u>,
        id: ExprId,
        guards: Guards,
        runs: Runs,
    ) -> Value {
        frame.open();
        let value = self.eval(frame, id);
        let steps = frame.close();
        if !steps.is_empty() {
            let at = frame.at(self, id);
            let arm = Arm { at, case: Case::Sometimes, guards, conditions: Vec::new(), runs, steps };
            frame.emit(Step::Branch { arms: vec![arm], exhaustive: false });
        }
        value
    }

    fn ternary(&mut self, frame: &mut Frame<'u>, cond: ExprId, then: ExprId, otherwise: ExprId) -> Value {
        let test = self.condition(frame, cond);
        frame.deps.add(test.value.deps.of_transaction());
        if let Known::Bool(outcome) = test.value.known {
            frame.deps.add(test.value.deps);
            return self.eval(frame, if outcome { then } else { otherwise });
        }
        let mut values = Vec::new();
        let mut arms = Vec::new();
        let at = frame.at(self, cond);
        for (expr, case, conditions, guards) in [
            (then, Case::True, test.when_true, test.guards_true),
            (otherwise, Case::False, test.when_false, test.guards_false),
        ] {
            frame.open();
            values.push(self.eval(frame, expr));
            arms.push(Arm { at, case, guards, conditions, runs: Runs::Each, steps: frame.close() });
        }
        if arms.iter().any(|arm| !arm.steps.is_empty()) {
            if arms.iter().filter(|arm| !super::is_pure(&arm.steps)).count() < 2 {
                arms.iter_mut().for_each(|arm| arm.guards = arm.guards.without(Guards::DECISION));
            }
            frame.emit(Step::Branch { arms, exhaustive: true });
        }
        values[0].join(&values[1])
    }

    fn map_literal(
        &mut self,
        frame: &mut Frame<'u>,
        id: ExprId,
        ty: &'u crate::apex::unit::TypeRef,
        entries: ExprList,
    ) -> Value {
        let unit = self.symbols.unit(frame.unit);
        let ty = self.symbols.resolve(frame.class, ty);
        let mut known = Vec::new();
        let mut values = Vec::new();
        for pair in unit.list(entries).chunks(2) {
            let key = self.eval(frame, pair[0]);
            let Some(&value) = pair.get(1) else { continue };
            let value = self.eval(frame, value);
            known.push((key.known, value.known.clone()));
            values.push(value);
        }
        let slots = self.collected(frame, id, &ty, &values);
        let known = match known.len() {
            0 => Known::Sized(Bound::Constant(0)),
            _ => Known::Map(Arc::new(known)),
        };
        let size = Size::Exactly(entries.len / 2);
        Value { slots, ..Value::known(known, ty) }.sized(size)
    }

    /// The origin of a collection of `values` that is made here.
    fn collected(&mut self, frame: &Frame<'u>, id: ExprId, ty: &Ty, values: &[Value]) -> Slots {
        if !is_message(ty) {
            return values.iter().fold(Slots::none(), |all, value| all.union(&value.slots));
        }
        let at = frame.at(self, id);
        let slots = Slots::one(self.flow.slot(Slot::Collection { unit: frame.unit, expr: id }, Some(at)));
        let made = Value { slots: slots.clone(), ..Value::of(ty.clone()) };
        self.put_into_message(frame, id, &made, values);
        slots
    }

    // Names

    pub(super) fn target(&mut self, frame: &mut Frame<'u>, id: ExprId) -> Target {
        let unit = self.symbols.unit(frame.unit);
        match unit.expr(id) {
            Expr::This => Target::Value(self.this(frame)),
            Expr::Super => Target::Value(self.this(frame)),
            Expr::Name(name) => {
                if let Some(var) = frame.local(*name) {
                    return Target::Value(frame.variable(var).value.clone());
                }
                if let Some(value) = self.own_field(frame, id, *name) {
                    return Target::Value(value);
                }
                match self.symbols.class_named(frame.class, *name) {
                    Some(class) => Target::Class(class),
                    None => Target::Platform(*name),
                }
            }
            Expr::Field { object, name } => match self.target(frame, *object) {
                Target::Value(value) => Target::Value(self.member(frame, id, &value, *name)),
                Target::Class(class) => self.class_member(frame, id, class, *name),
                Target::Platform(owner) => self.platform_member(frame, owner, *name),
            },
            _ => Target::Value(self.eval(frame, id)),
        }
    }

    pub(super) fn this(&mut self, frame: &mut Frame<'u>) -> Value {
        match frame.context.receiver {
            Receiver::Exact(object) => {
                let object = self.current_object(frame, object);
                let class = frame.class.unwrap_or_else(|| self.objects.get(object).class);
                Value { deps: Deps::THIS, ..Value::known(Known::Object(object), Ty::Class(class)) }
            }
            Receiver::Below(class) => Value::of(Ty::Class(class)),
            Receiver::None => Value::of(frame.class.map_or(Ty::Unknown, Ty::Class)),
        }
    }

    /// The receiver with the fields that this body has assigned so far.
    fn current_object(&mut self, frame: &Frame<'u>, object: super::ObjectId) -> super::ObjectId {
        let assigned = frame.assigned_fields();
        if assigned.is_empty() {
            return object;
        }
        self.with_fields(object, assigned)
    }

    /// `object`, some of whose fields were assigned.
    pub(super) fn with_fields(
        &mut self,
        object: super::ObjectId,
        assigned: Vec<(Name, Known)>,
    ) -> super::ObjectId {
        let Object { class, mut fields } = self.objects.get(object).clone();
        for (name, known) in assigned {
            fields.retain(|(other, _)| *other != name);
            if matters_in_field(&known) && self.nesting(&known) < 3 {
                fields.push((name, known));
            }
        }
        fields.sort_by_key(|(name, _)| *name);
        self.objects.intern(Object { class, fields })
    }

    /// How deep objects hold objects: bounded, or a linked list would make ever new ones.
    fn nesting(&self, known: &Known) -> usize {
        match known {
            Known::Object(object) => {
                1 + self
                    .objects
                    .get(*object)
                    .fields
                    .iter()
                    .map(|(_, known)| self.nesting(known))
                    .max()
                    .unwrap_or(0)
            }
            _ => 0,
        }
    }

    /// A bare name that is a field of the own class, of an ancestor or of the outer class.
    fn own_field(&mut self, frame: &mut Frame<'u>, id: ExprId, name: Name) -> Option<Value> {
        let mut scope = frame.class;
        while let Some(class) = scope {
            if let Some(field) = self.symbols.field_named(class, name) {
                return Some(self.load(frame, id, field, None));
            }
            scope = self.symbols.class(class).outer;
        }
        None
    }

    /// Reads a field: of `this` where `object` is not given.
    fn load(&mut self, frame: &mut Frame<'u>, id: ExprId, field: FieldId, object: Option<&Value>) -> Value {
        let declared = self.symbols.field(field);
        let name = declared.name;
        let inside_accessor = frame.method.is_some_and(|method| {
            matches!(
                self.symbols.method(method).body,
                Body::Getter { field: own, decl } | Body::Setter { field: own, decl }
                    if own == declared.index && decl == declared.decl && self.symbols.method(method).unit == declared.unit
            )
        });
        let own = object.is_none();
        if own
            && !declared.is_static
            && let Some(var) = frame.this_field(name)
        {
            let value = frame.variable(var).value.clone();
            if value.known.is_known() || inside_accessor {
                return value;
            }
        }
        if let Some(getter) = declared.getter
            && !inside_accessor
        {
            let receiver = self.receiver_for(frame, declared.is_static, object);
            let at = frame.at(self, id);
            let value = self.call_method(frame, at, &[(getter, receiver)], How::Declared, &[]).0;
            return value;
        }
        if declared.is_static {
            let class = declared.class;
            self.touch_static(frame, id, class);
        }
        let mut value = self.field_value(frame, field);
        if self.callers_known
            && !value.known.is_known()
            && declared.init.is_none()
            && let Some(Some(bound)) = self.field_sizes.get(&field)
        {
            value.known = Known::Sized(*bound);
        }
        if value.ty.is_collection() && value.count().is_unknown() {
            let name = format!("{}.{}", self.symbols.class(declared.class).name, declared.name);
            // The same field is the same size wherever it is read.
            let unit = self.symbols.unit(declared.unit);
            let decl = &unit.types[declared.decl as usize].fields[declared.index as usize];
            let at = crate::span::Location { file: unit.file, span: decl.span };
            value.size = Size::symbol(What::Field, name, at);
        }
        if !declared.is_static {
            let holder = match object {
                Some(object) => match object.known {
                    Known::Object(id) => Some((id, object.deps)),
                    _ => None,
                },
                None => match frame.context.receiver {
                    Receiver::Exact(id) => Some((id, Deps::THIS)),
                    _ => None,
                },
            };
            if let Some((holder, deps)) = holder
                && !(own && frame.this_field(name).is_some())
                && let Some((_, known)) =
                    self.objects.get(holder).fields.iter().find(|(field, _)| *field == name)
            {
                value.known = known.clone();
                value.deps.add(deps);
            }
        }
        value
    }

    pub(super) fn receiver_for(
        &mut self,
        frame: &mut Frame<'u>,
        is_static: bool,
        object: Option<&Value>,
    ) -> Receiver {
        if is_static {
            return Receiver::None;
        }
        match object {
            None => match frame.context.receiver {
                Receiver::Exact(object) => Receiver::Exact(self.current_object(frame, object)),
                other => other,
            },
            Some(value) => match (&value.known, &value.ty) {
                (Known::Object(object), _) => Receiver::Exact(*object),
                (_, Ty::Class(class)) => Receiver::Below(*class),
                _ => Receiver::None,
            },
        }
    }

    /// The class whose fields a value is asked for: the declared one before the actual one, since
    /// fields are not overridden.
    fn seen_as(&self, value: &Value) -> Option<ClassId> {
        match (&value.known, &value.ty) {
            (_, Ty::Class(class)) => Some(*class),
            (Known::Object(object), _) => Some(self.objects.get(*object).class),
            _ => None,
        }
    }

    /// `value.name`.
    fn member(&mut self, frame: &mut Frame<'u>, id: ExprId, value: &Value, name: Name) -> Value {
        let unit = self.symbols.unit(frame.unit);
        if let Some(class) = self.seen_as(value)
            && let Some(field) = self.symbols.field_named(class, name)
        {
            let is_this = matches!(unit.expr(id), Expr::Field { object, .. } if matches!(unit.expr(*object), Expr::This | Expr::Super));
            return self.load(frame, id, field, (!is_this).then_some(value));
        }
        match name.folded() {
            "changetype" => return self.change_type(),
            "recordids" => {
                self.record_ids(frame, id, "all");
                return Value::of(Ty::list(Ty::named("String")));
            }
            _ => {}
        }
        if value.ty.is_platform("restrequest") && matches!(name.folded(), "headers" | "remoteaddress") {
            let at = frame.at(self, id);
            self.check(frame, at, "caller", format!("`RestRequest.{name}`"));
        }
        // A record's field: what it is, the schema knows and we do not.
        let of_request = match (&value.ty, name.folded()) {
            (Ty::Platform(ty), "requestbody") if ty.is("restrequest") => Some(Ty::named("Blob")),
            (Ty::Platform(ty), "params" | "headers") if ty.is("restrequest") => {
                Some(Ty::map(Ty::named("String"), Ty::named("String")))
            }
            (Ty::Platform(ty), _) if ty.is("restrequest") => Some(Ty::named("String")),
            _ => None,
        };
        Value { slots: self.part_of(frame, id, value), ..Value::of(of_request.unwrap_or(Ty::Unknown)) }
    }

    pub(super) fn change_type(&mut self) -> Value {
        let slot = self.flow.slot(Slot::ChangeType, None);
        Value { slots: Slots::one(slot), ..Value::of(Ty::named("String")) }
    }

    /// `value` is compared: of a change event's type, rules ask what with.
    pub(super) fn compared(&mut self, frame: &mut Frame<'u>, at: ExprId, value: &Value) {
        if value.slots.iter().any(|slot| matches!(self.flow.kind(slot), Slot::ChangeType)) {
            let at = frame.at(self, at);
            self.plain_effect(frame, at, Effect::ChangeType, "`changeType`");
        }
    }

    /// Whether the expression is `header.recordIds` or `header.getRecordIds()`.
    pub(super) fn is_record_ids(&self, frame: &Frame<'u>, id: ExprId) -> bool {
        match self.symbols.unit(frame.unit).expr(id) {
            Expr::Field { name, .. } => name.is("recordids"),
            Expr::Call { object: Some(_), name, args } => name.is("getrecordids") && args.len == 0,
            _ => false,
        }
    }

    pub(super) fn record_ids(&mut self, frame: &mut Frame<'u>, id: ExprId, taken: &'static str) {
        // The log takes nothing.
        if frame.in_debug {
            return;
        }
        let at = frame.at(self, id);
        self.effect(frame, Effect::RecordIds, at, |frame| Site {
            effect: Effect::RecordIds,
            at,
            symbol: frame.symbol.clone(),
            label: "`recordIds`".to_owned(),
            object: None,
            operation: None,
            facts: vec![("taken", taken.into())],
        });
    }

    /// The origin of a part of `value`: of one of its fields.
    pub(super) fn part_of(&mut self, frame: &Frame<'u>, id: ExprId, value: &Value) -> Slots {
        if value.slots.is_empty() {
            return value.slots.clone();
        }
        let member = self.flow.slot(Slot::Member { unit: frame.unit, expr: id }, None);
        for slot in value.slots.iter() {
            self.flow.edge(slot, member);
        }
        Slots::one(member)
    }

    fn class_member(&mut self, frame: &mut Frame<'u>, id: ExprId, class: ClassId, name: Name) -> Target {
        let decl = self.symbols.decl(class);
        if decl.kind == TypeKind::Enum && decl.enum_constants.contains(&name) {
            return Target::Value(Value::known(Known::Constant(name), Ty::Class(class)));
        }
        if let Some(field) = self.symbols.field_named(class, name) {
            let placeholder = Value::of(Ty::Class(class));
            return Target::Value(self.load(frame, id, field, Some(&placeholder)));
        }
        match self.symbols.class_named(Some(class), name) {
            Some(inner) if self.symbols.class(inner).outer.is_some() => Target::Class(inner),
            _ => Target::Value(Value::unknown()),
        }
    }

    fn platform_member(&mut self, frame: &mut Frame<'u>, owner: Name, name: Name) -> Target {
        let text = owner.folded();
        if text == "trigger" {
            return Target::Value(self.trigger_variable(frame, name));
        }
        if matches!(text, "restcontext" | "system.restcontext") && name.is("request") {
            let slot = self.flow.slot(Slot::Inbound, None);
            return Target::Value(Value { slots: Slots::one(slot), ..Value::of(Ty::named("RestRequest")) });
        }
        if matches!(text, "restcontext" | "system.restcontext") && name.is("response") {
            return Target::Value(Value::of(Ty::named("RestResponse")));
        }
        if name.is("sobjecttype") {
            let object = owner.as_str().rsplit('.').next().unwrap_or(owner.as_str());
            return Target::Value(Value::known(
                Known::SObjectType(Name::new(object)),
                Ty::named("SObjectType"),
            ));
        }
        // `Schema.SObjectType.Account` is a describe result.
        if text == "schema.sobjecttype" || text == "sobjecttype" {
            return Target::Value(Value::known(Known::SObjectType(name), Ty::named("DescribeSObjectResult")));
        }
        if matches!(
            text,
            "triggeroperation"
                | "system.triggeroperation"
                | "accesslevel"
                | "system.accesslevel"
                | "loggingLevel"
                | "dom.xmlnodetype"
        ) {
            return Target::Value(Value::known(Known::Constant(name), Ty::Platform(owner)));
        }
        if matches!(text, "page" | "system.page") {
            return Target::Value(Value::of(Ty::named("PageReference")));
        }
        if self.namespaces.contains(&owner)
            && let Some(class) = self.symbols.class_named(None, name)
        {
            return Target::Class(class);
        }
        if matches!(text, "label" | "system.label") {
            return Target::Value(Value { slots: Slots::none(), ..Value::of(Ty::named("String")) });
        }
        let full = Name::new(&format!("{owner}.{name}"));
        match self.symbols.class_named(None, full) {
            Some(class) => Target::Class(class),
            None => {
                // `Namespace.Class` of this very project.
                match self.symbols.class_named(None, name) {
                    Some(class) if matches!(text, "c" | "namespace") => Target::Class(class),
                    _ => Target::Platform(full),
                }
            }
        }
    }

    fn trigger_variable(&mut self, frame: &mut Frame<'u>, name: Name) -> Value {
        let boolean = |known: Option<bool>, deps: Deps| Value {
            deps,
            ..Value::known(known.map_or(Known::Nothing, Known::Bool), Ty::named("Boolean"))
        };
        let context = frame.context.event;
        let is = |test: fn(TriggerEvent) -> bool| match context {
            EventContext::In { event, .. } => Some(test(event)),
            EventContext::NoTrigger => Some(false),
            EventContext::Unknown => None,
        };
        use TriggerEvent::*;
        match name.folded() {
            "isexecuting" => boolean(is(|_| true), Deps::EVENT),
            "isbefore" => {
                boolean(is(|event| matches!(event, BeforeInsert | BeforeUpdate | BeforeDelete)), Deps::EVENT)
            }
            "isafter" => boolean(
                is(|event| matches!(event, AfterInsert | AfterUpdate | AfterDelete | AfterUndelete)),
                Deps::EVENT,
            ),
            "isinsert" => boolean(is(|event| matches!(event, BeforeInsert | AfterInsert)), Deps::EVENT),
            "isupdate" => boolean(is(|event| matches!(event, BeforeUpdate | AfterUpdate)), Deps::EVENT),
            "isdelete" => boolean(is(|event| matches!(event, BeforeDelete | AfterDelete)), Deps::EVENT),
            "isundelete" => boolean(is(|event| matches!(event, AfterUndelete)), Deps::EVENT),
            "operationtype" => {
                let known = match context {
                    EventContext::In { event, .. } => {
                        Known::Constant(Name::new(&event.to_string().replace(' ', "_").to_uppercase()))
                    }
                    EventContext::NoTrigger => Known::Null,
                    EventContext::Unknown => Known::Nothing,
                };
                Value { deps: Deps::EVENT, ..Value::known(known, Ty::named("TriggerOperation")) }
            }
            "new" | "old" | "newmap" | "oldmap" => {
                // In a trigger's own body the records' type is its object; elsewhere any trigger may be
                // behind it, and code casts.
                let record = frame
                    .method
                    .and_then(|method| {
                        matches!(self.symbols.method(method).body, Body::Trigger | Body::TriggerMethod { .. })
                            .then(|| self.symbols.trigger_decl(method))
                    })
                    .flatten()
                    .map_or(Ty::named("SObject"), |trigger| Ty::Platform(trigger.object));
                let ty = if name.folded().ends_with("map") {
                    Ty::map(Ty::named("Id"), record)
                } else {
                    Ty::list(record)
                };
                let object = match (&ty.record_type(), context) {
                    (Some(object), _) => Some(*object),
                    (None, EventContext::In { object, .. }) => Some(object),
                    (None, _) => None,
                };
                let slot = self.flow.slot(Slot::TriggerRecords(object), None);
                Value { slots: Slots::one(slot), ..Value::known(Known::Sized(Bound::EntryBatch), ty) }
                    .sized(Size::Batch)
            }
            "size" => Value::of(Ty::named("Integer")).sized(Size::Batch),
            _ => Value::unknown(),
        }
    }

    // Assignment

    fn assign(
        &mut self,
        frame: &mut Frame<'u>,
        id: ExprId,
        op: Option<BinaryOp>,
        left: ExprId,
        right: ExprId,
    ) -> Value {
        let value = match op {
            None => match self.filled_once(frame, left, right) {
                Some((first, otherwise, runs)) => {
                    let first = self.eval(frame, first);
                    let second = self.eval_sometimes(frame, otherwise, Guards::MEMO, runs);
                    if first.known == Known::Null { second } else { first.join(&second) }
                }
                None => self.eval_shared(frame, right),
            },
            Some(BinaryOp::Add) => self.concatenation(frame, id, left, right),
            Some(_) => {
                let value = self.eval(frame, right);
                Value { known: Known::Nothing, size: Size::Unknown, ..value }
            }
        };
        self.store(frame, left, value.clone());
        value
    }

    pub(super) fn store(&mut self, frame: &mut Frame<'u>, left: ExprId, value: Value) {
        let unit = self.symbols.unit(frame.unit);
        match unit.expr(left) {
            Expr::Name(name) => {
                if let Some(var) = frame.local(*name) {
                    let declared = frame.variable(var).value.ty.clone();
                    if let Var::Local(index) = var {
                        frame.reassigned.push(index);
                    }
                    frame.set(var, typed(value, &declared));
                    return;
                }
                let mut scope = frame.class;
                while let Some(class) = scope {
                    if let Some(field) = self.symbols.field_named(class, *name) {
                        self.store_field(frame, left, field, None, value);
                        return;
                    }
                    scope = self.symbols.class(class).outer;
                }
            }
            Expr::Field { object, name } => {
                let is_this = matches!(unit.expr(*object), Expr::This);
                match self.target(frame, *object) {
                    Target::Value(holder) => {
                        if name.is("statuscode") && holder.ty.is_platform("restresponse") {
                            let at = frame.at(self, left);
                            self.plain_effect(frame, at, Effect::ResponseStatus, "`RestResponse.statusCode`");
                        }
                        self.stub_setting(frame, left, &holder, *name, &value);
                        self.record_setting(frame, left, &holder, *name, &value);
                        if let Some(class) = self.seen_as(&holder)
                            && let Some(field) = self.symbols.field_named(class, *name)
                        {
                            self.store_field(frame, left, field, (!is_this).then_some(&holder), value);
                        }
                    }
                    Target::Class(class) => {
                        if let Some(field) = self.symbols.field_named(class, *name) {
                            let holder = Value::of(Ty::Class(class));
                            self.store_field(frame, left, field, Some(&holder), value);
                        }
                    }
                    Target::Platform(_) => {}
                }
            }
            Expr::Index { object, index } => {
                self.eval(frame, *object);
                self.eval(frame, *index);
            }
            _ => {
                self.eval(frame, left);
            }
        }
    }

    fn store_field(
        &mut self,
        frame: &mut Frame<'u>,
        id: ExprId,
        field: FieldId,
        object: Option<&Value>,
        value: Value,
    ) {
        let declared = self.symbols.field(field);
        let slot = self.flow.slot(Slot::Field(field), None);
        self.flow.arrives(&value, slot);
        let inside_accessor = frame.method.is_some_and(|method| {
            matches!(self.symbols.method(method).body, Body::Getter { .. } | Body::Setter { .. })
        });
        if let Some(setter) = declared.setter
            && !inside_accessor
        {
            let receiver = self.receiver_for(frame, declared.is_static, object);
            let at = frame.at(self, id);
            self.call_method(frame, at, &[(setter, receiver)], How::Declared, std::slice::from_ref(&value));
            return;
        }
        self.note_size(field, &value.known);
        if object.is_none() && !declared.is_static {
            let before = self.load(frame, id, field, None);
            frame.set_field(declared.name, typed(value, &declared.ty), before);
        }
    }

    /// A field holds collections of a known size if everything that is ever stored in it has one.
    pub(super) fn note_size(&mut self, field: FieldId, known: &Known) {
        let size = match known {
            Known::Null => return,
            Known::Sized(bound @ Bound::Constant(1..)) => Some(*bound),
            _ => None,
        };
        let noted = self.field_sizes.entry(field).or_insert(size);
        *noted = match (*noted, size) {
            (Some(Bound::Constant(a)), Some(Bound::Constant(b))) => Some(Bound::Constant(a.max(b))),
            _ => None,
        };
    }

    /// `stub.endpoint_x = …`, `stub.timeout_x = …`: how SOAP stubs are told.
    fn stub_setting(&mut self, frame: &Frame<'u>, left: ExprId, holder: &Value, name: Name, value: &Value) {
        match name.folded() {
            "timeout_x" => {
                for slot in holder.slots.iter() {
                    self.flow.note(slot, SlotFacts::TIMEOUT_SET);
                }
            }
            "endpoint_x" | "sessionid" => {
                let kind = if name.is("endpoint_x") { SinkKind::Endpoint } else { SinkKind::SoapHeader };
                let at = frame.at(self, left);
                self.flow.sink(Sink {
                    kind,
                    request: holder.slots.iter().collect(),
                    value: value.slots.iter().collect(),
                    traced: value.is_traced(),
                    at,
                    symbol: frame.symbol.clone(),
                });
            }
            _ => {}
        }
    }

    /// `record.Field__c = …` and `record.put('Field__c', …)`.
    pub(super) fn record_setting(
        &mut self,
        frame: &Frame<'u>,
        at: ExprId,
        holder: &Value,
        name: Name,
        value: &Value,
    ) {
        match holder.ty.record_type() {
            Some(object) if object.folded().ends_with("__e") => {
                let place = frame.at(self, at);
                let holders: Vec<SlotId> = holder.slots.iter().collect();
                self.event_field(frame, place, holders, name, value);
            }
            Some(_) if !matches!(holder.ty, Ty::Platform(_)) => {}
            Some(_) => {
                for record in holder.slots.iter() {
                    if name.is("ownerid") {
                        self.flow.note(record, SlotFacts::OWNED);
                    }
                    if matches!(self.flow.kind(record), Slot::NewRecord { .. }) {
                        self.flow.arrives(value, record);
                    }
                }
            }
            None => {}
        }
    }

    fn event_field(
        &mut self,
        frame: &Frame<'u>,
        at: crate::span::Location,
        event: Vec<SlotId>,
        name: Name,
        value: &Value,
    ) {
        self.flow.sink(Sink {
            kind: SinkKind::EventField(name),
            request: event,
            value: value.slots.iter().collect(),
            traced: value.is_traced(),
            at,
            symbol: frame.symbol.clone(),
        });
    }

    /// The slot of a record or event that `new` makes; `None` where it is something else.
    fn new_record(
        &mut self,
        frame: &Frame<'u>,
        id: ExprId,
        object: Name,
        args: &[ExprId],
        values: &[Value],
    ) -> Option<Slots> {
        let unit = self.symbols.unit(frame.unit);
        let is_field = |&arg: &ExprId| matches!(unit.expr(arg), Expr::Assign { left, op: None, .. } if matches!(unit.expr(*left), Expr::Name(_)));
        let suffix = object.folded().rsplit("__").next().unwrap_or_default();
        let custom = object.folded().contains("__") && matches!(suffix, "c" | "e" | "x" | "b" | "mdt");
        let owned = args.is_empty()
            && super::super::payload::OWNED_BY_USERS.iter().any(|standard| object.is(standard));
        let standard = super::is_standard_object(object.folded());
        if !(custom || standard || owned || (!args.is_empty() && args.iter().all(is_field))) {
            return None;
        }
        let at = frame.at(self, id);
        if suffix != "e" {
            let slot = self.flow.slot(Slot::NewRecord { unit: frame.unit, expr: id, object }, Some(at));
            values.iter().for_each(|value| self.flow.arrives(value, slot));
            let sets_owner = |&arg: &ExprId| matches!(unit.expr(arg), Expr::Assign { left, .. } if matches!(unit.expr(*left), Expr::Name(name) if name.is("ownerid")));
            if args.iter().any(sets_owner) {
                self.flow.note(slot, SlotFacts::OWNED);
            }
            return Some(Slots::one(slot));
        }
        let slot = self.flow.slot(Slot::NewEvent { unit: frame.unit, expr: id, object }, Some(at));
        for (&arg, value) in args.iter().zip(values) {
            if let Expr::Assign { left, .. } = unit.expr(arg)
                && let Expr::Name(name) = unit.expr(*left)
            {
                let place = frame.at(self, arg);
                self.event_field(frame, place, vec![slot], *name, value);
            }
        }
        let made = Slots::one(slot);
        Some(if frame.filters() { self.filtered(frame, id, &made) } else { made })
    }

    // Texts

    /// `left + right`, for texts; numbers are not followed.
    pub(super) fn concatenation(
        &mut self,
        frame: &mut Frame<'u>,
        id: ExprId,
        left: ExprId,
        right: ExprId,
    ) -> Value {
        let first = self.eval(frame, left);
        let second = self.eval(frame, right);
        let is_text = |value: &Value| {
            value.ty.is_platform("string") || matches!(value.known, Known::Str(_) | Known::Prefix(_))
        };
        if !is_text(&first) && !is_text(&second) {
            let known = match (&first.known, &second.known) {
                (Known::Int(a), Known::Int(b)) => Known::Int(a.saturating_add(*b)),
                _ => Known::Nothing,
            };
            return Value { deps: first.deps.with(second.deps), ..Value::known(known, first.ty) };
        }
        let known = match (&first.known, &second.known) {
            (Known::Str(a), Known::Str(b)) if a.len() + b.len() <= MAX_TEXT => {
                Known::Str(Arc::from(format!("{a}{b}")))
            }
            (Known::Str(a), Known::Prefix(b)) if a.len() + b.len() <= MAX_TEXT => {
                Known::Prefix(Arc::from(format!("{a}{b}")))
            }
            (Known::Str(a), _) => Known::Prefix(a.clone()),
            (Known::Prefix(a), _) => Known::Prefix(a.clone()),
            _ => Known::Nothing,
        };
        let part = |value: &Value| {
            if !value.slots.is_empty() {
                Part::Slots(value.slots.iter().collect())
            } else if let Known::Str(text) = &value.known {
                Part::Text(text.clone())
            } else {
                Part::Unknown
            }
        };
        let parts = vec![part(&first), part(&second)];
        let mut slots = Slots::default();
        if parts.iter().any(|part| !matches!(part, Part::Unknown)) {
            let at = match part_location(self, &first) {
                Some(at) => at,
                None => frame.at(self, id),
            };
            let slot = self.flow.slot(Slot::Joined { unit: frame.unit, expr: id }, Some(at));
            self.flow.join(slot, parts);
            if !first.is_traced() || !second.is_traced() {
                self.flow.note(slot, SlotFacts::UNTRACED);
            }
            slots = Slots::one(slot);
        }
        Value { deps: first.deps.with(second.deps), slots, ..Value::known(known, Ty::named("String")) }
    }

    // Objects

    fn new_object(
        &mut self,
        frame: &mut Frame<'u>,
        id: ExprId,
        ty: &'u crate::apex::unit::TypeRef,
        args: ExprList,
    ) -> Value {
        let unit = self.symbols.unit(frame.unit);
        let resolved = self.symbols.resolve(frame.class, ty);
        // `new Account(Name = 'x')`: the left sides are fields, not variables.
        let values: Vec<Value> = unit
            .list(args)
            .iter()
            .map(|&arg| match unit.expr(arg) {
                Expr::Assign { left, right, op: None }
                    if !matches!(resolved, Ty::Class(_)) && matches!(unit.expr(*left), Expr::Name(_)) =>
                {
                    self.eval(frame, *right)
                }
                _ => self.eval(frame, arg),
            })
            .collect();
        match &resolved {
            Ty::Class(class) => self.construct(frame, id, *class, &values),
            Ty::List(_) | Ty::Set(_) | Ty::Map(_) => {
                let known = match values.first().map(|value| &value.known) {
                    Some(known @ (Known::Sized(_) | Known::Map(_))) => known.clone(),
                    Some(_) => Known::Nothing,
                    None => Known::Sized(Bound::Constant(0)),
                };
                let deps = values.first().map_or(Deps::NONE, |value| value.deps);
                let size = match values.first() {
                    None => Size::Exactly(0),
                    // A copy; of a list, a set has fewer where elements are equal.
                    Some(from) if from.ty.is_collection() => match (&resolved, &from.ty) {
                        (Ty::Set(_), Ty::List(_)) => from.count().up_to(),
                        _ => from.count(),
                    },
                    Some(_) => Size::Unknown,
                };
                let of_events = resolved.record_type().is_some_and(|object| object.folded().ends_with("__e"));
                let mut slots = self.collected(frame, id, &resolved, &values);
                if of_events {
                    let at = frame.at(self, id);
                    let slot = self.flow.slot(Slot::Collection { unit: frame.unit, expr: id }, Some(at));
                    values.iter().for_each(|value| self.flow.arrives(value, slot));
                    slots = Slots::one(slot);
                }
                Value { deps, slots, ..Value::known(known, resolved) }.sized(size)
            }
            Ty::Platform(name) => {
                if name.is("eventbus.retryableexception") {
                    let at = frame.at(self, id);
                    self.plain_effect(frame, at, Effect::Retry, "`EventBus.RetryableException`");
                }
                let slots = if name.is("httprequest") {
                    Slots::one(self.made_slot(frame, id))
                } else if let Some(slots) = self.new_record(frame, id, *name, unit.list(args), &values) {
                    slots
                } else {
                    // An object made of values carries them (`new PageReference(url)`).
                    values.iter().fold(Slots::default(), |all, value| all.union(&value.slots))
                };
                Value { slots, ..Value::of(resolved) }
            }
            _ => Value::of(resolved),
        }
    }

    pub(super) fn construct(
        &mut self,
        frame: &mut Frame<'u>,
        id: ExprId,
        class: ClassId,
        args: &[Value],
    ) -> Value {
        self.touch_static(frame, id, class);
        let mut object = self.plain_object(class);
        let at = frame.at(self, id);
        let constructors = self.symbols.class(class).constructors.clone();
        let mut deps = Deps::NONE;
        let targets = match self.select(&constructors, args) {
            Some(constructor) => vec![constructor],
            None => self.implicit_constructors(class),
        };
        for target in targets {
            let chosen = self.symbols.method(target);
            let given = if chosen.is_constructor && chosen.class == Some(class) { args } else { &[] };
            let (_, nodes) =
                self.call_nodes(frame, at, &[(target, Receiver::Exact(object))], How::Declared, given);
            deps.add(frame.deps);
            if let [node] = nodes.as_slice() {
                let fields = self.entries[node.0 as usize].fields.clone();
                object = self.with_fields(object, fields);
            }
        }
        // What the object holds of the arguments depends on them.
        for arg in args {
            if arg.known.is_known() {
                deps.add(arg.deps);
            }
        }
        let mut value = Value { deps, ..Value::known(Known::Object(object), Ty::Class(class)) };
        if self.is_soap_stub(class) {
            value.slots = Slots::one(self.made_slot(frame, id));
        }
        value
    }

    /// What runs for `new C()` where `C` declares no constructor: initialisers up the hierarchy, and
    /// the nearest ancestor's constructor without parameters.
    fn implicit_constructors(&self, class: ClassId) -> Vec<super::MethodId> {
        let mut found = Vec::new();
        let mut next = Some(class);
        let mut steps = 0;
        while let Some(id) = next {
            let entry = self.symbols.class(id);
            let constructor = entry
                .constructors
                .iter()
                .find(|&&method| self.symbols.method(method).params.is_empty() && steps > 0);
            if let Some(&constructor) = constructor {
                // It runs its own class's initialisers.
                found.insert(0, constructor);
                break;
            }
            if let Some(init) = entry.instance_init {
                found.insert(0, init);
            }
            steps += 1;
            next = if steps < 32 { entry.superclass } else { None };
        }
        found
    }

    /// What a constructor does before its own statements.
    pub(super) fn enter_constructor(&mut self, frame: &mut Frame<'u>, constructor: super::MethodId) {
        let Some(class) = self.symbols.method(constructor).class else { return };
        let unit = self.symbols.unit(frame.unit);
        let first = self.symbols.block(constructor).and_then(|block| block.first());
        let chained = first.and_then(|stmt| match &stmt.kind {
            crate::apex::unit::StmtKind::Expr(expr) => match unit.expr(*expr) {
                Expr::Call { object: None, name, .. } if name.is("this") || name.is("super") => {
                    Some(name.is("this"))
                }
                _ => None,
            },
            _ => None,
        });
        // `this(…)` runs the initialisers itself.
        if chained == Some(true) {
            return;
        }
        let mut targets = Vec::new();
        if chained.is_none()
            && let Some(parent) = self.symbols.class(class).superclass
        {
            let constructors = &self.symbols.class(parent).constructors;
            match constructors.iter().find(|&&method| self.symbols.method(method).params.is_empty()) {
                Some(&constructor) => targets.push(constructor),
                None => targets.extend(self.implicit_constructors(parent)),
            }
        }
        targets.extend(self.symbols.class(class).instance_init);
        let at = self.symbols.method(constructor).at;
        for target in targets {
            let receiver = self.receiver_for(frame, false, None);
            self.call_on_this(frame, at, target, receiver, How::Declared, &[]);
        }
    }

    /// A class that a WSDL import generated: it has the address in `endpoint_x`.
    pub(super) fn is_soap_stub(&self, class: ClassId) -> bool {
        self.symbols.field_named(class, Name::new("endpoint_x")).is_some()
    }

    /// Runs the static initialiser of a class at its first use in this body.
    pub(super) fn touch_static(&mut self, frame: &mut Frame<'u>, id: ExprId, class: ClassId) {
        let Some(init) = self.symbols.class(class).static_init else { return };
        if frame.class == Some(class) || frame.touched.contains(&class) || frame.method.is_none() {
            return;
        }
        // An inner class's code runs after its outer class was initialised, and the other way round.
        frame.touched.push(class);
        let at = frame.at(self, id);
        self.call_method(frame, at, &[(init, Receiver::None)], How::Declared, &[]);
    }

    // Queries

    fn query(&mut self, frame: &mut Frame<'u>, id: ExprId, query: crate::apex::unit::QueryId) -> Value {
        let unit = self.symbols.unit(frame.unit);
        let query = unit.query(query);
        // Which binds are the id of one record.
        let mut ids = Vec::new();
        let mut bound_values = Vec::new();
        for &bind in &query.binds {
            let value = self.eval(frame, bind);
            bound_values.extend(value.slots.iter());
            let is_id = value.ty.is_platform("id") || self.reads_id(frame, bind);
            if is_id && query.keys.iter().any(|(_, key)| *key == bind) {
                ids.push(bind);
            }
        }
        let at = frame.at(self, id);
        let is_search = query.language == crate::apex::unit::QueryLanguage::Sosl;
        let facts = vec![
            ("mode", if query.user_mode { "user" } else { "system" }.into()),
            ("filtered", if query.where_fields.is_empty() { "no" } else { "yes" }.into()),
            ("limited", if query.limit == QueryLimit::None && !query.is_count { "no" } else { "yes" }.into()),
            ("keyed-by", if query.binds.is_empty() { "nothing" } else { "unknown" }.into()),
        ];
        self.query_effects(frame, at, query.object, is_search, query.for_update, facts);
        let site = self.site_at(at, if is_search { Effect::Search } else { Effect::Query });
        if let Some(site) = site.filter(|_| !bound_values.is_empty()) {
            self.site_values.entry(site).or_default().append(&mut bound_values);
        }
        let record = query.object.map_or(Ty::named("SObject"), Ty::Platform);
        if is_search {
            return Value::of(Ty::list(Ty::list(Ty::named("SObject"))));
        }
        if query.is_count {
            if let Some(site) = site {
                frame.note_rows(site, Size::Exactly(1));
            }
            return Value::of(Ty::named("Integer"));
        }
        let mut keys = query.keys.iter().filter(|(_, bind)| ids.contains(bind));
        let bound = match query.limit {
            QueryLimit::Rows(rows) => Bound::Constant(rows),
            _ if keys.clone().any(|(field, _)| field.is("id")) => Bound::Constant(1),
            _ if keys.next().is_some() => Bound::RelatedRows,
            _ => Bound::QueryRows,
        };
        let ty = if query.is_aggregate { Ty::named("AggregateResult") } else { record };
        let rows = Slot::QueryRows { unit: frame.unit, expr: id, object: query.object };
        let slot = self.flow.slot(rows, Some(at));
        let size = self.rows_of_query(frame, at, query, bound);
        if let Some(site) = site {
            frame.note_rows(site, size.clone());
        }
        Value { slots: Slots::one(slot), ..Value::known(Known::Sized(bound), Ty::list(ty)) }.sized(size)
    }

    /// `record.Id`, which is an id on every object.
    fn reads_id(&self, frame: &Frame<'u>, expr: ExprId) -> bool {
        matches!(self.symbols.unit(frame.unit).expr(expr), Expr::Field { name, .. } if name.is("id"))
    }

    /// The effects of a query on `object`: a query, and a callout where the data is outside.
    pub(super) fn query_effects(
        &mut self,
        frame: &mut Frame<'u>,
        at: crate::span::Location,
        object: Option<Name>,
        is_search: bool,
        for_update: bool,
        facts: Vec<(&'static str, Cow<'static, str>)>,
    ) {
        // Custom metadata is read from the cache and counts for no limit.
        if object.is_some_and(|object| object.folded().ends_with("__mdt")) {
            return;
        }
        let effect = if is_search { Effect::Search } else { Effect::Query };
        let label = |what: &str| match object {
            Some(object) => format!("{what} of {object}"),
            None => what.to_owned(),
        };
        let text = label(if is_search { "SOSL search" } else { "SOQL query" });
        self.effect(frame, effect, at, |frame| Site {
            effect,
            at,
            symbol: frame.symbol.clone(),
            label: text,
            object,
            operation: None,
            facts,
        });
        if for_update {
            let text = label("`FOR UPDATE` query");
            self.effect(frame, Effect::Lock, at, |frame| Site {
                effect: Effect::Lock,
                at,
                symbol: frame.symbol.clone(),
                label: text,
                object,
                operation: None,
                facts: Vec::new(),
            });
        }
        let outside = object.is_some_and(|object| {
            let name = object.folded();
            name.ends_with("__dlm") || name.ends_with("__dll") || name.ends_with("__cio")
        });
        if outside {
            let text = label("Data Cloud query");
            self.callout(frame, at, "data-cloud", text, &Slots::default());
        }
    }
}

/// A collection that a message is put together in, before it becomes JSON or form data.
pub(super) fn is_message(ty: &Ty) -> bool {
    let holds = match ty {
        Ty::Map(pair) if pair.0.is_platform("string") => &pair.1,
        Ty::List(element) => element,
        _ => return false,
    };
    match holds {
        Ty::Platform(name) => name.is("object") || name.is("string"),
        inner => inner.is_collection() && is_message(inner),
    }
}

fn part_location(linker: &Linker, value: &Value) -> Option<crate::span::Location> {
    value.slots.iter().find_map(|slot| linker.flow.at(slot))
}

/// What System.isFuture() and its like say of a job kind.
pub(super) fn job_is(job: AsyncContext, lower: &str) -> Option<bool> {
    let kind = match job {
        AsyncContext::Unknown => return None,
        AsyncContext::Synchronous => "",
        AsyncContext::Future => "isfuture",
        AsyncContext::Queueable => "isqueueable",
        AsyncContext::Batch => "isbatch",
        AsyncContext::Scheduled => "isscheduled",
    };
    Some(kind == lower)
}
