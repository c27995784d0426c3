//! What the platform's own methods do: the table of effects, and the few results that decide where
//! calls go. Signatures: Apex Reference Guide; effects: DOMAIN A.2, A.5 and A.6.

use std::borrow::Cow;
use std::sync::Arc;

use crate::apex::unit::{DmlOp, ExprId};
use crate::name::Name;
use crate::span::Location;

use super::super::flow::{Sink, SinkKind, Slot, SlotFacts, SlotId};
use super::super::model::{Bound, Effect, How, Site};
use super::super::symbols::{ClassId, strip_namespace};
use super::super::types::Ty;
use super::super::value::{Deps, Known, Slots, Value};
use super::expressions::job_is;
use super::{Frame, Linker};

type Facts = Vec<(&'static str, Cow<'static, str>)>;

impl<'u> Linker<'u> {
    /// `Owner.name(args)` where `Owner` is not a class of the project.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn platform_static(
        &mut self,
        frame: &mut Frame<'u>,
        id: ExprId,
        at: Location,
        owner: Name,
        name: Name,
        args: &[Value],
        used: bool,
    ) -> Value {
        let class = strip_namespace(owner.folded());
        let method = name.folded();
        let first = args.first();
        match (class, method) {
            ("test", "isrunningtest") => Value::known(Known::Bool(false), Ty::named("Boolean")),
            ("system", "isfuture" | "isbatch" | "isqueueable" | "isscheduled") => {
                let known = job_is(frame.context.job, method).map_or(Known::Nothing, Known::Bool);
                Value { deps: Deps::ASYNC, ..Value::known(known, Ty::named("Boolean")) }
            }
            ("system", "enqueuejob") => {
                self.enqueue(frame, at, args);
                Value::of(Ty::named("Id"))
            }
            ("system", "attachfinalizer") => {
                self.plain_effect(frame, at, Effect::AttachFinalizer, "`System.attachFinalizer`");
                Value::of(Ty::Void)
            }
            ("system", "schedule") => {
                self.job(frame, at, Effect::Schedule, "`System.schedule`", args.get(2));
                Value::of(Ty::named("Id"))
            }
            ("system", "schedulebatch") => {
                self.batch_scope(first, args.get(3));
                self.job(frame, at, Effect::Batch, "`System.scheduleBatch`", first);
                Value::of(Ty::named("Id"))
            }
            ("database", "executebatch") => {
                self.batch(frame, at, args);
                Value::of(Ty::named("Id"))
            }
            ("database", _) => self.database(frame, id, at, method, args, used),
            ("eventbus.triggercontext", "currentcontext") => Value::of(Ty::named("EventBus.TriggerContext")),
            ("eventbus", "publish") => self.publish(frame, at, args, used),
            ("messaging", "sendemail" | "sendemailmessage" | "reservesingleemailcapacity")
                if method != "reservesingleemailcapacity" =>
            {
                self.plain_effect(frame, at, Effect::Email, "`Messaging.sendEmail`");
                Value::unknown()
            }
            ("approval", "process" | "lock" | "unlock") => {
                let value = first.cloned().unwrap_or_else(Value::unknown);
                let value = Value { ty: Ty::Unknown, ..value };
                let what = format!("`Approval.{name}`");
                self.dml_as(frame, at, DmlOp::Update, &value, Vec::new(), Some(what));
                Value::unknown()
            }
            ("webservicecallout", "invoke") => {
                self.callout(frame, at, "soap", "`WebServiceCallout.invoke`".into(), &Slots::default());
                Value::unknown()
            }
            ("auth.jwtutil", "validatejwtwithkeysendpoint")
            | ("auth.authtoken", "refreshaccesstoken" | "revokeaccess") => {
                let label = format!("`{owner}.{name}`");
                self.callout(frame, at, "auth", label, &Slots::default());
                Value::unknown()
            }
            ("userinfo", "getsessionid") => {
                let slot = self.flow.slot(Slot::SessionId { unit: frame.unit, expr: id }, Some(at));
                Value { slots: Slots::one(slot), ..Value::of(Ty::named("String")) }
            }
            ("userinfo", "getuserid") => {
                let slot = self.flow.slot(Slot::RunningUser, None);
                Value { slots: Slots::one(slot), ..Value::of(Ty::named("Id")) }
            }
            ("security", "stripinaccessible") | ("featuremanagement", "checkpermission") => {
                self.check(frame, at, "access", format!("`{owner}.{name}`"));
                Value::unknown()
            }
            ("crypto", "verify" | "verifyhmac" | "generatemac" | "generatedigest") => {
                self.check(frame, at, "signature", format!("`{owner}.{name}`"));
                Value::unknown()
            }
            ("cache.org" | "cache.session", "getpartition") => {
                Value::of(Ty::named(if class == "cache.org" {
                    "Cache.OrgPartition"
                } else {
                    "Cache.SessionPartition"
                }))
            }
            ("cache.org" | "cache.session", "get" | "contains") => {
                self.plain_effect(frame, at, Effect::CacheRead, &format!("`{owner}.{name}`"));
                Value::unknown()
            }
            ("url", "getsalesforcebaseurl" | "getorgdomainurl" | "getcurrentrequesturl") => {
                let slot = self.flow.slot(Slot::OwnUrl { unit: frame.unit, expr: id }, Some(at));
                Value { slots: Slots::one(slot), ..Value::of(Ty::named("URL")) }
            }
            ("type", "forname") => self.type_for_name(frame, at, args),
            // The interview is known by the name of its flow, the last argument but one.
            ("flow.interview", "createinterview") => {
                let name = args.len().checked_sub(2).and_then(|index| args.get(index));
                let known = name.map_or(Known::Nothing, |name| name.known.clone());
                let deps = name.map_or(Deps::NONE, |name| name.deps);
                Value { deps, ..Value::known(known, Ty::named("Flow.Interview")) }
            }
            // An action is known as `type:name`.
            ("invocable.action", "createcustomaction") => {
                let text = |index: usize| match args.get(index).map(|arg| &arg.known) {
                    Some(Known::Str(text)) => Some(text.clone()),
                    _ => None,
                };
                let known = match (text(0), text(args.len().saturating_sub(1))) {
                    (Some(kind), Some(name)) => Known::str(&format!("{}:{name}", kind.to_lowercase())),
                    _ => Known::Nothing,
                };
                let deps = args.iter().fold(Deps::NONE, |all, arg| all.with(arg.deps));
                Value { deps, ..Value::known(known, Ty::named("Invocable.Action")) }
            }
            ("string", "valueof" | "escapesinglequotes" | "format") => {
                let value = first.cloned().unwrap_or_else(Value::unknown);
                let known = match value.known {
                    known @ (Known::Str(_) | Known::Prefix(_)) if method != "format" => known,
                    // `String.format('https://{0}/x', …)`: the text up to the first placeholder.
                    Known::Str(text) => Known::Prefix(Arc::from(text.split('{').next().unwrap_or_default())),
                    _ => Known::Nothing,
                };
                let slots = if value.ty.is_plain() { Slots::none() } else { value.slots.clone() };
                let slots = if args.len() > 1 { self.derived(frame, id, args.iter()) } else { slots };
                Value { known, ty: Ty::named("String"), slots, ..value }
            }
            ("string", _) => {
                Value { slots: self.derived(frame, id, args.iter()), ..Value::of(Ty::named("String")) }
            }
            ("encodingutil", "base64encode" | "urlencode") | ("blob", "valueof") => {
                let slots = first.map(|value| value.slots.clone()).unwrap_or_default();
                let ty = if class == "blob" { "Blob" } else { "String" };
                Value { slots, ..Value::of(Ty::named(ty)) }
            }
            ("json", "serialize" | "serializepretty") => {
                let slots = first.map(|value| self.serialized(frame, id, value)).unwrap_or_default();
                Value { slots, ..Value::of(Ty::named("String")) }
            }
            ("json", "creategenerator") => {
                let slot = self.flow.slot(Slot::Collection { unit: frame.unit, expr: id }, Some(at));
                Value { slots: Slots::one(slot), ..Value::of(Ty::named("JSONGenerator")) }
            }
            ("json", "deserialize" | "deserializestrict" | "deserializeuntyped") => {
                let slots = first.map(|value| value.slots.clone()).unwrap_or_default();
                let ty = match args.get(1).map(|value| &value.known) {
                    Some(Known::Type(ty)) => ty.clone(),
                    _ => Ty::Unknown,
                };
                self.fill_fields(&ty, &slots);
                Value { slots, ..Value::of(ty) }
            }
            ("system" | "json" | "math" | "date" | "datetime" | "integer" | "decimal" | "boolean", _) => {
                Value::of(match class {
                    "date" => Ty::named("Date"),
                    "datetime" => Ty::named("Datetime"),
                    "integer" => Ty::named("Integer"),
                    "boolean" => Ty::named("Boolean"),
                    "math" | "decimal" => Ty::named("Decimal"),
                    _ => Ty::Unknown,
                })
            }
            _ if class.starts_with("connectapi.") => {
                self.connect_api(frame, at, owner, name, args);
                Value::unknown()
            }
            ("schema", "getglobaldescribe") => {
                Value::of(Ty::map(Ty::named("String"), Ty::named("SObjectType")))
            }
            _ => {
                if is_known_platform(class) {
                    Value::unknown()
                } else {
                    self.unresolved(at, Some(owner), name, args)
                }
            }
        }
    }

    /// `receiver.name(args)` where the receiver is not an object of the project.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn platform_instance(
        &mut self,
        frame: &mut Frame<'u>,
        id: ExprId,
        at: Location,
        receiver: &Value,
        name: Name,
        args: &[Value],
    ) -> Value {
        let method = name.folded();
        let first = args.first();
        match method {
            "isaccessible" | "iscreateable" | "isupdateable" | "isdeletable" | "isupsertable"
                if args.is_empty() =>
            {
                self.check(frame, at, "access", format!("`{name}`"));
            }
            "getchangetype" if args.is_empty() => return self.change_type(),
            "equals" | "equalsignorecase" => self.compared(frame, id, receiver),
            "getrecordids" if args.is_empty() => {
                self.record_ids(frame, id, "all");
                return Value::of(Ty::list(Ty::named("String")));
            }
            _ => {}
        }
        if let Known::Type(ty) = &receiver.known {
            frame.deps.add(receiver.deps);
            match method {
                "newinstance" => {
                    return match self.class_of_type(&receiver.known) {
                        Some(class) => {
                            let mut value = self.construct(frame, id, class, &[]);
                            value.deps.add(receiver.deps);
                            value
                        }
                        None => Value::of(ty.clone()),
                    };
                }
                "getname" | "tostring" => {
                    if let Ty::Class(class) = ty {
                        let text = self.symbols.class(*class).name.as_str();
                        return Value {
                            deps: receiver.deps,
                            ..Value::known(Known::str(text), Ty::named("String"))
                        };
                    }
                }
                _ => {}
            }
        }
        if let Some(value) = self.known_receiver(frame, receiver, method, args) {
            return value;
        }
        let ty = match &receiver.ty {
            Ty::List(_) | Ty::Set(_) | Ty::Map(_) => return collection_method(receiver, method),
            Ty::Platform(name) => name.folded(),
            _ => {
                return self.unresolved(at, None, name, args);
            }
        };
        match (ty, method) {
            ("http" | "commercepayments.paymentshttp", "send") => {
                let api = if ty == "http" { "http" } else { "payments" };
                let request = first.map(|value| value.slots.clone()).unwrap_or_default();
                for slot in request.iter() {
                    self.flow.note(slot, SlotFacts::SENT);
                }
                self.callout(frame, at, api, "`Http.send`".into(), &request)
            }
            ("continuation", "addhttprequest") => {
                for slot in first.iter().flat_map(|value| value.slots.iter()) {
                    // The continuation's own timeout is what counts.
                    self.flow.note(slot, SlotFacts::TIMEOUT_SET);
                }
                Value::of(Ty::named("String"))
            }
            ("httprequest", _) => self.request_setting(frame, at, receiver, method, args),
            ("httpresponse" | "restresponse", _) => self.response_reading(frame, id, receiver, method),
            (
                "database.saveresult"
                | "database.upsertresult"
                | "database.deleteresult"
                | "database.undeleteresult"
                | "database.mergeresult",
                "issuccess" | "geterrors" | "getid" | "iscreated",
            ) => {
                if !frame.in_debug {
                    receiver.slots.iter().for_each(|slot| self.flow.note(slot, SlotFacts::STATUS_READ));
                }
                Value::unknown()
            }
            ("pagereference", "getcontent" | "getcontentaspdf") => {
                let label = format!("`PageReference.{name}`");
                self.callout(frame, at, "page-content", label, &Slots::default());
                Value::of(Ty::named("Blob"))
            }
            ("auth.jwtbearertokenexchange", "getaccesstoken" | "gethttpresponse") => {
                let label = format!("`JWTBearerTokenExchange.{name}`");
                self.callout(frame, at, "auth", label, &Slots::default());
                Value::unknown()
            }
            ("functions.function", "invoke") => {
                self.callout(frame, at, "function", "`Function.invoke`".into(), &Slots::default());
                Value::unknown()
            }
            (
                "string",
                "trim" | "removeend" | "removeendignorecase" | "tostring" | "tolowercase" | "striphtmltags",
            ) => {
                let known = match &receiver.known {
                    Known::Str(text) if method == "tolowercase" => Known::str(&text.to_lowercase()),
                    Known::Str(text) if method == "trim" => Known::str(text.trim()),
                    _ => Known::Nothing,
                };
                Value { known, ..receiver.clone() }
            }
            ("string", "equals" | "equalsignorecase") => {
                let known = match (&receiver.known, first.map(|value| &value.known)) {
                    (Known::Str(a), Some(Known::Str(b))) if method == "equals" => Known::Bool(a == b),
                    (Known::Str(a), Some(Known::Str(b))) => Known::Bool(a.eq_ignore_ascii_case(b)),
                    _ => Known::Nothing,
                };
                let deps = receiver.deps.with(first.map_or(Deps::NONE, |value| value.deps));
                Value { deps, ..Value::known(known, Ty::named("Boolean")) }
            }
            ("string", "replace" | "replaceall" | "tourlencoded") => {
                Value { known: Known::Nothing, ..receiver.clone() }
            }
            ("string", _) => {
                let ty = match method {
                    "length" | "indexof" | "lastindexof" | "compareto" => Ty::named("Integer"),
                    "split" => Ty::list(Ty::named("String")),
                    _ if method.starts_with("is")
                        || method.starts_with("contains")
                        || method.ends_with("with") =>
                    {
                        Ty::named("Boolean")
                    }
                    _ => Ty::named("String"),
                };
                let slots = if ty.is_plain() {
                    Slots::none()
                } else {
                    self.derived(frame, id, std::iter::once(receiver).chain(args))
                };
                Value { slots, ..Value::of(ty) }
            }
            // `amount.format()`.
            _ if receiver.ty.is_plain() => Value { slots: Slots::none(), ..Value::unknown() },
            ("jsongenerator", "getasstring") => {
                Value { slots: receiver.slots.clone(), ..Value::of(Ty::named("String")) }
            }
            ("jsongenerator", _) => {
                let written: Vec<Value> = args
                    .iter()
                    .map(|arg| Value { slots: self.serialized(frame, id, arg), ..arg.clone() })
                    .collect();
                self.put_into(receiver, &written);
                Value::of(Ty::Void)
            }
            ("blob" | "url", _) => Value { slots: receiver.slots.clone(), ..Value::of(Ty::named("String")) },
            ("sobjecttype", "getdescribe") => {
                Value { ty: Ty::named("DescribeSObjectResult"), ..receiver.clone() }
            }
            ("describesobjectresult", "getsobjecttype") => {
                Value { ty: Ty::named("SObjectType"), ..receiver.clone() }
            }
            ("sobjecttype" | "describesobjectresult", "getname" | "tostring" | "getlocalname") => {
                match receiver.known {
                    Known::SObjectType(object) => Value {
                        deps: receiver.deps,
                        ..Value::known(Known::str(object.as_str()), Ty::named("String"))
                    },
                    _ => Value::of(Ty::named("String")),
                }
            }
            ("restrequest", _) => Value::unknown(),
            (
                "cache.orgpartition" | "cache.sessionpartition" | "cache.partition",
                "get" | "contains" | "getkeys",
            ) => {
                self.plain_effect(frame, at, Effect::CacheRead, &format!("`{ty}.{name}`"));
                Value::unknown()
            }
            ("eventbus.triggercontext", "setresumecheckpoint") => {
                self.plain_effect(frame, at, Effect::Checkpoint, "`setResumeCheckpoint`");
                Value::of(Ty::Void)
            }
            (record, "get" | "getsobject" | "getsobjects") if is_record(record) => {
                Value { slots: self.part_of(frame, id, receiver), ..Value::unknown() }
            }
            (record, "put") if is_record(record) && args.len() == 2 => {
                if let Known::Str(field) = &args[0].known {
                    self.record_setting(frame, id, receiver, Name::new(field), &args[1]);
                }
                Value::unknown()
            }
            ("flow.interview", "start") => {
                frame.deps.add(receiver.deps);
                let name = match &receiver.known {
                    Known::Str(name) => Some(Name::new(name)),
                    _ => None,
                };
                self.start_flow(frame, at, name)
            }
            _ if method == "start" && ty.starts_with("flow.interview.") => {
                let name = ty.rsplit('.').next().map(Name::new);
                self.start_flow(frame, at, name)
            }
            ("invocable.action", "invoke") => {
                frame.deps.add(receiver.deps);
                let action = match &receiver.known {
                    Known::Str(action) => action.split_once(':'),
                    _ => None,
                };
                match action {
                    Some(("flow", name)) => self.start_flow(frame, at, Some(Name::new(name))),
                    Some(("apex", name)) => match self.invocable(Name::new(name)) {
                        Some(method) => {
                            let targets = [(method, super::super::value::Receiver::None)];
                            self.call_method(frame, at, &targets, How::Declared, &[Value::unknown()]).0
                        }
                        None => self.unresolved(at, None, Name::new(name), args),
                    },
                    Some(("externalservice", name)) => {
                        let label = format!("External Service operation `{name}`");
                        self.callout(frame, at, "external-service", label, &Slots::default())
                    }
                    _ => self.unresolved(at, Some(Name::new(ty)), name, args),
                }
            }
            _ if ty.starts_with("externalservice.") => {
                let label = format!("External Service operation `{name}`");
                self.callout(frame, at, "external-service", label, &Slots::default());
                Value::unknown()
            }
            _ => {
                // A managed package's object, or a record: nothing is known of its methods.
                if ty.contains('.') && !is_known_platform(ty) {
                    self.unresolved(at, Some(Name::new(ty)), name, args)
                } else {
                    for slot in args.iter().flat_map(|arg| arg.slots.iter()) {
                        self.flow.note(slot, SlotFacts::ESCAPES);
                    }
                    Value::unknown()
                }
            }
        }
    }

    /// One interview of a flow, in the same transaction.
    fn start_flow(&mut self, frame: &mut Frame<'u>, at: Location, name: Option<Name>) -> Value {
        match name.and_then(|name| self.flows.named(name)) {
            Some(flow) => {
                self.call_flow(frame, at, flow, vec![Known::Sized(Bound::Constant(1))]);
            }
            None => {
                self.count_unseen(at, Some(Name::new("Flow.Interview")), name.unwrap_or(Name::new("start")))
            }
        }
        Value::unknown()
    }

    /// Methods whose result is known because the receiver is.
    fn known_receiver(
        &mut self,
        frame: &mut Frame<'u>,
        receiver: &Value,
        method: &str,
        args: &[Value],
    ) -> Option<Value> {
        match (&receiver.known, method) {
            (Known::Map(entries), "get") => {
                let key = args.first()?;
                let ty = receiver.ty.element();
                let deps = receiver.deps.with(key.deps);
                frame.deps.add(deps);
                if key.known.is_known()
                    && let Some((_, value)) = entries.iter().find(|(known, _)| *known == key.known)
                {
                    return Some(Value { deps, ..Value::known(value.clone(), ty) });
                }
                Some(Value { slots: receiver.slots.clone(), ..Value::of(ty) })
            }
            (Known::Map(entries), "values" | "keyset") => {
                let element = match (&receiver.ty, method) {
                    (Ty::Map(pair), "keyset") => Ty::set(pair.0.clone()),
                    (Ty::Map(pair), _) => Ty::list(pair.1.clone()),
                    _ => Ty::Unknown,
                };
                let known = Known::Sized(Bound::Constant(entries.len() as u32));
                Some(Value { deps: receiver.deps, ..Value::known(known, element) })
            }
            (Known::Constant(name), "name" | "tostring") => Some(Value {
                deps: receiver.deps,
                ..Value::known(Known::str(name.as_str()), Ty::named("String"))
            }),
            _ => None,
        }
    }

    fn type_for_name(&mut self, frame: &mut Frame<'u>, at: Location, args: &[Value]) -> Value {
        let ty = Ty::named("Type");
        let Some(value) = args.last() else { return Value::of(ty) };
        match &value.known {
            Known::Str(text) => {
                frame.deps.add(value.deps);
                let known = match self.symbols.class_named(None, Name::new(text)) {
                    Some(class) => Known::Type(Ty::Class(class)),
                    None => Known::Nothing,
                };
                Value { deps: value.deps, ..Value::known(known, ty) }
            }
            _ => {
                if self.counted_dispatches.insert(at) {
                    self.statistics.dynamic_dispatch += 1;
                }
                Value::of(ty)
            }
        }
    }

    pub(super) fn plain_effect(&mut self, frame: &mut Frame<'u>, at: Location, effect: Effect, label: &str) {
        self.effect(frame, effect, at, |frame| Site {
            effect,
            at,
            symbol: frame.symbol.clone(),
            label: label.to_owned(),
            object: None,
            operation: None,
            facts: Vec::new(),
        });
    }

    /// A look at something that decides who may go on.
    pub(super) fn check(&mut self, frame: &mut Frame<'u>, at: Location, of: &'static str, label: String) {
        self.effect(frame, Effect::Check, at, |frame| Site {
            effect: Effect::Check,
            at,
            symbol: frame.symbol.clone(),
            label,
            object: None,
            operation: None,
            facts: vec![("checks", of.into())],
        });
    }

    /// A request that waits for its answer. Facts about its address are added once all flows are known.
    pub(super) fn callout(
        &mut self,
        frame: &mut Frame<'u>,
        at: Location,
        api: &'static str,
        label: String,
        request: &Slots,
    ) -> Value {
        let site = self.effect(frame, Effect::Callout, at, |frame| Site {
            effect: Effect::Callout,
            at,
            symbol: frame.symbol.clone(),
            label,
            object: None,
            operation: None,
            facts: vec![("api", Cow::Borrowed(api))],
        });
        let requests = self.callout_requests.entry(site).or_default();
        for slot in request.iter() {
            if !requests.contains(&slot) {
                requests.push(slot);
            }
        }
        let slot = self.flow.slot(Slot::Response(site), Some(at));
        Value { slots: Slots::one(slot), ..Value::of(Ty::named("HttpResponse")) }
    }

    fn job(&mut self, frame: &mut Frame<'u>, at: Location, effect: Effect, what: &str, job: Option<&Value>) {
        let class = job.and_then(|job| self.class_of(job));
        self.effect(frame, effect, at, |frame| Site {
            effect,
            at,
            symbol: frame.symbol.clone(),
            label: match class {
                Some(class) => format!("{what} of {class}"),
                None => what.to_owned(),
            },
            object: class,
            operation: None,
            facts: Vec::new(),
        });
    }

    fn class_of(&self, value: &Value) -> Option<Name> {
        match (&value.known, &value.ty) {
            (Known::Object(object), _) => Some(self.symbols.class(self.objects.get(*object).class).name),
            (_, Ty::Class(class)) => Some(self.symbols.class(*class).name),
            _ => None,
        }
    }

    fn enqueue(&mut self, frame: &mut Frame<'u>, at: Location, args: &[Value]) {
        let limited = args.get(1).is_some_and(|options| options.ty.is_platform("asyncoptions"));
        let class = args.first().and_then(|job| self.class_of(job));
        self.effect(frame, Effect::Enqueue, at, |frame| Site {
            effect: Effect::Enqueue,
            at,
            symbol: frame.symbol.clone(),
            label: match class {
                Some(class) => format!("`System.enqueueJob` of {class}"),
                None => "`System.enqueueJob`".to_owned(),
            },
            object: class,
            operation: None,
            facts: vec![("depth-limit", if limited { "yes" } else { "no" }.into())],
        });
    }

    fn batch(&mut self, frame: &mut Frame<'u>, at: Location, args: &[Value]) {
        let job = args.first();
        self.batch_scope(job, args.get(1));
        self.job(frame, at, Effect::Batch, "`Database.executeBatch`", job);
    }

    /// Remembers the scope that a batch job is started with; 0 for one that is no literal.
    fn batch_scope(&mut self, job: Option<&Value>, scope: Option<&Value>) {
        if let Some(Value { known: Known::Object(object), .. }) = job {
            let class = self.objects.get(*object).class;
            let scope = match scope.map(|value| &value.known) {
                None => 200,
                Some(Known::Int(scope)) => u32::try_from(*scope).unwrap_or(0),
                Some(_) => 0,
            };
            self.batch_scopes.entry(class).or_default().push(scope);
        }
    }

    fn publish(&mut self, frame: &mut Frame<'u>, at: Location, args: &[Value], used: bool) -> Value {
        let events = args.first().cloned().unwrap_or_else(Value::unknown);
        let is_list = events.ty.is_collection();
        let object = events.ty.record_type();
        let rows = Linker::taken(&events);
        let site = self.effect(frame, Effect::Publish, at, |frame| Site {
            effect: Effect::Publish,
            at,
            symbol: frame.symbol.clone(),
            label: match object {
                Some(object) => format!("publish of {object}"),
                None => "`EventBus.publish`".to_owned(),
            },
            object,
            operation: None,
            facts: vec![
                ("result", if used { "used" } else { "dropped" }.into()),
                ("callback", if args.len() > 1 { "yes" } else { "no" }.into()),
                ("size", if is_list { "list" } else { "one" }.into()),
                (
                    "in-catch",
                    match frame.catching.last() {
                        None => "no",
                        Some(true) => "rethrows",
                        Some(false) => "yes",
                    }
                    .into(),
                ),
            ],
        });
        frame.note_rows(site, rows);
        self.site_values.entry(site).or_default().extend(events.slots.iter());
        let result = Ty::named("Database.SaveResult");
        let slot = self.flow.slot(Slot::Response(site), Some(at));
        let ty = if is_list { Ty::list(result) } else { result };
        Value { slots: Slots::one(slot), ..Value::of(ty) }
    }

    fn database(
        &mut self,
        frame: &mut Frame<'u>,
        id: ExprId,
        at: Location,
        method: &str,
        args: &[Value],
        used: bool,
    ) -> Value {
        let first = args.first().cloned().unwrap_or_else(Value::unknown);
        let op = match method {
            "insert" => Some(DmlOp::Insert),
            "update" => Some(DmlOp::Update),
            "upsert" => Some(DmlOp::Upsert),
            "delete" => Some(DmlOp::Delete),
            "undelete" => Some(DmlOp::Undelete),
            "merge" => Some(DmlOp::Merge),
            _ => None,
        };
        if let Some(op) = op {
            let all_or_none = !args.iter().skip(1).any(|arg| arg.known == Known::Bool(false));
            let mut facts: Facts = vec![
                ("result", if used { "used" } else { "dropped" }.into()),
                ("all-or-none", if all_or_none { "yes" } else { "no" }.into()),
                ("mode", mode_of(args).into()),
            ];
            if op == DmlOp::Upsert {
                let keyed = args.get(1).is_some_and(|arg| {
                    !matches!(arg.known, Known::Bool(_))
                        && arg.known != Known::Constant(Name::new("USER_MODE"))
                });
                facts.push(("key", if keyed { "field" } else { "id" }.into()));
            }
            let site = self.dml(frame, at, op, &first, facts);
            let result = Ty::named("Database.SaveResult");
            let slot = self.flow.slot(Slot::Response(site), Some(at));
            let ty = if first.ty.is_collection() { Ty::list(result) } else { result };
            return Value { slots: Slots::one(slot), ..Value::of(ty) };
        }
        match method {
            "query"
            | "querywithbinds"
            | "countquery"
            | "countquerywithbinds"
            | "getquerylocator"
            | "getquerylocatorwithbinds" => {
                let text = match &first.known {
                    Known::Str(text) | Known::Prefix(text) => Some(text.to_string()),
                    _ => None,
                };
                // A query expression given to `getQueryLocator` was counted where it stands.
                let is_expression =
                    matches!(self.symbols.unit(frame.unit).expr(id), crate::apex::unit::Expr::Call { .. })
                        && matches!(first.known, Known::Sized(_));
                let object = text.as_deref().and_then(from_object);
                if !is_expression {
                    let locks = text
                        .as_deref()
                        .is_some_and(|text| text.to_ascii_lowercase().trim_end().ends_with("for update"));
                    let mut facts =
                        text.as_deref().map(|text| query_facts(text, &first.known)).unwrap_or_default();
                    facts.push(("keyed-by", "unknown".into()));
                    let user = text.as_deref().is_some_and(|text| {
                        let lower = text.to_ascii_lowercase();
                        lower.contains("with user_mode") || lower.contains("with security_enforced")
                    });
                    facts.push(("mode", if user { "user" } else { mode_of(args) }.into()));
                    self.query_effects(frame, at, object, false, locks, facts);
                }
                if method.starts_with("count") {
                    return Value::of(Ty::named("Integer"));
                }
                if method.starts_with("get") {
                    return Value::of(Ty::named("Database.QueryLocator"));
                }
                let record = object.map_or(Ty::named("SObject"), Ty::Platform);
                let size = self.rows_of_text(at, object, text.as_deref());
                if let Some(site) = self.site_at(at, Effect::Query) {
                    frame.note_rows(site, size.clone());
                }
                let slot = self.flow.slot(Slot::QueryRows { unit: frame.unit, expr: id, object }, Some(at));
                Value {
                    slots: Slots::one(slot),
                    ..Value::known(Known::Sized(Bound::QueryRows), Ty::list(record))
                }
                .sized(size)
            }
            "setsavepoint" => {
                self.plain_effect(frame, at, Effect::Savepoint, "`Database.setSavepoint`");
                Value::of(Ty::named("Savepoint"))
            }
            // Below API 60.0 neither of the two makes callouts possible again (DOMAIN A.5).
            "rollback" | "releasesavepoint"
                if self.symbols.unit(frame.unit).api_version.is_some_and(|version| version < 600) =>
            {
                Value::of(Ty::Void)
            }
            "rollback" => {
                self.plain_effect(frame, at, Effect::Rollback, "`Database.rollback`");
                Value::of(Ty::Void)
            }
            "releasesavepoint" => {
                self.plain_effect(frame, at, Effect::ReleaseSavepoint, "`Database.releaseSavepoint`");
                Value::of(Ty::Void)
            }
            "convertlead" => {
                let lead = Value::of(Ty::named("Lead"));
                self.dml(frame, at, DmlOp::Update, &lead, Vec::new());
                Value::unknown()
            }
            "emptyrecyclebin" => {
                let unknown = Value { ty: Ty::Unknown, ..first };
                self.dml(frame, at, DmlOp::Delete, &unknown, Vec::new());
                Value::unknown()
            }
            "insertasync" | "updateasync" | "deleteasync" => {
                let object = first.ty.record_type().filter(|object| object.folded().ends_with("__x"));
                if let Some(object) = object {
                    let outcome = if args.len() > 1 { "handled" } else { "ignored" };
                    self.effect(frame, Effect::ExternalWrite, at, |frame| Site {
                        effect: Effect::ExternalWrite,
                        at,
                        symbol: frame.symbol.clone(),
                        label: format!("`Database.{method}` of {object}"),
                        object: Some(object),
                        operation: None,
                        facts: vec![("outcome", outcome.into())],
                    });
                }
                Value::unknown()
            }
            // On a big object (`__b`) the same methods write inside the org.
            "insertimmediate" | "updateimmediate" | "deleteimmediate"
                if first.ty.record_type().is_some_and(|object| object.folded().ends_with("__x")) =>
            {
                let label = format!("`Database.{method}` of an external object");
                self.callout(frame, at, "external-object", label, &Slots::default());
                Value::unknown()
            }
            _ => Value::unknown(),
        }
    }

    fn connect_api(&mut self, frame: &mut Frame<'u>, at: Location, owner: Name, name: Name, _args: &[Value]) {
        let class = owner.folded();
        if class == "connectapi.cdpquery" {
            let label = format!("`{owner}.{name}`");
            self.callout(frame, at, "data-cloud", label, &Slots::default());
            return;
        }
        const WRITES: [&str; 10] =
            ["post", "create", "update", "delete", "like", "follow", "set", "add", "remove", "publish"];
        if WRITES.iter().any(|verb| name.folded().starts_with(verb)) {
            let label = format!("`{owner}.{name}`");
            self.plain_effect(frame, at, Effect::ConnectWrite, &label);
        }
    }

    fn request_setting(
        &mut self,
        frame: &mut Frame<'u>,
        at: Location,
        receiver: &Value,
        method: &str,
        args: &[Value],
    ) -> Value {
        let kind = match method {
            "settimeout" => {
                let time = match args.first().map(|arg| &arg.known) {
                    Some(Known::Int(time)) => u32::try_from(*time).ok(),
                    _ => None,
                };
                for slot in receiver.slots.iter() {
                    self.flow.note(slot, SlotFacts::TIMEOUT_SET);
                    if let Some(time) = time {
                        self.flow.note_timeout(slot, time);
                    }
                }
                return Value::of(Ty::Void);
            }
            "setendpoint" => SinkKind::Endpoint,
            "setmethod" => SinkKind::Method,
            "setbody" | "setbodyasblob" => SinkKind::Body,
            "setheader" => SinkKind::Header(match args.first().map(|arg| &arg.known) {
                Some(Known::Str(text)) => Some(text.to_lowercase()),
                _ => None,
            }),
            _ => return Value::of(Ty::named("String")),
        };
        let Some(value) = args.last() else { return Value::of(Ty::Void) };
        self.flow.sink(Sink {
            kind,
            request: receiver.slots.iter().collect(),
            value: value.slots.iter().collect(),
            traced: value.is_traced(),
            at,
            symbol: frame.symbol.clone(),
        });
        Value::of(Ty::Void)
    }

    /// What `JSON.serialize(value)` carries: of objects of the project, all that their fields hold.
    pub(super) fn serialized(&mut self, frame: &Frame<'u>, id: ExprId, value: &Value) -> Slots {
        let mut from: Vec<SlotId> = value.slots.iter().collect();
        let class = class_in(&value.ty);
        if let Some(class) = class {
            from.extend(self.fields_below(class, 3));
        }
        let traced = class.is_some() || value.is_traced();
        if from.is_empty() {
            return if traced { Slots::none() } else { Slots::default() };
        }
        let text = self.flow.slot(Slot::Serialized { unit: frame.unit, expr: id }, None);
        from.into_iter().for_each(|from| self.flow.edge(from, text));
        if !traced {
            self.flow.note(text, SlotFacts::UNTRACED);
        }
        Slots::one(text)
    }

    /// The origin of a text that is made of `values`.
    fn derived<'v>(
        &mut self,
        frame: &Frame<'u>,
        id: ExprId,
        values: impl Iterator<Item = &'v Value> + Clone,
    ) -> Slots {
        let traced = values.clone().all(Value::is_traced);
        if values.clone().all(|value| value.slots.is_empty()) {
            return if traced { Slots::none() } else { Slots::default() };
        }
        let text = self.flow.slot(Slot::Derived { unit: frame.unit, expr: id }, None);
        self.flow.derive(text, values.flat_map(|value| value.slots.iter()));
        if !traced {
            self.flow.note(text, SlotFacts::UNTRACED);
        }
        Slots::one(text)
    }

    /// `JSON.deserialize` fills the fields of an object from the text.
    pub(in crate::program) fn fill_fields(&mut self, ty: &Ty, slots: &Slots) {
        let class = match ty {
            Ty::Class(class) => *class,
            Ty::List(element) | Ty::Set(element) => return self.fill_fields(&element.clone(), slots),
            _ => return,
        };
        for field in self.fields_below(class, 3) {
            slots.iter().for_each(|from| self.flow.edge(from, field));
            if !slots.is_complete() {
                self.flow.note(field, SlotFacts::UNTRACED);
            }
        }
    }

    /// The slots of the fields of `class` and of the classes that they hold.
    fn fields_below(&mut self, class: ClassId, depth: usize) -> Vec<SlotId> {
        let mut found = Vec::new();
        for field in self.symbols.fields_of(class) {
            found.push(self.flow.slot(Slot::Field(field), None));
            let inner = match &self.symbols.field(field).ty {
                Ty::Class(inner) => Some(*inner),
                Ty::List(element) | Ty::Set(element) => match **element {
                    Ty::Class(inner) => Some(inner),
                    _ => None,
                },
                _ => None,
            };
            if let Some(inner) = inner
                && depth > 0
                && inner != class
            {
                found.extend(self.fields_below(inner, depth - 1));
            }
        }
        found
    }

    fn response_reading(
        &mut self,
        frame: &mut Frame<'u>,
        id: ExprId,
        receiver: &Value,
        method: &str,
    ) -> Value {
        let (facts, ty) = match method {
            "getstatuscode" => (SlotFacts::STATUS_READ, "Integer"),
            "getstatus" => (SlotFacts::STATUS_READ, "String"),
            "getbody" | "getxmlstreamreader" | "getbodydocument" => (SlotFacts::BODY_READ, "String"),
            "getbodyasblob" => (SlotFacts::BODY_READ, "Blob"),
            _ => (SlotFacts::default(), "String"),
        };
        // Writing it to the log checks nothing and uses nothing.
        if !frame.in_debug {
            for slot in receiver.slots.iter() {
                self.flow.note(slot, facts);
            }
        }
        let mut value = Value::of(Ty::named(ty));
        if facts.has(SlotFacts::BODY_READ) && receiver.ty.is_platform("httpresponse") {
            value.slots = Slots::one(self.flow.slot(Slot::Answer { unit: frame.unit, expr: id }, None));
        }
        value
    }
}

