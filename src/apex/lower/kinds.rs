//! The grammar's node kinds and field names as enums, so that dispatch compares small numbers.

use std::num::NonZeroU16;
use std::sync::LazyLock;

use tree_sitter::Language;

macro_rules! names {
    ($(#[$doc:meta])* $name:ident: $($variant:ident = $text:literal,)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum $name { Unknown, $($variant,)* }

        impl $name {
            fn from_text(text: &str) -> $name {
                match text { $($text => $name::$variant,)* _ => $name::Unknown }
            }

            #[cfg(test)]
            const TEXTS: &[&str] = &[$($text,)*];
        }
    };
}

names! {
    /// The kinds of nodes that lowering tells apart; everything else is `Unknown`.
    Kind:
    AccessorDeclaration = "accessor_declaration",
    AccessorList = "accessor_list",
    AfterDelete = "after_delete",
    AfterInsert = "after_insert",
    AfterUndelete = "after_undelete",
    AfterUpdate = "after_update",
    AliasExpression = "alias_expression",
    AnnotatedType = "annotated_type",
    AndExpression = "and_expression",
    Annotation = "annotation",
    AnnotationKeyValue = "annotation_key_value",
    ArrayAccess = "array_access",
    ArrayCreation = "array_creation_expression",
    ArrayInitializer = "array_initializer",
    ArrayType = "array_type",
    Assignment = "assignment_expression",
    BeforeDelete = "before_delete",
    BeforeInsert = "before_insert",
    BeforeUpdate = "before_update",
    Binary = "binary_expression",
    Block = "block",
    BlockComment = "block_comment",
    BooleanLiteral = "boolean",
    BooleanType = "boolean_type",
    BoundExpression = "bound_apex_expression",
    BreakStatement = "break_statement",
    Cast = "cast_expression",
    CatchClause = "catch_clause",
    ClassDeclaration = "class_declaration",
    ClassLiteral = "class_literal",
    ComparisonExpression = "comparison_expression",
    ConstantDeclaration = "constant_declaration",
    ConstructorDeclaration = "constructor_declaration",
    ContinueStatement = "continue_statement",
    CountExpression = "count_expression",
    DecimalLiteral = "decimal_floating_point_literal",
    Dimensions = "dimensions",
    DimensionsExpr = "dimensions_expr",
    Dml = "dml_expression",
    DmlType = "dml_type",
    DmlSecurityMode = "dml_security_mode",
    WithClause = "with_clause",
    DoStatement = "do_statement",
    DottedIdentifier = "dotted_identifier",
    EnhancedForStatement = "enhanced_for_statement",
    EnumConstant = "enum_constant",
    EnumDeclaration = "enum_declaration",
    Error = "ERROR",
    ExplicitConstructorInvocation = "explicit_constructor_invocation",
    ExpressionStatement = "expression_statement",
    ExtendsInterfaces = "extends_interfaces",
    FieldAccess = "field_access",
    FieldDeclaration = "field_declaration",
    FieldIdentifier = "field_identifier",
    FinallyClause = "finally_clause",
    FindClause = "find_clause",
    ForClause = "for_clause",
    ForStatement = "for_statement",
    FormalParameter = "formal_parameter",
    FromClause = "from_clause",
    FunctionExpression = "function_expression",
    GenericType = "generic_type",
    GroupByClause = "group_by_clause",
    Identifier = "identifier",
    IfStatement = "if_statement",
    Instanceof = "instanceof_expression",
    Int = "int",
    InterfaceDeclaration = "interface_declaration",
    JavaFieldAccess = "java_field_access",
    JavaType = "java_type",
    LimitClause = "limit_clause",
    LineComment = "line_comment",
    LocalVariableDeclaration = "local_variable_declaration",
    MapCreation = "map_creation_expression",
    MapKeyInitializer = "map_key_initializer",
    MethodDeclaration = "method_declaration",
    MethodInvocation = "method_invocation",
    ModAbstract = "abstract",
    ModFinal = "final",
    ModGlobal = "global",
    ModInheritedSharing = "inherited_sharing",
    ModOverride = "override",
    ModPrivate = "private",
    ModProtected = "protected",
    ModPublic = "public",
    ModStatic = "static",
    ModTestMethod = "testMethod",
    ModTransient = "transient",
    ModVirtual = "virtual",
    ModWebservice = "webservice",
    ModWithSharing = "with_sharing",
    ModWithoutSharing = "without_sharing",
    Modifier = "modifier",
    Modifiers = "modifiers",
    MultiLineStringLiteral = "multi_line_string_literal",
    NullLiteral = "null_literal",
    ObjectCreation = "object_creation_expression",
    Parenthesized = "parenthesized_expression",
    QueryExpression = "query_expression",
    ReturnStatement = "return_statement",
    ReturningClause = "returning_clause",
    RunAsStatement = "run_as_statement",
    ScopedTypeIdentifier = "scoped_type_identifier",
    SelectClause = "select_clause",
    SelectedFields = "selected_fields",
    SobjectReturn = "sobject_return",
    SoqlQueryBody = "soql_query_body",
    SoslQueryBody = "sosl_query_body",
    StaticInitializer = "static_initializer",
    StorageAlias = "storage_alias",
    StorageIdentifier = "storage_identifier",
    StringLiteral = "string_literal",
    Subquery = "subquery",
    Super = "super",
    SwitchExpression = "switch_expression",
    SwitchLabel = "switch_label",
    SwitchRule = "switch_rule",
    Ternary = "ternary_expression",
    This = "this",
    ThrowStatement = "throw_statement",
    TriggerDeclaration = "trigger_declaration",
    TryStatement = "try_statement",
    TypeArguments = "type_arguments",
    TypeIdentifier = "type_identifier",
    TypeList = "type_list",
    TypeParameter = "type_parameter",
    Unary = "unary_expression",
    Update = "update_expression",
    ValueComparison = "value_comparison_operator",
    VariableDeclarator = "variable_declarator",
    VersionExpression = "version_expression",
    VoidType = "void_type",
    WhenSobjectType = "when_sobject_type",
    WhereClause = "where_clause",
    WhileStatement = "while_statement",
}

impl Kind {
    pub(super) fn is_comment(self) -> bool {
        matches!(self, Kind::LineComment | Kind::BlockComment)
    }
}

names! {
    /// The names of the fields that lowering reads.
    Field:
    Accessor = "accessor",
    Alternative = "alternative",
    Arguments = "arguments",
    Array = "array",
    Body = "body",
    Condition = "condition",
    Consequence = "consequence",
    Constructor = "constructor",
    Declarator = "declarator",
    Dimensions = "dimensions",
    Element = "element",
    Events = "events",
    Member = "field",
    FunctionName = "function_name",
    Index = "index",
    Init = "init",
    Interfaces = "interfaces",
    Key = "key",
    Left = "left",
    MergeWith = "merge_with",
    Name = "name",
    Object = "object",
    Operand = "operand",
    Operator = "operator",
    Parameters = "parameters",
    Right = "right",
    Superclass = "superclass",
    Target = "target",
    Type = "type",
    TypeParameters = "type_parameters",
    Update = "update",
    UpsertKey = "upsert_key",
    Value = "value",
}

/// From the grammar's ids to [`Kind`] and [`Field`].
pub(super) struct Tables {
    kinds: Box<[Kind]>,
    fields: Box<[Field]>,
}

pub(super) static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let language = Language::from(tree_sitter_sfapex::apex::LANGUAGE);
    let kinds = (0..language.node_kind_count() as u16)
        .map(|id| match language.node_kind_for_id(id) {
            // Keywords are nodes of their own name as well, but not named ones.
            Some(text) if language.node_kind_is_named(id) => Kind::from_text(text),
            _ => Kind::Unknown,
        })
        .collect();
    let fields = (0..=language.field_count() as u16)
        .map(|id| language.field_name_for_id(id).map_or(Field::Unknown, Field::from_text))
        .collect();
    Tables { kinds, fields }
});

impl Tables {
    pub(super) fn kind(&self, id: u16) -> Kind {
        // The id of ERROR nodes lies outside the table.
        self.kinds.get(usize::from(id)).copied().unwrap_or(Kind::Error)
    }

    pub(super) fn field(&self, id: Option<NonZeroU16>) -> Field {
        id.map_or(Field::Unknown, |id| self.fields[usize::from(id.get())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_knows_every_name() {
        let language = Language::from(tree_sitter_sfapex::apex::LANGUAGE);
        for text in Kind::TEXTS {
            let id = language.id_for_node_kind(text, true);
            assert_eq!(TABLES.kind(id), Kind::from_text(text), "{text}");
            assert_ne!(id, 0, "{text}");
        }
        for text in Field::TEXTS {
            assert!(language.field_id_for_name(text).is_some(), "{text}");
        }
        assert_eq!(TABLES.kind(u16::MAX), Kind::Error);
    }
}
