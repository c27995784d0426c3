//! The project's classes, methods and fields, and how their names resolve.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::apex::unit::{
    Annotation, Block, Expr, ExprId, Modifiers, Param, TriggerDecl, TypeDecl, TypeKind, TypeRef, Unit,
};
use crate::name::Name;
use crate::span::{Location, Span};

use super::types::Ty;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MethodId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub u32);

pub struct Class {
    /// Index into the units.
    pub unit: u32,
    /// Index into [`Unit::types`].
    pub decl: u32,
    /// `Outer.Inner` in full.
    pub name: Name,
    pub outer: Option<ClassId>,
    /// Inner types by simple name.
    pub inner: FxHashMap<Name, ClassId>,
    pub superclass: Option<ClassId>,
    /// Interfaces that the project holds.
    pub interfaces: Vec<ClassId>,
    /// Supertypes that it does not hold: platform interfaces, managed packages.
    pub foreign_supertypes: Vec<Name>,
    /// Classes and interfaces that name this one as a supertype.
    pub subtypes: Vec<ClassId>,
    pub is_test: bool,
    pub methods: FxHashMap<Name, Vec<MethodId>>,
    pub fields: FxHashMap<Name, FieldId>,
    pub constructors: Vec<MethodId>,
    /// Static field initialisers and `static { }` blocks, where they do anything.
    pub static_init: Option<MethodId>,
    /// Instance field initialisers and `{ }` blocks, where they do anything.
    pub instance_init: Option<MethodId>,
    /// Whether the project makes an instance of exactly this class, or names it as `X.class`.
    pub instantiated: bool,
    /// Whether an instance may be made by a name that is not known (`(X) type.newInstance()`, with this
    /// class or a supertype of it for `X`).
    pub reflected: bool,
}

/// Where the statements of a [`Method`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Body {
    Method { decl: u32, method: u32 },
    Getter { decl: u32, field: u32 },
    Setter { decl: u32, field: u32 },
    StaticInit { decl: u32 },
    InstanceInit { decl: u32 },
    Trigger,
    TriggerMethod { method: u32 },
}

pub struct Method {
    pub unit: u32,
    /// `None` for triggers.
    pub class: Option<ClassId>,
    pub body: Body,
    pub name: Name,
    pub params: Vec<(Name, Ty)>,
    pub returns: Ty,
    pub is_static: bool,
    pub is_constructor: bool,
    pub is_test: bool,
    pub at: Location,
    /// "Class.method".
    pub symbol: String,
}

pub struct Field {
    pub class: ClassId,
    pub unit: u32,
    pub decl: u32,
    pub index: u32,
    pub name: Name,
    pub ty: Ty,
    pub is_static: bool,
    pub getter: Option<MethodId>,
    pub setter: Option<MethodId>,
    pub init: Option<ExprId>,
    /// Assigned anywhere but in its own initialiser.
    pub assigned: bool,
    pub modifiers: Modifiers,
    /// The classes of all objects assigned to it in its own class, where each is a `new X(…)`.
    pub exact_types: Option<Vec<TypeRef>>,
}

pub struct Symbols<'u> {
    pub units: &'u [Unit],
    pub classes: Vec<Class>,
    pub methods: Vec<Method>,
    pub fields: Vec<Field>,
    /// Top-level and full inner names; several where several packages declare the same class.
    by_name: FxHashMap<Name, Vec<ClassId>>,
    /// Of each unit: the modules around it, the innermost first.
    modules: Vec<Vec<u32>>,
    /// Active triggers by object.
    pub triggers: FxHashMap<Name, Vec<MethodId>>,
    /// Names of fields that any code assigns through an object (`x.name = …`).
    assigned_members: FxHashSet<Name>,
}

impl<'u> Symbols<'u> {
    pub fn class(&self, id: ClassId) -> &Class {
        &self.classes[id.0 as usize]
    }

    pub fn method(&self, id: MethodId) -> &Method {
        &self.methods[id.0 as usize]
    }

    /// The fields that a class declares itself.
    pub fn fields_of(&self, class: ClassId) -> Vec<FieldId> {
        let mut fields: Vec<FieldId> = self.class(class).fields.values().copied().collect();
        fields.sort_unstable();
        fields
    }