/// The access mode that a `Database` method is given; what is not known may be the user's.
fn mode_of(args: &[Value]) -> &'static str {
    let user = args.iter().any(|arg| {
        arg.known == Known::Constant(Name::new("USER_MODE"))
            || (arg.ty.is_platform("accesslevel") && !arg.known.is_known())
    });
    if user { "user" } else { "system" }
}

/// The standard objects that integrations write the most (Object Reference).
pub(in crate::program) fn is_standard_object(folded: &str) -> bool {
    matches!(
        folded,
        "account"
            | "asset"
            | "attachment"
            | "campaign"
            | "campaignmember"
            | "case"
            | "casecomment"
            | "contact"
            | "contentdocumentlink"
            | "contentversion"
            | "contract"
            | "emailmessage"
            | "event"
            | "feeditem"
            | "lead"
            | "note"
            | "opportunity"
            | "opportunitylineitem"
            | "order"
            | "orderitem"
            | "pricebook2"
            | "pricebookentry"
            | "product2"
            | "quote"
            | "quotelineitem"
            | "task"
            | "user"
    )
}

/// The class of the project whose objects a value is, or a collection of.
fn class_in(ty: &Ty) -> Option<ClassId> {
    match ty {
        Ty::Class(class) => Some(*class),
        Ty::List(element) | Ty::Set(element) => class_in(element),
        Ty::Map(pair) => class_in(&pair.1),
        _ => None,
    }
}

