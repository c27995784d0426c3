//! Static SOQL and SOSL.

use super::super::unit::{Query, QueryId, QueryLanguage, QueryLimit};
use super::Lowerer;
use super::kinds::{Field, Kind};
use crate::name::Name;

impl Lowerer<'_> {
    /// Lowers a `query_expression`; `None` where there is no query in it.
    pub(super) fn query(&mut self) -> Option<QueryId> {
        let mut found = None;
        self.children(|this, kind| {
            let language = match kind {
                Kind::SoqlQueryBody => QueryLanguage::Soql,
                Kind::SoslQueryBody => QueryLanguage::Sosl,
                _ => return,
            };
            let mut query = Query {
                language,
                object: None,
                others: Vec::new(),
                fields: Vec::new(),
                where_fields: Vec::new(),
                keys: Vec::new(),
                in_keys: Vec::new(),
                limit: QueryLimit::None,
                for_update: false,
                user_mode: false,
                is_count: false,
                is_aggregate: false,
                binds: Vec::new(),
            };
            this.children(|this, kind| this.clause(kind, &mut query));
            found = Some(query);
        });
        found.map(|query| {
            let id = QueryId(self.unit.queries.len() as u32);
            self.unit.queries.push(query);
            id
        })
    }

    fn clause(&mut self, kind: Kind, query: &mut Query) {
        match kind {
            Kind::SelectClause => self.selected(query),
            Kind::FromClause => {
                let mut objects = Vec::new();
                self.storages(&mut objects);
                let mut objects = objects.into_iter();
                query.object = query.object.or_else(|| objects.next());
                query.others.extend(objects);
            }
            Kind::WhereClause => {
                self.rest(query, true);
                self.keys(query);
            }
            Kind::LimitClause => self.limit(query),
            Kind::GroupByClause => {
                query.is_aggregate = true;
                self.rest(query, false);
            }
            Kind::WithClause => {
                query.user_mode |= contains_word(self.text(), "user_mode")
                    || contains_word(self.text(), "security_enforced");
                self.rest(query, false);
            }
            Kind::ForClause => query.for_update |= contains_word(self.text(), "update"),
            Kind::ReturningClause => self.children(|this, kind| {
                if kind == Kind::SobjectReturn {
                    this.sobject_return(query);
                }
            }),
            // A gap of the grammar between the clauses: what it holds is read for binds all the same.
            _ => self.rest(query, false),
        }
    }

    fn selected(&mut self, query: &mut Query) {
        self.children(|this, kind| match kind {
            Kind::CountExpression => query.is_count = true,
            Kind::FieldIdentifier => query.fields.push(this.dotted_name()),
            Kind::AliasExpression => this.children(|this, kind| match kind {
                Kind::FieldIdentifier => query.fields.push(this.dotted_name()),
                Kind::FunctionExpression => this.selected_function(query),
                _ => {}
            }),
            Kind::FunctionExpression => this.selected_function(query),
            Kind::Subquery => this.subquery(query),
            _ => {}
        });
    }

    /// `COUNT(Id)` makes the query an aggregate; `toLabel(Status)` and `FORMAT(x)` select the field.
    fn selected_function(&mut self, query: &mut Query) {
        let mut aggregates = false;
        self.fields(|this, field| {
            if field == Field::FunctionName {
                const AGGREGATES: [&str; 7] =
                    ["avg", "count", "count_distinct", "grouping", "max", "min", "sum"];
                aggregates = AGGREGATES.iter().any(|name| this.text().eq_ignore_ascii_case(name));
            }
        });
        query.is_aggregate |= aggregates;
        self.descendants(|this, kind| match kind {
            Kind::BoundExpression => {
                this.bind(query);
                false
            }
            Kind::FieldIdentifier => {
                if !aggregates {
                    query.fields.push(this.dotted_name());
                }
                false
            }
            _ => true,
        });
    }

    /// The objects of a `from_clause`.
    fn storages(&mut self, objects: &mut Vec<Name>) {
        self.descendants(|this, kind| {
            if kind == Kind::StorageIdentifier {
                objects.push(this.dotted_name());
            }
            kind == Kind::StorageAlias || kind == Kind::Error
        });
    }

    /// A child query or a semi-join. Of its fields nothing is kept: they are another object's.
    fn subquery(&mut self, query: &mut Query) {
        self.deeper(|this| {
            this.children(|this, kind| {
                if kind == Kind::SoqlQueryBody {
                    this.children(|this, kind| {
                        if kind == Kind::FromClause {
                            this.storages(&mut query.others);
                        } else {
                            this.rest(query, false);
                        }
                    });
                }
            });
        });
    }

    /// The binds and sub-queries below the current node, and the fields that it compares if it is the
    /// query's own `WHERE`.
    fn rest(&mut self, query: &mut Query, compared: bool) {
        if self.kind() == Kind::BoundExpression {
            self.bind(query);
            return;
        }
        self.descendants(|this, kind| match kind {
            Kind::BoundExpression => {
                this.bind(query);
                false
            }
            Kind::Subquery => {
                this.subquery(query);
                false
            }
            Kind::FieldIdentifier => {
                if compared {
                    query.where_fields.push(this.dotted_name());
                }
                false
            }
            _ => true,
        });
    }

    /// The conditions `field = :bind` of the current clause or `AND`. The binds are lowered already.
    fn keys(&mut self, query: &mut Query) {
        self.children(|this, kind| match kind {
            Kind::AndExpression => {
                this.deeper(|this| this.keys(query));
            }
            Kind::ComparisonExpression => {
                let (mut field, mut equals, mut place) = (None, false, None);
                let mut is_in = false;
                this.children(|this, kind| match kind {
                    Kind::FieldIdentifier => field = Some(this.dotted_name()),
                    Kind::ValueComparison => equals = this.text() == "=",
                    Kind::BoundExpression => {
                        // Behind the colon.
                        this.children(|this, _| place = Some(this.span()));
                    }
                    _ => is_in |= this.text().eq_ignore_ascii_case("in"),
                });
                let bind = query.binds.iter().find(|bind| Some(this.unit.span(**bind)) == place);
                match (field, bind) {
                    (Some(field), Some(bind)) if equals => query.keys.push((field, *bind)),
                    (Some(field), Some(bind)) if is_in => query.in_keys.push((field, *bind)),
                    _ => {}
                }
            }
            _ => {}
        });
    }

    /// `:expr`.
    fn bind(&mut self, query: &mut Query) {
        query.binds.extend(self.first_expr());
    }

    fn limit(&mut self, query: &mut Query) {
        self.children(|this, kind| match kind {
            Kind::Int => {
                // More rows than fit are more than any limit.
                query.limit = QueryLimit::Rows(this.text().parse().unwrap_or(u32::MAX));
            }
            Kind::BoundExpression => {
                this.bind(query);
                if let Some(bind) = query.binds.last() {
                    query.limit = QueryLimit::Bound(*bind);
                }
            }
            _ => {}
        });
    }

    /// `Account(Id WHERE …)` of SOSL: the first one is the query's object.
    fn sobject_return(&mut self, query: &mut Query) {
        let first = query.object.is_none();
        self.children(|this, kind| match kind {
            Kind::Identifier if first => query.object = Some(this.name()),
            Kind::Identifier => query.others.push(this.name()),
            Kind::SelectedFields if first => this.selected(query),
            Kind::WhereClause => this.rest(query, first),
            _ => this.rest(query, false),
        });
    }
}

fn contains_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphabetic()).any(|part| part.eq_ignore_ascii_case(word))
}
