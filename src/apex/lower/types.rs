//! Types as written.

use std::sync::LazyLock;

use super::super::unit::TypeRef;
use super::Lowerer;
use super::kinds::{Field, Kind};
use crate::name::Name;

impl Lowerer<'_> {
    /// Lowers a node of any type kind.
    pub(super) fn type_ref(&mut self) -> TypeRef {
        match self.kind() {
            Kind::GenericType => self.deeper(Self::generic_type).unwrap_or_else(nothing),
            Kind::ArrayType => self.deeper(Self::array_type).unwrap_or_else(nothing),
            Kind::AnnotatedType => self
                .deeper(|this| {
                    let mut ty = None;
                    this.children(|this, kind| {
                        if is_type(kind) {
                            ty = Some(this.type_ref());
                        }
                    });
                    ty
                })
                .flatten()
                .unwrap_or_else(nothing),
            Kind::ScopedTypeIdentifier | Kind::JavaType => {
                TypeRef { name: self.dotted_name(), args: Box::default() }
            }
            _ => TypeRef { name: self.name(), args: Box::default() },
        }
    }

    fn generic_type(&mut self) -> TypeRef {
        let mut ty = nothing();
        self.children(|this, kind| match kind {
            Kind::TypeIdentifier => ty.name = this.name(),
            Kind::ScopedTypeIdentifier => ty.name = this.dotted_name(),
            Kind::TypeArguments => {
                let mut args = Vec::new();
                this.children(|this, kind| {
                    if is_type(kind) {
                        args.push(this.type_ref());
                    }
                });
                ty.args = args.into();
            }
            _ => {}
        });
        ty
    }

    fn array_type(&mut self) -> TypeRef {
        let mut ty = nothing();
        let mut dimensions = 0;
        self.fields(|this, field| match field {
            Field::Element => ty = this.type_ref(),
            Field::Dimensions => dimensions = this.dimensions(),
            _ => {}
        });
        list_of(ty, dimensions)
    }

    /// How many `[]` the current `dimensions` node has.
    pub(super) fn dimensions(&self) -> usize {
        self.text().bytes().filter(|b| *b == b'[').count()
    }

    /// The types of a `type_list`.
    pub(super) fn type_list(&mut self, out: &mut Vec<TypeRef>) {
        self.children(|this, kind| {
            if is_type(kind) {
                out.push(this.type_ref());
            }
        });
    }
}

pub(super) fn is_type(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::TypeIdentifier
            | Kind::ScopedTypeIdentifier
            | Kind::GenericType
            | Kind::ArrayType
            | Kind::AnnotatedType
            | Kind::BooleanType
            | Kind::VoidType
            | Kind::JavaType
    )
}

/// `T[][]` is `List<List<T>>`.
pub(super) fn list_of(ty: TypeRef, dimensions: usize) -> TypeRef {
    // More dimensions than any source has would only be deep.
    (0..dimensions.min(8)).fold(ty, |ty, _| TypeRef { name: Name::new("List"), args: Box::new([ty]) })
}

/// The type of what has none, because the text is broken.
pub(super) fn nothing() -> TypeRef {
    TypeRef { name: no_name(), args: Box::default() }
}

/// The name of what has none.
pub(super) fn no_name() -> Name {
    static EMPTY: LazyLock<Name> = LazyLock::new(|| Name::new(""));
    *EMPTY
}