    pub fn field(&self, id: FieldId) -> &Field {
        &self.fields[id.0 as usize]
    }

    pub fn unit(&self, index: u32) -> &'u Unit {
        &self.units[index as usize]
    }

    pub fn decl(&self, class: ClassId) -> &'u TypeDecl {
        let class = self.class(class);
        &self.unit(class.unit).types[class.decl as usize]
    }

    pub fn trigger_decl(&self, method: MethodId) -> Option<&'u TriggerDecl> {
        self.unit(self.method(method).unit).trigger.as_ref()
    }

    /// Annotations of a declared method.
    pub fn annotations(&self, method: MethodId) -> &'u [Annotation] {
        let method = self.method(method);
        match method.body {
            Body::Method { decl, method: m } => {
                &self.unit(method.unit).types[decl as usize].methods[m as usize].annotations
            }
            _ => &[],
        }
    }

    pub fn annotation(&self, method: MethodId, lower: &str) -> Option<&'u Annotation> {
        self.annotations(method).iter().find(|annotation| annotation.name.is(lower))
    }

    pub fn modifiers(&self, method: MethodId) -> Modifiers {
        let method = self.method(method);
        let unit = self.unit(method.unit);
        match method.body {
            Body::Method { decl, method: m } => unit.types[decl as usize].methods[m as usize].modifiers,
            Body::Getter { decl, field } | Body::Setter { decl, field } => {
                unit.types[decl as usize].fields[field as usize].modifiers
            }
            _ => Modifiers::default(),
        }
    }

    /// The statements of a method; `None` for abstract ones. Initialisers have several parts and
    /// are no blocks.
    pub fn block(&self, method: MethodId) -> Option<&'u Block> {
        let method = self.method(method);
        let unit = self.unit(method.unit);
        match method.body {
            Body::Method { decl, method: m } => unit.types[decl as usize].methods[m as usize].body.as_ref(),
            Body::Getter { decl, field } => {
                unit.types[decl as usize].fields[field as usize].getter.as_ref()?.body.as_ref()
            }
            Body::Setter { decl, field } => {
                unit.types[decl as usize].fields[field as usize].setter.as_ref()?.body.as_ref()
            }
            Body::Trigger => unit.trigger.as_ref().map(|trigger| &trigger.body),
            Body::TriggerMethod { method: m } => unit.trigger.as_ref()?.methods[m as usize].body.as_ref(),
            Body::StaticInit { .. } | Body::InstanceInit { .. } => None,
        }
    }

    /// Whether `class` is `ancestor` or below it.
    pub fn is_subtype(&self, class: ClassId, ancestor: ClassId) -> bool {
        if class == ancestor {
            return true;
        }
        let class = self.class(class);
        class.superclass.is_some_and(|parent| self.is_subtype(parent, ancestor))
            || class.interfaces.iter().any(|&parent| self.is_subtype(parent, ancestor))
    }

    /// Whether `class` or an ancestor names the foreign supertype `lower` (without `System.`).
    pub fn has_foreign_supertype(&self, class: ClassId, lower: &str) -> bool {
        let entry = self.class(class);
        entry.foreign_supertypes.iter().any(|name| strip_namespace(name.folded()) == lower)
            || entry.superclass.is_some_and(|parent| self.has_foreign_supertype(parent, lower))
            || entry.interfaces.iter().any(|&parent| self.has_foreign_supertype(parent, lower))
    }

    /// Whether a supertype of the class is outside of the project, so that members may be inherited
    /// that are not known here.
    pub fn extends_unknown(&self, class: ClassId) -> bool {
        let entry = self.class(class);
        let decl = self.decl(class);
        (decl.superclass.is_some() && entry.superclass.is_none())
            || entry.superclass.is_some_and(|parent| self.extends_unknown(parent))
    }

    /// All concrete classes at or below `class` that no test declares.
    pub fn concrete_subtypes(&self, class: ClassId) -> Vec<ClassId> {
        let mut found = Vec::new();
        let mut seen = FxHashSet::default();
        let mut todo = vec![class];
        while let Some(next) = todo.pop() {
            if !seen.insert(next) {
                continue;
            }
            let decl = self.decl(next);
            if decl.kind == TypeKind::Class
                && !decl.modifiers.has(Modifiers::ABSTRACT)
                && !self.class(next).is_test
            {
                found.push(next);
            }
            todo.extend(&self.class(next).subtypes);
        }
        found.sort();
        found
    }

    /// Whether another class may extend this one.
    pub fn is_open(&self, class: ClassId) -> bool {
        !self.class(class).subtypes.is_empty()
    }

    /// The methods named `name` that an object of `class` has, most derived first.
    pub fn methods_named(&self, class: ClassId, name: Name) -> Vec<MethodId> {
        let mut found = Vec::new();
        let mut next = Some(class);
        let mut steps = 0;
        while let Some(id) = next {
            let entry = self.class(id);
            if let Some(methods) = entry.methods.get(&name) {
                found.extend(methods);
            }
            steps += 1;
            next = if steps < 32 { entry.superclass } else { None };
        }
        if found.is_empty() {
            for &interface in &self.class(class).interfaces {
                found.extend(self.methods_named(interface, name));
            }
            if let Some(parent) = self.class(class).superclass {
                for &interface in &self.class(parent).interfaces {
                    found.extend(self.methods_named(interface, name));
                }
            }
        }
        found
    }

    pub fn field_named(&self, class: ClassId, name: Name) -> Option<FieldId> {
        let mut next = Some(class);
        let mut steps = 0;
        while let Some(id) = next {
            let entry = self.class(id);
            if let Some(&field) = entry.fields.get(&name) {
                return Some(field);
            }
            steps += 1;
            next = if steps < 32 { entry.superclass } else { None };
        }
        None
    }

    /// The class that `name` (maybe dotted) means inside `scope`.
    pub fn class_named(&self, scope: Option<ClassId>, name: Name) -> Option<ClassId> {
        let mut next = scope;
        let mut steps = 0;
        while let Some(id) = next {
            if let Some(found) = self.inner_class(id, name) {
                return Some(found);
            }
            let entry = self.class(id);
            if entry.name == name {
                return Some(id);
            }
            steps += 1;
            next = if steps < 8 { entry.outer } else { None };
        }
        self.nearest(name, scope.map(|scope| self.class(scope).unit))
    }

    /// Of the classes of this name, the one in the same module as the unit, else in the nearest one
    /// around it, else the first by path.
    pub fn nearest(&self, name: Name, unit: Option<u32>) -> Option<ClassId> {
        let found = self.by_name.get(&name)?;
        if let ([_, _, ..], Some(unit)) = (found.as_slice(), unit) {
            for module in &self.modules[unit as usize] {
                let inside = |id: &&ClassId| self.modules[self.class(**id).unit as usize].contains(module);
                if let Some(&id) = found.iter().find(inside) {
                    return Some(id);
                }
            }
        }
        found.first().copied()
    }

    /// An inner class of `class` or of one of its ancestors.
    fn inner_class(&self, class: ClassId, name: Name) -> Option<ClassId> {
        let mut next = Some(class);
        let mut steps = 0;
        while let Some(id) = next {
            let entry = self.class(id);
            if let Some(&found) = entry.inner.get(&name) {
                return Some(found);
            }
            steps += 1;
            next = if steps < 16 { entry.superclass } else { None };
        }
        None
    }

    /// What a written type means inside `scope`.
    pub fn resolve(&self, scope: Option<ClassId>, ty: &TypeRef) -> Ty {
        let arg = |index: usize| ty.args.get(index).map_or(Ty::Unknown, |arg| self.resolve(scope, arg));
        match strip_namespace(ty.name.folded()) {
            "list" | "iterable" | "iterator" if !ty.args.is_empty() => return Ty::list(arg(0)),
            "set" if !ty.args.is_empty() => return Ty::set(arg(0)),
            "map" if ty.args.len() == 2 => return Ty::map(arg(0), arg(1)),
            _ => {}
        }
        match self.class_named(scope, ty.name) {
            Some(class) => Ty::Class(class),
            None => Ty::platform(ty.name),
        }
    }

    pub fn location(&self, unit: u32, span: Span) -> Location {
        Location { file: self.unit(unit).file, span }
    }
}

