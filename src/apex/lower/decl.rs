//! Declarations: types, members, triggers.

use super::super::unit::{
    Accessor, Annotation, Block, FieldDecl, MethodDecl, Modifiers, Param, TriggerDecl, TriggerEvent,
    TypeDecl, TypeKind, TypeRef,
};
use super::Lowerer;
use super::expr::unquoted;
use super::kinds::{Field, Kind};
use super::types::{is_type, list_of, no_name, nothing};
use crate::name::Name;
use crate::span::Span;

/// The modifiers and annotations before a declaration.
#[derive(Default)]
struct Prefix {
    modifiers: Modifiers,
    annotations: Vec<Annotation>,
}

impl Lowerer<'_> {
    /// The whole file.
    pub(super) fn file(&mut self) {
        // Of a text that it could make nothing of, the parser makes one large error.
        if self.kind() == Kind::Error {
            return self.broken_top_level();
        }
        self.children(|this, kind| match kind {
            Kind::TriggerDeclaration => this.trigger(),
            Kind::ClassDeclaration | Kind::InterfaceDeclaration | Kind::EnumDeclaration => {
                this.type_decl(kind, None)
            }
            Kind::Error => this.broken_top_level(),
            // One `}` too many leaves the rest of the class's members outside of it.
            _ => this.member(kind, this.last_outer_type()),
        });
    }

    fn last_outer_type(&self) -> Option<u32> {
        self.unit.types.iter().rposition(|ty| ty.outer.is_none()).map(|index| index as u32)
    }

    /// What an ERROR node beside or instead of the file's class holds: most often the class itself,
    /// without its end.
    fn broken_top_level(&mut self) {
        let mut prefix = Prefix::default();
        let mut kind_seen = None;
        let mut owner = self.last_outer_type();
        let span = self.span();
        self.children(|this, kind| match kind {
            Kind::Modifiers => prefix = this.modifiers(),
            Kind::ClassDeclaration | Kind::InterfaceDeclaration | Kind::EnumDeclaration => {
                this.type_decl(kind, owner)
            }
            Kind::TriggerDeclaration => this.trigger(),
            Kind::Identifier if kind_seen.is_some() => {
                let Some(kind) = kind_seen.take() else { return };
                let prefix = std::mem::take(&mut prefix);
                owner = Some(this.begin_type(kind, owner, span));
                let name_span = this.span();
                let name = this.name();
                let decl = this.type_at(owner.unwrap_or_default());
                decl.name = name;
                decl.name_span = name_span;
                decl.modifiers = prefix.modifiers;
                decl.annotations = prefix.annotations;
            }
            Kind::Unknown => {
                let text = this.text();
                if text.eq_ignore_ascii_case("class") {
                    kind_seen = Some(TypeKind::Class);
                } else if text.eq_ignore_ascii_case("interface") {
                    kind_seen = Some(TypeKind::Interface);
                } else {
                    this.heritage(owner);
                }
            }
            _ => this.member(kind, owner),
        });
    }

    /// `extends X` and `implements X, Y`, where the current node is one of them.
    fn heritage(&mut self, owner: Option<u32>) {
        let Some(owner) = owner else { return };
        match self.cursor.node().kind() {
            "superclass" => {
                let superclass = self.first_type();
                self.type_at(owner).superclass = superclass;
            }
            "interfaces" => {
                let interfaces = self.listed_types();
                self.type_at(owner).interfaces = interfaces;
            }
            _ => {}
        }
    }

    fn first_type(&mut self) -> Option<TypeRef> {
        let mut ty = None;
        self.children(|this, kind| {
            if is_type(kind) && ty.is_none() {
                ty = Some(this.type_ref());
            }
        });
        ty
    }

    fn listed_types(&mut self) -> Vec<TypeRef> {
        let mut types = Vec::new();
        self.children(|this, kind| {
            if kind == Kind::TypeList {
                this.type_list(&mut types);
            }
        });
        types
    }

    /// Puts an empty type into the unit, so that its inner types come after it.
    fn begin_type(&mut self, kind: TypeKind, outer: Option<u32>, span: Span) -> u32 {
        let index = self.unit.types.len() as u32;
        self.unit.types.push(TypeDecl {
            kind,
            name: no_name(),
            outer,
            span,
            name_span: span,
            modifiers: Modifiers::default(),
            annotations: Vec::new(),
            type_params: Vec::new(),
            superclass: None,
            interfaces: Vec::new(),
            fields: Vec::new(),
            methods: Vec::new(),
            static_init: Vec::new(),
            instance_init: Vec::new(),
            enum_constants: Vec::new(),
        });
        index
    }

    pub(super) fn type_decl(&mut self, kind: Kind, outer: Option<u32>) {
        self.deeper(|this| {
            let kind = match kind {
                Kind::InterfaceDeclaration => TypeKind::Interface,
                Kind::EnumDeclaration => TypeKind::Enum,
                _ => TypeKind::Class,
            };
            let span = this.span();
            let index = this.begin_type(kind, outer, span);
            this.children(|this, kind| {
                match kind {
                    Kind::Modifiers => {
                        let Prefix { modifiers, annotations } = this.modifiers();
                        let decl = this.type_at(index);
                        decl.modifiers = modifiers;
                        decl.annotations = annotations;
                        return;
                    }
                    Kind::ExtendsInterfaces => {
                        let interfaces = this.listed_types();
                        this.type_at(index).interfaces = interfaces;
                        return;
                    }
                    Kind::Error => return,
                    _ => {}
                }
                match this.field() {
                    Field::Name => {
                        let (name, span) = (this.name(), this.span());
                        let decl = this.type_at(index);
                        decl.name = name;
                        decl.name_span = span;
                    }
                    Field::Superclass | Field::Interfaces => this.heritage(Some(index)),
                    Field::TypeParameters => this.children(|this, kind| {
                        if kind == Kind::TypeParameter {
                            let name = this.name();
                            this.type_at(index).type_params.push(name);
                        }
                    }),
                    Field::Body => {
                        let outer = this.owner.replace(index);
                        this.children(|this, kind| this.member(kind, Some(index)));
                        this.owner = outer;
                    }
                    _ => {}
                }
            });
        });
    }

    /// A member of the type at `owner`; members of nothing are dropped.
    fn member(&mut self, kind: Kind, owner: Option<u32>) {
        let Some(index) = owner else { return };
        match kind {
            Kind::MethodDeclaration | Kind::ConstructorDeclaration => {
                let method = self.method(kind);
                self.type_at(index).methods.push(method);
            }
            Kind::FieldDeclaration | Kind::ConstantDeclaration => {
                let mut fields = self.field_decl();
                self.type_at(index).fields.append(&mut fields);
            }
            Kind::ClassDeclaration | Kind::InterfaceDeclaration | Kind::EnumDeclaration => {
                self.type_decl(kind, owner);
            }
            Kind::StaticInitializer => {
                let mut block = Block::new();
                self.children(|this, kind| {
                    if kind == Kind::Block {
                        block = this.block();
                    }
                });
                self.type_at(index).static_init.push(block);
            }
            Kind::Block => {
                let block = self.block();
                self.type_at(index).instance_init.push(block);
            }
            Kind::EnumConstant => {
                let mut name = None;
                self.fields(|this, field| {
                    if field == Field::Name {
                        name = Some(this.name());
                    }
                });
                self.type_at(index).enum_constants.extend(name);
            }
            // Members around broken text are whole; what is broken is only between them.
            Kind::Error => {
                self.deeper(|this| this.children(|this, kind| this.member(kind, Some(index))));
            }
            _ => {}
        }
    }

    pub(super) fn method(&mut self, kind: Kind) -> MethodDecl {
        let span = self.span();
        let mut method = MethodDecl {
            name: no_name(),
            span,
            name_span: span,
            modifiers: Modifiers::default(),
            annotations: Vec::new(),
            is_constructor: kind == Kind::ConstructorDeclaration,
            params: Vec::new(),
            returns: None,
            body: None,
        };
        let mut dimensions = 0;
        self.children(|this, kind| {
            if kind == Kind::Modifiers {
                let prefix = this.modifiers();
                method.modifiers = prefix.modifiers;
                method.annotations = prefix.annotations;
                return;
            }
            match this.field() {
                Field::Name => {
                    method.name = this.name();
                    method.name_span = this.span();
                }
                Field::Type if kind != Kind::VoidType => method.returns = Some(this.type_ref()),
                Field::Dimensions => dimensions = this.dimensions(),
                Field::Parameters => this.children(|this, kind| {
                    if kind == Kind::FormalParameter {
                        let (ty, name) = this.formal_parameter();
                        method.params.push(Param { name, ty });
                    }
                }),
                Field::Body => method.body = Some(this.block()),
                _ => {}
            }
        });
        method.returns = method.returns.map(|ty| list_of(ty, dimensions));
        method
    }

    pub(super) fn formal_parameter(&mut self) -> (TypeRef, Name) {
        let mut ty = nothing();
        let mut name = no_name();
        let mut dimensions = 0;
        self.fields(|this, field| match field {
            Field::Type => ty = this.type_ref(),
            Field::Name => name = this.name(),
            Field::Dimensions => dimensions = this.dimensions(),
            _ => {}
        });
        (list_of(ty, dimensions), name)
    }

    /// A field or property declaration: one entry a declarator.
    fn field_decl(&mut self) -> Vec<FieldDecl> {
        let mut prefix = Prefix::default();
        let mut ty = nothing();
        let mut fields: Vec<FieldDecl> = Vec::new();
        let (mut getter, mut setter) = (None, None);
        self.children(|this, kind| match kind {
            Kind::Modifiers => prefix = this.modifiers(),
            Kind::VariableDeclarator => {
                let span = this.span();
                let (name, ty, init) = this.declarator(&ty);
                fields.push(FieldDecl {
                    name,
                    span,
                    modifiers: Modifiers::default(),
                    annotations: Vec::new(),
                    ty,
                    init,
                    getter: None,
                    setter: None,
                });
            }
            Kind::AccessorList => this.children(|this, kind| {
                if kind == Kind::AccessorDeclaration {
                    let (is_getter, accessor) = this.accessor();
                    *(if is_getter { &mut getter } else { &mut setter }) = Some(accessor);
                }
            }),
            _ if is_type(kind) => ty = this.type_ref(),
            _ => {}
        });
        for field in &mut fields {
            field.modifiers = prefix.modifiers;
        }
        if let Some((last, others)) = fields.split_last_mut() {
            for field in others {
                field.annotations.clone_from(&prefix.annotations);
            }
            last.annotations = prefix.annotations;
            last.getter = getter;
            last.setter = setter;
        }
        fields
    }

    fn accessor(&mut self) -> (bool, Accessor) {
        let mut accessor = Accessor { span: self.span(), modifiers: Modifiers::default(), body: None };
        let mut is_getter = true;
        self.children(|this, kind| {
            if kind == Kind::Modifiers {
                accessor.modifiers = this.modifiers().modifiers;
                return;
            }
            match this.field() {
                Field::Accessor => is_getter = this.text().eq_ignore_ascii_case("get"),
                Field::Body => accessor.body = Some(this.block()),
                _ => {}
            }
        });
        (is_getter, accessor)
    }

    fn modifiers(&mut self) -> Prefix {
        let mut prefix = Prefix::default();
        self.children(|this, kind| match kind {
            Kind::Annotation => prefix.annotations.push(this.annotation()),
            Kind::Modifier => this.children(|_, kind| prefix.modifiers.add(modifier(kind))),
            _ => {}
        });
        prefix
    }

    fn annotation(&mut self) -> Annotation {
        let mut annotation = Annotation { name: no_name(), span: self.span(), args: Vec::new() };
        self.fields(|this, field| match field {
            Field::Name => annotation.name = this.dotted_name(),
            Field::Arguments => this.children(|this, kind| {
                if kind == Kind::AnnotationKeyValue {
                    let mut key = no_name();
                    let mut value = String::new();
                    this.fields(|this, field| match field {
                        Field::Key => key = this.name(),
                        Field::Value => value = this.annotation_value(),
                        _ => {}
                    });
                    annotation.args.push((key, value));
                } else if this.field() == Field::Value {
                    let value = this.annotation_value();
                    annotation.args.push((Name::new("value"), value));
                }
            }),
            _ => {}
        });
        annotation
    }

    fn annotation_value(&self) -> String {
        match self.kind() {
            Kind::StringLiteral => unquoted(self.text(), 1).into_string(),
            Kind::MultiLineStringLiteral => unquoted(self.text(), 3).into_string(),
            _ => self.text().to_owned(),
        }
    }

    pub(super) fn trigger(&mut self) {
        let span = self.span();
        let mut trigger = TriggerDecl {
            name: no_name(),
            name_span: span,
            object: no_name(),
            events: Vec::new(),
            active: self.active,
            body: Block::new(),
            methods: Vec::new(),
        };
        self.fields(|this, field| match field {
            Field::Name => {
                trigger.name = this.name();
                trigger.name_span = this.span();
            }
            Field::Object => trigger.object = this.name(),
            // The commas between the events bear the field's name too.
            Field::Events => this.children(|_, kind| {
                let event = trigger_event(kind);
                trigger.events.extend(event.filter(|event| !trigger.events.contains(event)));
            }),
            Field::Body => this.children(|this, kind| {
                if kind == Kind::Block {
                    trigger.body = this.block();
                }
            }),
            _ => {}
        });
        trigger.methods = std::mem::take(&mut self.strays);
        self.unit.trigger.get_or_insert(trigger);
    }
}

