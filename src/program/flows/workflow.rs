//! Workflow rules: field updates that fire the update triggers once more, and outbound messages.

use crate::apex::unit::DmlOp;
use crate::metadata::workflow::{Workflow, WorkflowRule};
use crate::name::Name;

use super::super::interpret::Linker;
use super::super::model::{Arm, Case, Effect, Guards, Node, NodeId, NodeKind, Runs, Site, Step};
use super::super::value::{AsyncContext, Context, Deps, EventContext, Receiver};

impl<'u> Linker<'u> {
    /// The nodes of the workflow rules that a save of `object` may fire (DOMAIN A.8, step 11).
    pub(in crate::program) fn workflow_rules(
        &mut self,
        object: Name,
        op: DmlOp,
        context: &Context,
    ) -> Vec<NodeId> {
        let workflows = self.flows.workflows.get(&object).cloned().unwrap_or_default();
        let mut nodes = Vec::new();
        for workflow in workflows {
            for rule in workflow.rules.iter().filter(|rule| rule.active && fires(rule, op)) {
                nodes.extend(self.rule_node(object, workflow, rule, context));
            }
        }
        nodes
    }

    /// Builds the nodes of all workflow rules: what they send is of interest whoever saves.
    pub(in crate::program) fn all_workflow_rules(&mut self) {
        let mut objects: Vec<Name> = self.flows.workflows.keys().copied().collect();
        objects.sort();
        let context = Context {
            event: EventContext::Unknown,
            job: AsyncContext::Unknown,
            receiver: Receiver::None,
            args: Vec::new(),
            bypassed: Vec::new(),
        };
        for object in objects {
            self.workflow_rules(object, DmlOp::Upsert, &context);
        }
    }

    /// `None` where the rule does nothing that counts here.
    fn rule_node(
        &mut self,
        object: Name,
        workflow: &Workflow,
        rule: &WorkflowRule,
        context: &Context,
    ) -> Option<NodeId> {
        let name = rule.header.name;
        let key = (object, name, context.job, context.bypassed.clone());
        if let Some(&node) = self.flows.rule_nodes.get(&key) {
            return Some(node);
        }
        let of_type = |kind: &str, name: Name| {
            rule.actions.iter().any(|action| {
                !action.delayed
                    && action.name.value == name
                    && action.action_type.as_ref().is_some_and(|text| text.value.eq_ignore_ascii_case(kind))
            })
        };
        let messages: Vec<_> = workflow
            .outbound_messages
            .iter()
            .filter(|message| of_type("OutboundMessage", message.header.name))
            .collect();
        // A field of another object is written without its triggers.
        let updates: Vec<_> = workflow
            .field_updates
            .iter()
            .filter(|update| update.target_object.is_none() && of_type("FieldUpdate", update.header.name))
            .collect();
        if messages.is_empty() && updates.is_empty() {
            return None;
        }
        let node = Node {
            symbol: format!("{object}.{name}"),
            at: rule.header.start(),
            context: String::new(),
            kind: NodeKind::WorkflowRule,
            steps: Vec::new(),
            decided: Vec::new(),
            sizes: Default::default(),
            sharing: None,
            unseen: false,
        };
        let node = self.open_node(node, context.clone());
        self.flows.rule_nodes.insert(key, node);
        let mut steps = Vec::new();
        for message in messages {
            let at = message.header.start();
            let site = self.site(Effect::OutboundMessage, at, || Site {
                effect: Effect::OutboundMessage,
                at,
                symbol: format!("{object}.{name}"),
                label: format!("outbound message {}", message.header.name),
                object: Some(object),
                operation: None,
                facts: vec![("source", "workflow".into())],
            });
            steps.push(Step::Effect(site));
        }
        if let Some(update) = updates.first() {
            let at = update.header.start();
            let site = self.site(Effect::Dml, at, || Site {
                effect: Effect::Dml,
                at,
                symbol: format!("{object}.{name}"),
                label: format!("field update {} of {object}", update.header.name),
                object: Some(object),
                operation: Some(DmlOp::Update),
                facts: vec![("source", "workflow".into())],
            });
            let triggers = self.triggers_of(object, DmlOp::Update, context);
            steps.push(Step::Dml { site, triggers });
        }
        let arm = Arm {
            at: rule.header.start(),
            case: Case::True,
            guards: Guards::OTHER,
            conditions: Vec::new(),
            runs: Runs::Each,
            steps,
        };
        let steps = if rule.has_condition {
            vec![Step::Branch { arms: vec![arm], exhaustive: false }]
        } else {
            arm.steps
        };
        self.close_node(node, steps, Deps::ASYNC.with(Deps::BYPASS));
        Some(node)
    }
}

fn fires(rule: &WorkflowRule, op: DmlOp) -> bool {
    let only_create =
        rule.trigger_type.as_ref().is_some_and(|text| text.value.eq_ignore_ascii_case("onCreateOnly"));
    match op {
        DmlOp::Insert | DmlOp::Upsert => true,
        DmlOp::Update => !only_create,
        DmlOp::Delete | DmlOp::Undelete | DmlOp::Merge => false,
    }
}