/// `System.Http` → `http`; `Schema.SObjectType` → `sobjecttype`. Input in lower case.
pub fn strip_namespace(lower: &str) -> &str {
    lower.strip_prefix("system.").or_else(|| lower.strip_prefix("schema.")).unwrap_or(lower)
}

/// Builds the tables. `modules` has, for each unit, the modules around it, the innermost first.
pub fn build(units: &[Unit], modules: Vec<Vec<u32>>) -> Symbols<'_> {
    let mut symbols = Symbols {
        units,
        classes: Vec::new(),
        methods: Vec::new(),
        fields: Vec::new(),
        by_name: FxHashMap::default(),
        modules,
        triggers: FxHashMap::default(),
        assigned_members: FxHashSet::default(),
    };
    declare_classes(&mut symbols);
    link_supertypes(&mut symbols);
    declare_members(&mut symbols);
    declare_triggers(&mut symbols);
    scan_bodies(&mut symbols);
    symbols
}

fn declare_classes(symbols: &mut Symbols) {
    for (unit_index, unit) in symbols.units.iter().enumerate() {
        let first = symbols.classes.len() as u32;
        for (index, decl) in unit.types.iter().enumerate() {
            let outer = decl.outer.map(|outer| ClassId(first + outer));
            let name = match outer {
                Some(outer) => Name::new(&format!("{}.{}", symbols.class(outer).name, decl.name)),
                None => decl.name,
            };
            let outer_is_test = outer.is_some_and(|outer| symbols.class(outer).is_test);
            let id = ClassId(symbols.classes.len() as u32);
            symbols.classes.push(Class {
                unit: unit_index as u32,
                decl: index as u32,
                name,
                outer,
                inner: FxHashMap::default(),
                superclass: None,
                interfaces: Vec::new(),
                foreign_supertypes: Vec::new(),
                subtypes: Vec::new(),
                is_test: outer_is_test || is_test_type(decl),
                methods: FxHashMap::default(),
                fields: FxHashMap::default(),
                constructors: Vec::new(),
                static_init: None,
                instance_init: None,
                instantiated: false,
                reflected: false,
            });
            if let Some(outer) = outer {
                symbols.classes[outer.0 as usize].inner.insert(decl.name, id);
            }
            symbols.by_name.entry(name).or_default().push(id);
        }
    }
}

