//! The effect skeleton of one Apex file: what `apex` gives to the later stages.
//!
//! Syntax trees do not leave this room. A [`Unit`] keeps the declarations of the file and, for each
//! body, the control structure (exclusive branches, loops, try) with the expressions that later
//! stages can use. Everything lives in flat arenas, addressed by small ids, and is plain data.

use serde::Serialize;

use crate::name::Name;
use crate::span::{FileId, Span};

/// Index into [`Unit::exprs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ExprId(pub u32);

/// Index into [`Unit::queries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct QueryId(pub u32);

/// A run of expressions in [`Unit::lists`] (arguments, elements).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExprList {
    pub start: u32,
    pub len: u32,
}

/// A type as written: `Account`, `Outer.Inner`, `Map<Id, List<Account>>`. An array `X[]` is
/// normalised to `List<X>`. Dotted names are one [`Name`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct TypeRef {
    pub name: Name,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub args: Box<[TypeRef]>,
}

impl TypeRef {
    pub fn simple(name: &str) -> TypeRef {
        TypeRef { name: Name::new(name), args: Box::default() }
    }
}

/// One parsed `.cls` or `.trigger` file.
#[derive(Clone, Debug, Serialize)]
pub struct Unit {
    pub file: FileId,
    /// `apiVersion` of the companion `-meta.xml`, in tenths (`600` = 60.0); `None` where it is missing.
    pub api_version: Option<u16>,
    pub types: Vec<TypeDecl>,
    pub trigger: Option<TriggerDecl>,
    pub exprs: Vec<Expr>,
    /// The place of each expression, parallel to `exprs`.
    pub expr_spans: Vec<Span>,
    pub lists: Vec<ExprId>,
    pub queries: Vec<Query>,
    pub syntax_errors: Vec<SyntaxError>,
}

impl Unit {
    /// Whether one of its classes is a REST resource.
    pub fn answers_rest(&self) -> bool {
        let is_resource = |class: &TypeDecl| class.annotations.iter().any(|one| one.name.is("restresource"));
        self.types.iter().any(is_resource)
    }

    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize]
    }

    pub fn span(&self, id: ExprId) -> Span {
        self.expr_spans[id.0 as usize]
    }

    pub fn list(&self, list: ExprList) -> &[ExprId] {
        &self.lists[list.start as usize..(list.start + list.len) as usize]
    }

    pub fn query(&self, id: QueryId) -> &Query {
        &self.queries[id.0 as usize]
    }
}

/// A place that the grammar could not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SyntaxError {
    pub span: Span,
    /// What was wrong, for a person: "this comment is never closed".
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TypeKind {
    Class,
    Interface,
    Enum,
}

/// A class, interface or enum. Inner types follow their outer type in [`Unit::types`].
#[derive(Clone, Debug, Serialize)]
pub struct TypeDecl {
    pub kind: TypeKind,
    /// Simple name.
    pub name: Name,
    /// Index of the outer type in [`Unit::types`].
    pub outer: Option<u32>,
    pub span: Span,
    pub name_span: Span,
    pub modifiers: Modifiers,
    pub annotations: Vec<Annotation>,
    pub type_params: Vec<Name>,
    pub superclass: Option<TypeRef>,
    /// Implemented interfaces; for an interface, those it extends.
    pub interfaces: Vec<TypeRef>,
    pub fields: Vec<FieldDecl>,
    /// Methods, constructors and accessors' bodies are all here or in `fields`.
    pub methods: Vec<MethodDecl>,
    /// `static { … }` blocks in source order.
    pub static_init: Vec<Block>,
    /// `{ … }` blocks in source order.
    pub instance_init: Vec<Block>,
    pub enum_constants: Vec<Name>,
}

/// Modifiers as a bit set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Modifiers(pub u16);

impl Modifiers {
    pub const PUBLIC: Modifiers = Modifiers(1);
    pub const PRIVATE: Modifiers = Modifiers(1 << 1);
    pub const PROTECTED: Modifiers = Modifiers(1 << 2);
    pub const GLOBAL: Modifiers = Modifiers(1 << 3);
    pub const STATIC: Modifiers = Modifiers(1 << 4);
    pub const FINAL: Modifiers = Modifiers(1 << 5);
    pub const ABSTRACT: Modifiers = Modifiers(1 << 6);
    pub const VIRTUAL: Modifiers = Modifiers(1 << 7);
    pub const OVERRIDE: Modifiers = Modifiers(1 << 8);
    pub const TRANSIENT: Modifiers = Modifiers(1 << 9);
    pub const TEST_METHOD: Modifiers = Modifiers(1 << 10);
    pub const WEBSERVICE: Modifiers = Modifiers(1 << 11);
    pub const WITH_SHARING: Modifiers = Modifiers(1 << 12);
    pub const WITHOUT_SHARING: Modifiers = Modifiers(1 << 13);
    pub const INHERITED_SHARING: Modifiers = Modifiers(1 << 14);