fn modifier(kind: Kind) -> Modifiers {
    match kind {
        Kind::ModPublic => Modifiers::PUBLIC,
        Kind::ModPrivate => Modifiers::PRIVATE,
        Kind::ModProtected => Modifiers::PROTECTED,
        Kind::ModGlobal => Modifiers::GLOBAL,
        Kind::ModStatic => Modifiers::STATIC,
        Kind::ModFinal => Modifiers::FINAL,
        Kind::ModAbstract => Modifiers::ABSTRACT,
        Kind::ModVirtual => Modifiers::VIRTUAL,
        Kind::ModOverride => Modifiers::OVERRIDE,
        Kind::ModTransient => Modifiers::TRANSIENT,
        Kind::ModTestMethod => Modifiers::TEST_METHOD,
        Kind::ModWebservice => Modifiers::WEBSERVICE,
        Kind::ModWithSharing => Modifiers::WITH_SHARING,
        Kind::ModWithoutSharing => Modifiers::WITHOUT_SHARING,
        Kind::ModInheritedSharing => Modifiers::INHERITED_SHARING,
        _ => Modifiers::default(),
    }
}

fn trigger_event(kind: Kind) -> Option<TriggerEvent> {
    Some(match kind {
        Kind::BeforeInsert => TriggerEvent::BeforeInsert,
        Kind::BeforeUpdate => TriggerEvent::BeforeUpdate,
        Kind::BeforeDelete => TriggerEvent::BeforeDelete,
        Kind::AfterInsert => TriggerEvent::AfterInsert,
        Kind::AfterUpdate => TriggerEvent::AfterUpdate,
        Kind::AfterDelete => TriggerEvent::AfterDelete,
        Kind::AfterUndelete => TriggerEvent::AfterUndelete,
        _ => return None,
    })
}