/// Test code by annotation, or because it implements a mock interface of the test framework.
fn is_test_type(decl: &TypeDecl) -> bool {
    decl.annotations.iter().any(|annotation| annotation.name.is("istest"))
        || decl.interfaces.iter().any(|interface| {
            matches!(
                strip_namespace(interface.name.folded()),
                "httpcalloutmock" | "webservicemock" | "stubprovider"
            )
        })
}

fn link_supertypes(symbols: &mut Symbols) {
    for index in 0..symbols.classes.len() {
        let id = ClassId(index as u32);
        let decl = symbols.decl(id);
        let scope = symbols.class(id).outer.or(Some(id));
        let mut interfaces = Vec::new();
        let mut foreign = Vec::new();
        let mut superclass = None;
        if let Some(parent) = &decl.superclass {
            match symbols.class_named(scope, parent.name).filter(|&parent| parent != id) {
                Some(parent) => superclass = Some(parent),
                None => foreign.push(parent.name),
            }
        }
        for interface in &decl.interfaces {
            match symbols.class_named(scope, interface.name).filter(|&parent| parent != id) {
                Some(parent) => interfaces.push(parent),
                None => foreign.push(interface.name),
            }
        }
        for &parent in superclass.iter().chain(&interfaces) {
            symbols.classes[parent.0 as usize].subtypes.push(id);
        }
        let entry = &mut symbols.classes[index];
        entry.superclass = superclass;
        entry.interfaces = interfaces;
        entry.foreign_supertypes = foreign;
    }
    break_inheritance_cycles(symbols);
}