    pub fn has(self, other: Modifiers) -> bool {
        self.0 & other.0 == other.0
    }

    pub fn add(&mut self, other: Modifiers) {
        self.0 |= other.0;
    }
}

/// `@name(key=value …)`; a single unnamed value has the key `value`. String values are unquoted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Annotation {
    pub name: Name,
    pub span: Span,
    pub args: Vec<(Name, String)>,
}

/// A field or a property. One entry a declarator: `Integer a, b;` gives two.
#[derive(Clone, Debug, Serialize)]
pub struct FieldDecl {
    pub name: Name,
    /// The declarator: the name, and the initialiser if there is one.
    pub span: Span,
    pub modifiers: Modifiers,
    pub annotations: Vec<Annotation>,
    pub ty: TypeRef,
    pub init: Option<ExprId>,
    /// `Some` for a property with a `{ get … }`; the block is empty for the automatic `get;`.
    pub getter: Option<Accessor>,
    pub setter: Option<Accessor>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Accessor {
    pub span: Span,
    pub modifiers: Modifiers,
    /// `None` for the automatic `get;`/`set;`. A setter's parameter is named `value`.
    pub body: Option<Block>,
}

/// A method or a constructor (`is_constructor`; its name is the class's).
#[derive(Clone, Debug, Serialize)]
pub struct MethodDecl {
    pub name: Name,
    pub span: Span,
    pub name_span: Span,
    pub modifiers: Modifiers,
    pub annotations: Vec<Annotation>,
    pub is_constructor: bool,
    pub params: Vec<Param>,
    /// `None` for `void` and constructors.
    pub returns: Option<TypeRef>,
    /// `None` for abstract and interface methods. `this(…)`/`super(…)` is the first statement:
    /// an [`Expr::Call`] without object whose name is `this` or `super`.
    pub body: Option<Block>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Param {
    pub name: Name,
    pub ty: TypeRef,
}

/// `trigger Name on Object (events) { body }`.
#[derive(Clone, Debug, Serialize)]
pub struct TriggerDecl {
    pub name: Name,
    pub name_span: Span,
    pub object: Name,
    pub events: Vec<TriggerEvent>,
    /// From `.trigger-meta.xml`: only `Active` triggers run.
    pub active: bool,
    pub body: Block,
    /// Methods declared inside the trigger body, which Apex allows.
    pub methods: Vec<MethodDecl>,
}

/// One event of a trigger header.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, strum::Display, strum::EnumIter,
)]
pub enum TriggerEvent {
    #[strum(serialize = "before insert")]
    BeforeInsert,
    #[strum(serialize = "before update")]
    BeforeUpdate,
    #[strum(serialize = "before delete")]
    BeforeDelete,
    #[strum(serialize = "after insert")]
    AfterInsert,
    #[strum(serialize = "after update")]
    AfterUpdate,
    #[strum(serialize = "after delete")]
    AfterDelete,
    #[strum(serialize = "after undelete")]
    AfterUndelete,
}

pub type Block = Vec<Stmt>;

/// A statement. Spans cover the whole statement.
#[derive(Clone, Debug, Serialize)]
pub struct Stmt {
    pub span: Span,
    pub kind: StmtKind,
}