/// Whether a platform type is a record's, as far as its name tells.
fn is_record(ty: &str) -> bool {
    ty == "sobject" || !(ty.contains('.') || is_known_platform(ty))
}

/// Methods of lists, sets and maps: element types and sizes.
fn collection_method(receiver: &Value, method: &str) -> Value {
    let sized = |ty: Ty| Value {
        known: match &receiver.known {
            known @ Known::Sized(_) => known.clone(),
            _ => Known::Nothing,
        },
        ty,
        deps: receiver.deps,
        decision: false,
        slots: receiver.slots.clone(),
        size: receiver.count(),
    };
    let one = |ty: Ty| Value { slots: receiver.slots.clone(), deps: receiver.deps, ..Value::of(ty) };
    match (&receiver.ty, method) {
        (Ty::Map(pair), "get" | "remove") => one(pair.1.clone()),
        (Ty::Map(pair), "values") => sized(Ty::list(pair.1.clone())),
        (Ty::Map(pair), "keyset") => sized(Ty::set(pair.0.clone())),
        (Ty::List(element), "get" | "remove") => one((**element).clone()),
        (_, "clone" | "deepclone") => sized(receiver.ty.clone()),
        (Ty::List(element) | Ty::Set(element), "iterator") => sized(Ty::list((**element).clone())),
        (_, "size") => {
            let known = match &receiver.known {
                Known::Sized(Bound::Constant(0)) => Known::Int(0),
                known => known.clone(),
            };
            Value { known, deps: receiver.deps, ..Value::of(Ty::named("Integer")) }.sized(receiver.count())
        }
        (_, "isempty") => {
            // Only what was never filled is known to be empty; code that asks of others means it.
            let known = match &receiver.known {
                Known::Sized(Bound::Constant(0)) => Known::Bool(true),
                _ => Known::Nothing,
            };
            Value { deps: receiver.deps, ..Value::known(known, Ty::named("Boolean")) }
        }
        (_, "contains" | "containskey" | "equals" | "add" | "addall") => Value::of(Ty::named("Boolean")),
        _ => Value::unknown(),
    }
}