/// Broken code may inherit from itself; every walk over ancestors relies on there being an end.
fn break_inheritance_cycles(symbols: &mut Symbols) {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; symbols.classes.len()];
    for start in 0..symbols.classes.len() {
        let mut stack = vec![(start, 0usize)];
        while let Some(&mut (at, ref mut edge)) = stack.last_mut() {
            if marks[at] == Mark::Done {
                stack.pop();
                continue;
            }
            marks[at] = Mark::Open;
            let entry = &symbols.classes[at];
            let parents = entry.superclass.iter().chain(&entry.interfaces).count();
            if *edge >= parents {
                marks[at] = Mark::Done;
                stack.pop();
                continue;
            }
            let parent = *entry.superclass.iter().chain(&entry.interfaces).nth(*edge).expect("counted");
            *edge += 1;
            match marks[parent.0 as usize] {
                Mark::New => stack.push((parent.0 as usize, 0)),
                Mark::Done => {}
                Mark::Open => {
                    let entry = &mut symbols.classes[at];
                    if entry.superclass == Some(parent) {
                        entry.superclass = None;
                    }
                    entry.interfaces.retain(|&interface| interface != parent);
                    *edge = 0;
                }
            }
        }
    }
}

fn declare_members(symbols: &mut Symbols) {
    for index in 0..symbols.classes.len() {
        let id = ClassId(index as u32);
        let (unit_index, decl_index) = (symbols.classes[index].unit, symbols.classes[index].decl);
        let unit = symbols.unit(unit_index);
        let decl = symbols.decl(id);
        let class_name = symbols.classes[index].name;
        let class_is_test = symbols.classes[index].is_test;
        for (m, method) in decl.methods.iter().enumerate() {
            let is_test = class_is_test
                || method.modifiers.has(Modifiers::TEST_METHOD)
                || method
                    .annotations
                    .iter()
                    .any(|annotation| annotation.name.is("istest") || annotation.name.is("testsetup"));
            let label = if method.is_constructor { Name::new("new") } else { method.name };
            let method_id = MethodId(symbols.methods.len() as u32);
            let entry = Method {
                unit: unit_index,
                class: Some(id),
                body: Body::Method { decl: decl_index, method: m as u32 },
                name: method.name,
                params: resolve_params(symbols, id, &method.params),
                returns: match &method.returns {
                    Some(ty) => symbols.resolve(Some(id), ty),
                    None => Ty::Void,
                },
                is_static: method.modifiers.has(Modifiers::STATIC)
                    || method.modifiers.has(Modifiers::WEBSERVICE)
                    || method.modifiers.has(Modifiers::TEST_METHOD),
                is_constructor: method.is_constructor,
                is_test,
                at: Location { file: unit.file, span: method.name_span },
                symbol: format!("{class_name}.{label}"),
            };
            symbols.methods.push(entry);
            let class = &mut symbols.classes[index];
            if method.is_constructor {
                class.constructors.push(method_id);
            } else {
                class.methods.entry(method.name).or_default().push(method_id);
            }
        }
        let mut has_static = !decl.static_init.is_empty();
        let mut has_instance = !decl.instance_init.is_empty();
        for (f, field) in decl.fields.iter().enumerate() {
            let is_static = field.modifiers.has(Modifiers::STATIC);
            let ty = symbols.resolve(Some(id), &field.ty);
            let accessor = |symbols: &mut Symbols, getter: bool, span: Span| {
                let method_id = MethodId(symbols.methods.len() as u32);
                let (decl, field_index) = (decl_index, f as u32);
                symbols.methods.push(Method {
                    unit: unit_index,
                    class: Some(id),
                    body: if getter {
                        Body::Getter { decl, field: field_index }
                    } else {
                        Body::Setter { decl, field: field_index }
                    },
                    name: field.name,
                    params: if getter { Vec::new() } else { vec![(Name::new("value"), ty.clone())] },
                    returns: if getter { ty.clone() } else { Ty::Void },
                    is_static,
                    is_constructor: false,
                    is_test: class_is_test,
                    at: Location { file: unit.file, span },
                    symbol: format!("{class_name}.{} ({})", field.name, if getter { "get" } else { "set" }),
                });
                method_id
            };
            let getter = field
                .getter
                .as_ref()
                .filter(|accessor| accessor.body.is_some())
                .map(|body| accessor(symbols, true, body.span));
            let setter = field
                .setter
                .as_ref()
                .filter(|accessor| accessor.body.is_some())
                .map(|body| accessor(symbols, false, body.span));
            if let Some(init) = field.init
                && !is_inert(unit, init)
            {
                if is_static {
                    has_static = true;
                } else {
                    has_instance = true;
                }
            }
            let field_id = FieldId(symbols.fields.len() as u32);
            symbols.fields.push(Field {
                class: id,
                unit: unit_index,
                decl: decl_index,
                index: f as u32,
                name: field.name,
                ty,
                is_static,
                getter,
                setter,
                init: field.init,
                assigned: false,
                modifiers: field.modifiers,
                exact_types: Some(Vec::new()),
            });
            symbols.classes[index].fields.entry(field.name).or_insert(field_id);
        }
        let initialiser = |symbols: &mut Symbols, body: Body, label: &str| {
            let method_id = MethodId(symbols.methods.len() as u32);
            symbols.methods.push(Method {
                unit: unit_index,
                class: Some(id),
                body,
                name: Name::new(label),
                params: Vec::new(),
                returns: Ty::Void,
                is_static: matches!(body, Body::StaticInit { .. }),
                is_constructor: false,
                is_test: class_is_test,
                at: Location { file: unit.file, span: decl.name_span },
                symbol: format!("{class_name} ({label})"),
            });
            method_id
        };
        if has_static {
            let method = initialiser(symbols, Body::StaticInit { decl: decl_index }, "static initialiser");
            symbols.classes[index].static_init = Some(method);
        }
        if has_instance {
            let method = initialiser(symbols, Body::InstanceInit { decl: decl_index }, "initialiser");
            symbols.classes[index].instance_init = Some(method);
        }
    }
}