#[derive(Clone, Debug, Serialize)]
pub enum StmtKind {
    /// An expression statement: its value is dropped.
    Expr(ExprId),
    /// One declarator of a local variable.
    Local {
        name: Name,
        ty: TypeRef,
        init: Option<ExprId>,
    },
    /// `insert x`, `upsert x Ext__c`, `merge a b`.
    Dml {
        op: DmlOp,
        target: ExprId,
        upsert_key: Option<Name>,
        merge_with: Option<ExprId>,
        /// `insert as user x`.
        as_user: bool,
    },
    Return(Option<ExprId>),
    Throw(ExprId),
    Break,
    Continue,
    If {
        cond: ExprId,
        then: Block,
        otherwise: Block,
    },
    Switch {
        on: ExprId,
        arms: Vec<SwitchArm>,
    },
    Loop(Box<LoopStmt>),
    Try {
        body: Block,
        catches: Vec<Catch>,
        finally: Block,
    },
    Block(Block),
    /// `System.runAs(u) { … }`: test code only.
    RunAs {
        body: Block,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum DmlOp {
    Insert,
    Update,
    Upsert,
    Delete,
    Undelete,
    Merge,
}

#[derive(Clone, Debug, Serialize)]
pub struct SwitchArm {
    pub span: Span,
    pub labels: SwitchLabels,
    pub body: Block,
}

#[derive(Clone, Debug, Serialize)]
pub enum SwitchLabels {
    Values(Vec<ExprId>),
    /// `when Account acc`.
    Type {
        ty: TypeRef,
        var: Name,
    },
    Else,
}

#[derive(Clone, Debug, Serialize)]
pub struct LoopStmt {
    pub kind: LoopKind,
    pub body: Block,
}

#[derive(Clone, Debug, Serialize)]
pub enum LoopKind {
    /// `for (T x : iter)`; `iter` may be a query (SOQL for loop; chunks of 200 where `ty` is a list).
    Each {
        ty: TypeRef,
        var: Name,
        iter: ExprId,
    },
    /// `for (init; cond; update)`.
    For {
        init: Block,
        cond: Option<ExprId>,
        update: Vec<ExprId>,
    },
    While {
        cond: ExprId,
    },
    DoWhile {
        cond: ExprId,
    },
}

#[derive(Clone, Debug, Serialize)]
pub struct Catch {
    pub span: Span,
    pub ty: TypeRef,
    pub var: Name,
    pub body: Block,
}

/// An expression. Parentheses are dropped.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Expr {
    /// A bare identifier: variable, field or the first part of a class or namespace name.
    Name(Name),
    This,
    Super,
    /// `object.name` and `object?.name`.
    Field {
        object: ExprId,
        name: Name,
    },
    /// `object.name(args)`, `name(args)`, `this(args)`, `super(args)`.
    Call {
        object: Option<ExprId>,
        name: Name,
        args: ExprList,
    },
    /// `new T(args)`. For sObjects, `args` are [`Expr::Assign`]s to bare names.
    New {
        ty: Box<TypeRef>,
        args: ExprList,
    },
    /// `new List<T>{…}`, `new Set<T>{…}`, `new T[n]` (no elements), also the empty braces.
    ListLiteral {
        ty: Box<TypeRef>,
        elements: ExprList,
    },
    /// `new Map<K,V>{k => v}`: keys and values alternate.
    MapLiteral {
        ty: Box<TypeRef>,
        entries: ExprList,
    },
    Index {
        object: ExprId,
        index: ExprId,
    },
    Cast {
        ty: Box<TypeRef>,
        value: ExprId,
    },
    InstanceOf {
        value: ExprId,
        ty: Box<TypeRef>,
    },
    Ternary {
        cond: ExprId,
        then: ExprId,
        otherwise: ExprId,
    },
    Binary {
        op: BinaryOp,
        left: ExprId,
        right: ExprId,
    },
    Not(ExprId),
    Negate(ExprId),
    /// `left = right`, also `+=` (`op: Some(Add)`) and the like.
    Assign {
        op: Option<BinaryOp>,
        left: ExprId,
        right: ExprId,
    },
    /// `x++`, `--x`.
    Update {
        operand: ExprId,
    },
    /// `T.class`.
    ClassLiteral(Box<TypeRef>),
    /// A string literal, unescaped.
    Str(Box<str>),
    Int(i64),
    Bool(bool),
    Null,
    /// `[SELECT …]` or `[FIND …]`.
    Query(QueryId),
    /// Anything else; `parts` are the expressions inside it.
    Other {
        parts: ExprList,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum BinaryOp {
    And,
    Or,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Mul,
    Div,
    Coalesce,
    Other,
}

/// A static SOQL or SOSL query.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Query {
    pub language: QueryLanguage,
    /// The object after `FROM` (the first of SOSL's `RETURNING`).
    pub object: Option<Name>,
    /// Further objects: child sub-queries' relationship names, semi-joins' objects, SOSL's others.
    pub others: Vec<Name>,
    /// Selected plain fields, dotted paths as one name; empty for `COUNT()`.
    pub fields: Vec<Name>,
    /// Fields compared in `WHERE`.
    pub where_fields: Vec<Name>,
    /// The conditions `field = :bind` that every row meets.
    pub keys: Vec<(Name, ExprId)>,
    /// The conditions `field IN :bind` that every row meets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub in_keys: Vec<(Name, ExprId)>,
    pub limit: QueryLimit,
    pub for_update: bool,
    /// `WITH USER_MODE` or `WITH SECURITY_ENFORCED`.
    pub user_mode: bool,
    pub is_count: bool,
    pub is_aggregate: bool,
    /// `:expr` binds, in source order.
    pub binds: Vec<ExprId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum QueryLanguage {
    Soql,
    Sosl,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum QueryLimit {
    None,
    Rows(u32),
    /// `LIMIT :n`.
    Bound(ExprId),
}