/// What the text of a query says of how many rows it fetches. What is added to a text at run time may
/// still say more.
fn query_facts(text: &str, known: &Known) -> Facts {
    let lower = text.to_ascii_lowercase();
    let whole = matches!(known, Known::Str(_));
    let has = |word: &str| lower.split(|ch: char| !ch.is_alphanumeric()).any(|known| known == word);
    let mut facts = Facts::new();
    for (name, word) in [("filtered", "where"), ("limited", "limit")] {
        if has(word) || whole {
            facts.push((name, if has(word) { "yes" } else { "no" }.into()));
        }
    }
    facts
}

/// The object of a query text: the word after the first `FROM` outside of parentheses.
fn from_object(text: &str) -> Option<Name> {
    let mut depth = 0usize;
    let mut word_start = None;
    let mut after_from = false;
    for (index, ch) in text.char_indices().chain([(text.len(), ' ')]) {
        let is_word = ch.is_alphanumeric() || ch == '_';
        match (word_start, is_word) {
            (None, true) => word_start = Some(index),
            (Some(start), false) => {
                let word = &text[start..index];
                if after_from {
                    return Some(Name::new(word));
                }
                after_from = depth == 0 && word.eq_ignore_ascii_case("from");
                word_start = None;
            }
            _ => {}
        }
        match ch {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Platform classes and namespaces whose methods are known to have no effect that rules ask about.
/// Anything else is counted as not resolved.
fn is_known_platform(class: &str) -> bool {
    let head = class.split('.').next().unwrap_or(class);
    matches!(
        head,
        "system"
            | "schema"
            | "database"
            | "limits"
            | "userinfo"
            | "test"
            | "json"
            | "math"
            | "string"
            | "date"
            | "datetime"
            | "time"
            | "integer"
            | "long"
            | "double"
            | "decimal"
            | "boolean"
            | "blob"
            | "id"
            | "crypto"
            | "encodingutil"
            | "url"
            | "type"
            | "apexpages"
            | "pagereference"
            | "messaging"
            | "cache"
            | "auth"
            | "approval"
            | "connectapi"
            | "site"
            | "network"
            | "label"
            | "security"
            | "featuremanagement"
            | "flow"
            | "metadata"
            | "reports"
            | "search"
            | "userprovisioning"
            | "quickaction"
            | "process"
            | "visualeditor"
            | "wave"
            | "trigger"
            | "triggeroperation"
            | "uuid"
            | "request"
            | "restcontext"
            | "eventbus"
            | "asyncinfo"
            | "pattern"
            | "matcher"
            | "xmlstreamreader"
            | "xmlstreamwriter"
            | "dom"
            | "assert"
            | "formula"
            | "formulaeval"
            | "collator"
            | "domaincreator"
            | "domainparser"
            | "domain"
            | "orglimits"
            | "packaging"
            | "ideas"
            | "knowledge"
            | "support"
            | "sfc"
            | "chatteranswers"
            | "datasource"
            | "dataweave"
            | "invocable"
            | "lxscheduler"
            | "cartextension"
            | "commercepayments"
            | "commerceorders"
            | "canvas"
            | "externalservice"
            | "functions"
            | "kbmanagement"
            | "placequote"
            | "pref_center"
            | "richmessaging"
            | "sitemap"
            | "slack"
            | "tserver"
            | "txnsecurity"
            | "version"
            | "webservicecallout"
            | "answers"
            | "businesshours"
            | "comparable"
            | "continuation"
            | "cookie"
            | "exception"
            | "http"
            | "installhandler"
            | "jsongenerator"
            | "jsonparser"
            | "locale"
            | "sobject"
            | "selectoption"
            | "timezone"
            | "multistaticresourcecalloutmock"
            | "savepoint"
            | "callable"
            | "address"
            | "location"
            | "orglimit"
            | "accesstype"
            | "fielddescribe"
            | "emailmessages"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_of_a_query_text_is_found_past_child_queries() {
        let name = from_object("SELECT Id, (SELECT Id FROM Contacts) FROM Account WHERE Name = 'x'");
        assert_eq!(name, Some(Name::new("Account")));
        assert_eq!(from_object("SELECT Id FROM "), None);
    }
}