/// Whether evaluating the expression can have no effect that any stage asks about.
fn is_inert(unit: &Unit, expr: ExprId) -> bool {
    match unit.expr(expr) {
        Expr::Str(_)
        | Expr::Int(_)
        | Expr::Bool(_)
        | Expr::Null
        | Expr::Name(_)
        | Expr::This
        | Expr::ClassLiteral(_) => true,
        Expr::Field { object, .. } => is_inert(unit, *object),
        Expr::Binary { left, right, .. } => is_inert(unit, *left) && is_inert(unit, *right),
        Expr::ListLiteral { elements, .. } => unit.list(*elements).iter().all(|&part| is_inert(unit, part)),
        Expr::MapLiteral { entries, .. } => unit.list(*entries).iter().all(|&part| is_inert(unit, part)),
        Expr::Other { parts } => unit.list(*parts).iter().all(|&part| is_inert(unit, part)),
        _ => false,
    }
}

fn resolve_params(symbols: &Symbols, class: ClassId, params: &[Param]) -> Vec<(Name, Ty)> {
    params.iter().map(|param| (param.name, symbols.resolve(Some(class), &param.ty))).collect()
}

fn declare_triggers(symbols: &mut Symbols) {
    for (unit_index, unit) in symbols.units.iter().enumerate() {
        let Some(trigger) = &unit.trigger else { continue };
        let id = MethodId(symbols.methods.len() as u32);
        let at = Location { file: unit.file, span: trigger.name_span };
        symbols.methods.push(Method {
            unit: unit_index as u32,
            class: None,
            body: Body::Trigger,
            name: trigger.name,
            params: Vec::new(),
            returns: Ty::Void,
            is_static: true,
            is_constructor: false,
            is_test: false,
            at,
            symbol: trigger.name.as_str().to_owned(),
        });
        if trigger.active {
            symbols.triggers.entry(trigger.object).or_default().push(id);
        }
        for (m, method) in trigger.methods.iter().enumerate() {
            let entry = Method {
                unit: unit_index as u32,
                class: None,
                body: Body::TriggerMethod { method: m as u32 },
                name: method.name,
                params: method.params.iter().map(|p| (p.name, symbols.resolve(None, &p.ty))).collect(),
                returns: method.returns.as_ref().map_or(Ty::Void, |ty| symbols.resolve(None, ty)),
                is_static: true,
                is_constructor: false,
                is_test: false,
                at: Location { file: unit.file, span: method.name_span },
                symbol: format!("{}.{}", trigger.name, method.name),
            };
            symbols.methods.push(entry);
        }
    }
}

/// One pass over all expressions: which classes are instantiated, which fields are assigned what.
fn scan_bodies(symbols: &mut Symbols) {
    let mut instantiated = FxHashSet::default();
    let mut reflected = FxHashSet::default();
    for unit_index in 0..symbols.units.len() {
        let unit = symbols.unit(unit_index as u32);
        // Which class an expression belongs to is not recorded: its names are tried in each type of
        // the unit.
        let first = symbols.classes.partition_point(|class| class.unit < unit_index as u32);
        let last = symbols.classes.partition_point(|class| class.unit <= unit_index as u32);
        let scopes: Vec<ClassId> = (first..last).map(|index| ClassId(index as u32)).collect();
        let mut assigned: Vec<(Name, bool, Option<ExprId>)> = Vec::new();
        for expr in &unit.exprs {
            match expr {
                Expr::New { ty, .. } | Expr::ClassLiteral(ty) => {
                    instantiated.extend(class_seen_from(symbols, &scopes, ty.name));
                }
                Expr::Cast { ty, value } if is_new_instance(unit, *value) => {
                    reflected.extend(class_seen_from(symbols, &scopes, ty.name));
                }
                Expr::Assign { left, right, .. } => match unit.expr(*left) {
                    Expr::Name(name) => assigned.push((*name, false, Some(*right))),
                    Expr::Field { object, name } => {
                        let own = matches!(unit.expr(*object), Expr::This);
                        if own {
                            assigned.push((*name, false, Some(*right)));
                        } else {
                            assigned.push((*name, true, Some(*right)));
                        }
                    }
                    _ => {}
                },
                Expr::Update { operand } => match unit.expr(*operand) {
                    Expr::Name(name) | Expr::Field { name, .. } => assigned.push((*name, true, None)),
                    _ => {}
                },
                _ => {}
            }
        }
        for (name, through_object, value) in assigned {
            if through_object {
                symbols.assigned_members.insert(name);
            }
            for &scope in &scopes {
                let Some(&field) = symbols.class(scope).fields.get(&name) else { continue };
                let exact = value.and_then(|value| exact_types(unit, value));
                let entry = &mut symbols.fields[field.0 as usize];
                entry.assigned = true;
                match (exact, &mut entry.exact_types) {
                    (Some(types), Some(known)) => known.extend(types),
                    (None, known) => *known = None,
                    _ => {}
                }
            }
        }
    }
    for class in instantiated {
        symbols.classes[class.0 as usize].instantiated = true;
    }
    for class in reflected {
        for below in symbols.concrete_subtypes(class) {
            symbols.classes[below.0 as usize].reflected = true;
        }
    }
    for index in 0..symbols.fields.len() {
        let field = &symbols.fields[index];
        let unit = symbols.unit(field.unit);
        let init = field.init.map(|init| exact_types(unit, init));
        let elsewhere = symbols.assigned_members.contains(&field.name)
            && !field.modifiers.has(Modifiers::PRIVATE)
            && !field.modifiers.has(Modifiers::FINAL);
        let field = &mut symbols.fields[index];
        if elsewhere {
            field.assigned = true;
            field.exact_types = None;
        }
        match (init, &mut field.exact_types) {
            (Some(Some(types)), Some(known)) => known.extend(types),
            (Some(None), known) => *known = None,
            _ => {}
        }
    }
}

/// The class that a name means in one of the types.
fn class_seen_from(symbols: &Symbols, scopes: &[ClassId], name: Name) -> Option<ClassId> {
    let seen = scopes.iter().find_map(|&scope| symbols.class_named(Some(scope), name));
    seen.or_else(|| symbols.class_named(None, name))
}

/// `type.newInstance()`.
fn is_new_instance(unit: &Unit, expr: ExprId) -> bool {
    matches!(unit.expr(expr), Expr::Call { object: Some(_), name, .. } if name.is("newinstance"))
}

/// The types of the objects that the expression makes, if it makes nothing else (`null` aside).
fn exact_types(unit: &Unit, expr: ExprId) -> Option<Vec<TypeRef>> {
    match unit.expr(expr) {
        Expr::New { ty, .. } => Some(vec![(**ty).clone()]),
        Expr::Null => Some(Vec::new()),
        Expr::Ternary { then, otherwise, .. } => {
            let mut types = exact_types(unit, *then)?;
            types.extend(exact_types(unit, *otherwise)?);
            Some(types)
        }
        Expr::Cast { value, .. } => exact_types(unit, *value),
        _ => None,
    }
}
