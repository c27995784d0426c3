//! What transactions cost: worked examples with their numbers, and a family of generated programs whose
//! cost an interpreter counts.

use std::fs;

use seamlint::config::Settings;
use seamlint::config::workload::Assume;
use seamlint::cost::{Breaks, EntryLines, Legend, Line, Meter, Verdict, formula};
use seamlint::program::model::EntryId;
use seamlint::report::progress::Progress;
use seamlint::rules::registry::built_in;
use seamlint::scan::{self, Model};
use seamlint::summary::cost::{Resource, Sizes};
use tempfile::TempDir;

mod family;

/// A project of these files.
pub fn model(files: &[(&str, String)]) -> (TempDir, Model) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let model =
        scan::model(&[folder.path().to_path_buf()], &Settings::default(), &Progress::new(true)).unwrap();
    (folder, model)
}

/// The costs of the entry points of a project whose names hold `name`.
fn costs(files: &[(&str, &str)], name: &str, see: impl Fn(&[EntryLines])) {
    let files: Vec<(&str, String)> = files.iter().map(|&(path, text)| (path, text.to_owned())).collect();
    let (_folder, model) = model(&files);
    let rules = built_in().unwrap();
    let meter = Meter::new(&model.program, &model.summary, &rules.limits, &Assume::default());
    let named: Vec<EntryId> = (0..model.program.entries.len() as u32)
        .map(EntryId)
        .filter(|&id| model.program.entry(id).name.contains(name))
        .collect();
    assert!(!named.is_empty(), "no entry point is called {name}");
    let all = meter.entries();
    let wanted: Vec<EntryLines> = all.into_iter().filter(|cost| named.contains(&cost.entry)).collect();
    see(&wanted);
}

fn line(cost: &EntryLines, resource: Resource) -> &Line {
    cost.lines.iter().find(|line| line.resource == resource).unwrap_or_else(|| panic!("no {resource}"))
}

fn text(line: &Line) -> (String, String) {
    let mut legend = Legend::default();
    (formula(&line.least, &mut legend), formula(&line.most, &mut legend))
}

fn both(formula: &str) -> (String, String) {
    (formula.to_owned(), formula.to_owned())
}

fn between(least: &str, most: &str) -> (String, String) {
    (least.to_owned(), most.to_owned())
}

const ORDER_EVENT: &str = "<?xml version=\"1.0\"?><CustomObject xmlns=\"http://soap.sforce.com/2006/04/metadata\">\
    <eventType>HighVolume</eventType><label>O</label><pluralLabel>O</pluralLabel>\
    <publishBehavior>PublishAfterCommit</publishBehavior></CustomObject>";

#[test]
fn a_trigger_that_queries_and_publishes_for_each_record() {
    let files = [
        ("objects/O__e/O__e.object-meta.xml", ORDER_EVENT),
        (
            "triggers/Opp.trigger",
            "trigger Opp on Opportunity (after insert) {
                for (Opportunity o : Trigger.new) {
                    Account a = [SELECT Id, Name FROM Account WHERE Id = :o.AccountId];
                    EventBus.publish(new O__e(Name__c = a.Name));
                }
            }",
        ),
    ];
    costs(&files, "Opp", |all| {
        let soql = line(&all[0], Resource::Soql);
        assert_eq!(text(soql), both("n"));
        assert_eq!((soql.most_value, soql.limit, soql.breaks), (200, Some(100), Some(Breaks::AtBatch(101))));
        assert_eq!(soql.verdict(), Verdict::Exceeds);
        let dml = line(&all[0], Resource::Dml);
        assert_eq!(text(dml), both("n"));
        assert_eq!((dml.most_value, dml.limit, dml.breaks), (200, Some(150), Some(Breaks::AtBatch(151))));
        assert_eq!(text(line(&all[0], Resource::PublishedEvents)), both("n"));
    });
}

#[test]
fn a_batch_job_that_tries_its_callouts_again() {
    let files = [(
        "classes/Push.cls",
        "public class Push implements Database.Batchable<SObject>, Database.AllowsCallouts {
            public Database.QueryLocator start(Database.BatchableContext c) {
                return Database.getQueryLocator([SELECT Id FROM Account]);
            }
            public void execute(Database.BatchableContext c, List<Account> scope) {
                for (Account a : scope) {
                    Integer tries = 0;
                    do {
                        HttpRequest request = new HttpRequest();
                        request.setEndpoint('callout:Erp/accounts');
                        HttpResponse response = new Http().send(request);
                        if (response.getStatusCode() == 200) {
                            break;
                        }
                        tries++;
                    } while (tries < 3);
                }
            }
            public void finish(Database.BatchableContext c) {}
        }",
    )];
    costs(&files, "Push.execute", |all| {
        assert_eq!(all[0].batch, 200);
        let callouts = line(&all[0], Resource::Callouts);
        assert_eq!((callouts.least_value, callouts.limit), (200, Some(100)));
        assert_eq!(callouts.verdict(), Verdict::Exceeds);
        assert_eq!(text(callouts), between("n", "3n"));
        assert_eq!((callouts.most_value, callouts.breaks), (600, Some(Breaks::AtBatch(34))));
        // The largest scope that fits is 33.
        let timeout = line(&all[0], Resource::Timeout);
        assert_eq!((timeout.most_value, timeout.limit), (6_000_000, Some(120_000)));
        assert_eq!(timeout.breaks, Some(Breaks::AtBatch(5)));
        assert_eq!(timeout.least.breaks_at(120_000, all[0].assumed), Some(13));
    });
}

const TASKS: &str = "trigger OnShipped on Shipped__e (after insert) {
    List<Task> tasks = new List<Task>();
    List<Account> accounts = [SELECT Id FROM Account WHERE Ready__c = true LIMIT 10];
    for (Shipped__e e : Trigger.new) {
        tasks.add(new Task(Subject = e.Number__c));
    }
    insert tasks;
}";

#[test]
fn an_event_trigger_whose_dml_fires_another_trigger_in_chunks() {
    let once = "trigger OnTask on Task (after insert) {
        List<Account> a = [SELECT Id FROM Account LIMIT 1];
        List<Contact> c = [SELECT Id FROM Contact LIMIT 1];
        System.enqueueJob(new Later());
    }";
    let later = "public class Later implements Queueable { public void execute(QueueableContext c) {} }";
    let files = [
        ("triggers/OnShipped.trigger", TASKS),
        ("triggers/OnTask.trigger", once),
        ("classes/Later.cls", later),
    ];
    costs(&files, "OnShipped", |all| {
        assert_eq!(all[0].batch, 2000);
        let soql = line(&all[0], Resource::Soql);
        assert_eq!(text(soql), both("2·⌈n/200⌉ + 1"));
        assert_eq!((soql.most_value, soql.verdict()), (21, Verdict::Fits));
        let rows = line(&all[0], Resource::DmlRows);
        assert_eq!((text(rows), rows.most_value), (both("n"), 2000));
        let enqueue = line(&all[0], Resource::Enqueue);
        assert_eq!((enqueue.most_value, enqueue.limit, enqueue.verdict()), (10, Some(50), Verdict::Fits));
    });
    let each = "trigger OnTask on Task (after insert) {
        for (Task t : Trigger.new) { System.enqueueJob(new Later()); }
    }";
    let files = [
        ("triggers/OnShipped.trigger", TASKS),
        ("triggers/OnTask.trigger", each),
        ("classes/Later.cls", later),
    ];
    costs(&files, "OnShipped", |all| {
        let enqueue = line(&all[0], Resource::Enqueue);
        assert_eq!((text(enqueue), enqueue.most_value), (both("n"), 2000));
        // The largest batch that fits is 50.
        assert_eq!(enqueue.breaks, Some(Breaks::AtBatch(51)));
        assert_eq!(enqueue.verdict(), Verdict::Exceeds);
    });
}

#[test]
fn a_job_whose_dml_fires_a_trigger_that_starts_jobs() {
    let files = [
        (
            "classes/Touch.cls",
            "public class Touch implements Queueable {
                public void execute(QueueableContext c) {
                    List<Account> accounts = new List<Account>();
                    for (Integer i = 0; i < 1000; i++) {
                        accounts.add(new Account(Name = 'x'));
                    }
                    update accounts;
                }
            }",
        ),
        (
            "triggers/OnAccount.trigger",
            "trigger OnAccount on Account (after update) { System.enqueueJob(new Touch()); }",
        ),
    ];
    costs(&files, "Touch.execute", |all| {
        let enqueue = line(&all[0], Resource::Enqueue);
        assert_eq!((text(enqueue), enqueue.limit), (both("5"), Some(1)));
        assert_eq!(enqueue.verdict(), Verdict::Exceeds);
    });
}

#[test]
fn loops_over_what_only_the_run_knows_may_exceed_and_no_more() {
    let files = [(
        "classes/Sync.cls",
        "public class Sync {
            @AuraEnabled
            public static void all(List<Account> accs) {
                for (Account a : accs) {
                    for (Contact c : a.Contacts) {
                        new Http().send(new HttpRequest());
                    }
                }
            }
        }",
    )];
    costs(&files, "Sync.all", |all| {
        let callouts = line(&all[0], Resource::Callouts);
        assert_eq!(text(callouts), between("0", "|Contacts|·|accs|"));
        assert_eq!(callouts.verdict(), Verdict::MayExceed);
        // More than a hundred contacts in all.
        assert_eq!(callouts.breaks, Some(Breaks::AtSize(11)));
    });
}

#[test]
fn a_loop_over_chunks() {
    let files = [(
        "classes/Bulk.cls",
        "public class Bulk {
            @InvocableMethod
            public static void send(List<String> ids) {
                for (Integer i = 0; i < ids.size(); i += 100) {
                    HttpRequest request = new HttpRequest();
                    request.setBody(String.join(ids, ','));
                    new Http().send(request);
                }
            }
        }",
    )];
    costs(&files, "Bulk.send", |all| {
        let callouts = line(&all[0], Resource::Callouts);
        assert_eq!((text(callouts), callouts.most_value), (both("⌈n/100⌉"), 2));
        assert_eq!(callouts.verdict(), Verdict::Fits);
    });
}

const FLOW: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Flow xmlns="http://soap.sforce.com/2006/04/metadata">
    <actionCalls>
        <name>Push</name><label>Push</label>
        <actionName>Erp.push</actionName><actionType>externalService</actionType>
    </actionCalls>
    <processType>AutoLaunchedFlow</processType>
    <start>
        <object>Account</object>
        <recordTriggerType>Create</recordTriggerType>
        <triggerType>RecordAfterSave</triggerType>
        <scheduledPaths>
            <connector><targetReference>Push</targetReference></connector>
            <maxBatchSize>200</maxBatchSize>
            <pathType>AsyncAfterCommit</pathType>
        </scheduledPaths>
    </start>
    <status>Active</status>
</Flow>"#;

#[test]
fn a_flow_path_that_calls_out_for_each_interview() {
    let files = [("flows/Push.flow-meta.xml", FLOW)];
    costs(&files, "Push", |all| {
        let callouts = line(&all[0], Resource::Callouts);
        assert_eq!((text(callouts), callouts.most_value), (both("n"), 200));
        assert_eq!((callouts.verdict(), callouts.breaks), (Verdict::Exceeds, Some(Breaks::AtBatch(101))));
    });
}

#[test]
fn caches_and_switches_count_once() {
    let files = [(
        "classes/Cached.cls",
        "public class Cached {
            static Map<Id, Account> byId = new Map<Id, Account>();
            static List<Account> everyone;
            static Boolean ran = false;
            static Account find(Id id) {
                if (!byId.containsKey(id)) {
                    byId.put(id, [SELECT Id FROM Account WHERE Id = :id]);
                }
                return byId.get(id);
            }
            static List<Account> all() {
                if (everyone == null) {
                    everyone = [SELECT Id FROM Account];
                }
                return everyone;
            }
            @InvocableMethod
            public static void run(List<Id> ids) {
                for (Id id : ids) {
                    all();
                    find(id);
                    if (ran) {
                        continue;
                    }
                    ran = true;
                    insert new Task();
                }
            }
        }",
    )];
    costs(&files, "Cached.run", |all| {
        assert_eq!(text(line(&all[0], Resource::Soql)), between("0", "keys + 1"));
        assert_eq!(text(line(&all[0], Resource::Dml)), between("0", "1"));
    });
}

/// What the programs of the family cost is between what is computed at least and at most; and it is just
/// that where no condition is unknown.
#[test]
fn generated_programs_cost_what_is_computed() {
    let rules = built_in().unwrap();
    let resources = [Resource::Soql, Resource::Callouts, Resource::Dml, Resource::DmlRows];
    let (mut checked, mut exact, mut skipped) = (0, 0, 0);
    for seed in 0..family::PROGRAMS {
        let program = family::generate(seed);
        let (folder, model) = model(&program.files());
        let meter = Meter::new(&model.program, &model.summary, &rules.limits, &Assume::default());
        let entry = (0..model.program.entries.len() as u32)
            .map(EntryId)
            .find(|&id| model.program.entry(id).name.contains("trigger Main"))
            .expect("the family's programs have one");
        let cost = meter.of(&[entry], &resources).pop().unwrap();
        for batch in [1, 3, 17] {
            for run in 0..3 {
                let Some(counted) = family::count(&program, batch, seed * 31 + run) else { continue };
                for resource in resources {
                    let true_count = counted.of(resource);
                    let Some(line) = cost.lines.iter().find(|line| line.resource == resource) else {
                        assert_eq!(true_count, 0, "seed {seed}: {resource}\n{}", program.text());
                        continue;
                    };
                    // A size beyond measure is taken as 200, which may be too few here.
                    if !line.most.symbols().is_empty() || line.unbounded.is_some() {
                        skipped += 1;
                        continue;
                    }
                    let sizes = Sizes { batch, assumed: cost.assumed };
                    let (least, most) = (line.least.value(&sizes), line.most.value(&sizes));
                    let (low, high) = text(line);
                    let what = format!(
                        "seed {seed}, n = {batch}, {resource}: {least} ≤ {true_count} ≤ {most}\n{low}\n{high}\n{}",
                        program.text()
                    );
                    assert!(least <= true_count && true_count <= most, "{what}");
                    if program.is_simple() {
                        assert!(least == true_count && true_count == most, "not exact: {what}");
                        exact += 1;
                    }
                    checked += 1;
                }
            }
        }
        drop(folder);
    }
    assert!(checked > 2_000 && exact > 300, "{checked} checked, {exact} exactly, {skipped} skipped");
    assert!(skipped * 10 < checked, "{checked} checked, {skipped} skipped");
}

/// A trigger on accounts that updates them again, with what stands in front of that.
fn guarded(guard: &str, helper: &str, see: impl Fn(&Line, &Line)) {
    let trigger = "trigger T on Account (after update) { Handler.run(Trigger.new); }";
    let handler = format!(
        "public class Handler {{
            public static void run(List<Account> accounts) {{
                {guard}
            }}
        }}"
    );
    let files =
        [("triggers/T.trigger", trigger), ("classes/Handler.cls", &handler), ("classes/Guard.cls", helper)];
    costs(&files, "trigger T", |all| {
        let sites = (line(&all[0], Resource::Dml), line(&all[0], Resource::Soql));
        see(sites.0, sites.1);
    });
}

const WORK: &str = "List<Contact> c = [SELECT Id FROM Contact LIMIT 1]; update accounts;";

#[test]
fn a_trigger_that_fires_itself_has_no_upper_bound() {
    guarded(WORK, "public class Guard {}", |dml, _| {
        assert_eq!(text(dml), both("1"));
        assert!(dml.unbounded.is_some());
    });
}

#[test]
fn a_flag_behind_methods_of_another_class_stops_the_second_turn() {
    let guard = "public class Guard {
        private static Boolean hasRun = false;
        public static Boolean ran() { return hasRun; }
        public static void setRan() { hasRun = true; }
    }";
    let body = format!("if (Guard.ran()) {{ return; }} Guard.setRan(); {WORK}");
    guarded(&body, guard, |dml, soql| {
        assert_eq!((dml.most_value, dml.unbounded), (1, None));
        assert_eq!((soql.most_value, soql.unbounded), (1, None));
    });
}

#[test]
fn a_method_that_tests_a_flag_and_sets_it_gives_true_once() {
    for body in [
        "if (first) { first = false; return true; } return false;",
        "if (first) { first = false; return true; } else { return first; }",
        "if (!first) return false; first = false; return true;",
    ] {
        let guard = format!(
            "public class Guard {{ private static Boolean first = true; public static Boolean once() {{ {body} }} }}"
        );
        guarded(&format!("if (Guard.once()) {{ {WORK} }}"), &guard, |dml, _| {
            assert_eq!((dml.most_value, dml.unbounded), (1, None), "{body}");
        });
    }
}

const KEYED: &str = "public class Guard {
    public enum Flag { ACC, CON }
    private static Map<Flag, Integer> depth = new Map<Flag, Integer>();
    public static Boolean isRunning(Flag f) { return (depth.containsKey(f) ? depth.get(f) : 0) > 0; }
    public static void setRunning(Flag f, Boolean on) {
        Integer now = depth.containsKey(f) ? depth.get(f) : 0;
        depth.put(f, now + (on ? 1 : -1));
    }
}";

#[test]
fn a_flag_with_a_key_stops_what_is_nested() {
    let body = format!(
        "if (Guard.isRunning(Guard.Flag.ACC)) {{ return; }}
         Guard.setRunning(Guard.Flag.ACC, true); {WORK} Guard.setRunning(Guard.Flag.ACC, false);"
    );
    guarded(&body, KEYED, |dml, _| assert_eq!((dml.most_value, dml.unbounded), (1, None)));
}

#[test]
fn a_flag_with_another_key_stops_nothing() {
    let body = format!(
        "if (Guard.isRunning(Guard.Flag.ACC)) {{ return; }}
         Guard.setRunning(Guard.Flag.CON, true); {WORK} Guard.setRunning(Guard.Flag.CON, false);"
    );
    guarded(&body, KEYED, |dml, _| assert!(dml.unbounded.is_some()));
}

#[test]
fn a_flag_that_is_taken_back_lets_the_next_chunk_run() {
    let files = [
        (
            "classes/Job.cls",
            "public class Job implements Database.Batchable<SObject> {
                public Iterable<SObject> start(Database.BatchableContext c) { return null; }
                public void execute(Database.BatchableContext c, List<Account> scope) {
                    List<Contact> contacts = new List<Contact>();
                    for (Integer i = 0; i < 1000; i++) { contacts.add(new Contact()); }
                    insert contacts;
                }
                public void finish(Database.BatchableContext c) {}
            }",
        ),
        (
            "triggers/C.trigger",
            "trigger C on Contact (after insert) {
                if (Guard.isRunning(Guard.Flag.CON)) { return; }
                Guard.setRunning(Guard.Flag.CON, true);
                List<Lead> l = [SELECT Id FROM Lead LIMIT 1];
                Guard.setRunning(Guard.Flag.CON, false);
            }",
        ),
        ("classes/Guard.cls", KEYED),
    ];
    costs(&files, "Job.execute", |all| assert_eq!(line(&all[0], Resource::Soql).most_value, 5));
    let once = files[1].1.replace("Guard.setRunning(Guard.Flag.CON, false);", "");
    let files = [files[0], ("triggers/C.trigger", &*once), files[2]];
    costs(&files, "Job.execute", |all| assert_eq!(line(&all[0], Resource::Soql).most_value, 1));
}

#[test]
fn caches_are_filled_once_in_each_of_their_forms() {
    let fill = "[SELECT Id FROM User LIMIT 10]";
    for (declared, used) in [
        ("static List<User> users;", format!("users = users ?? {fill};")),
        (
            "static List<User> users = new List<User>();",
            format!("if (users.isEmpty()) {{ users.addAll({fill}); }}"),
        ),
        ("static List<User> users;", format!("if (users == null) {{ users = {fill}; }}")),
    ] {
        let class = format!("public class Cache {{ {declared} public static void get() {{ {used} }} }}");
        let trigger =
            "trigger T on Account (after update) { for (Account a : Trigger.new) { Cache.get(); } }";
        costs(&[("triggers/T.trigger", trigger), ("classes/Cache.cls", &class)], "trigger T", |all| {
            assert_eq!(line(&all[0], Resource::Soql).most_value, 1, "{used}");
        });
    }
}

#[test]
fn two_places_that_fill_one_cache_share_its_keys() {
    let class = "public class Rates {
        static Map<String, Rate__c> cache = new Map<String, Rate__c>();
        public static void one(String key) {
            if (!cache.containsKey(key)) { cache.put(key, [SELECT Id FROM Rate__c WHERE Name = :key LIMIT 1]); }
        }
        public static void two(String key) {
            if (!cache.containsKey(key)) { cache.put(key, [SELECT Id FROM Rate__c WHERE Name = :key LIMIT 1]); }
        }
    }";
    let trigger = "trigger T on Account (after update) {
        for (Account a : Trigger.new) { Rates.one(a.Name); Rates.two(a.Site); }
    }";
    costs(&[("triggers/T.trigger", trigger), ("classes/Rates.cls", class)], "trigger T", |all| {
        let soql = line(&all[0], Resource::Soql);
        assert!(text(soql).1.starts_with("keys") || text(soql).1.starts_with("2·keys"), "{:?}", text(soql));
        assert!(!text(soql).1.contains("keys2"), "{:?}", text(soql));
        // Two lookups of one record may have two keys.
        assert_eq!((soql.most_at_one, soql.most_value), (2, 400));
    });
}

#[test]
fn what_a_try_in_a_loop_adds_is_counted() {
    let trigger = "trigger T on Account (after update) {
        List<Task> tasks = new List<Task>();
        for (Account a : Trigger.new) {
            try { tasks.add(new Task(WhatId = a.Id)); Other.call(a); } catch (Exception e) { System.debug(e); }
        }
        insert tasks;
    }";
    costs(&[("triggers/T.trigger", trigger)], "trigger T", |all| {
        assert_eq!(text(line(&all[0], Resource::DmlRows)), between("0", "n"));
    });
}

#[test]
fn a_size_that_a_condition_fixes_is_known_in_its_arm() {
    let job = "public class Job implements Database.Batchable<SObject> {
        public Database.QueryLocator start(Database.BatchableContext c) { return null; }
        public void execute(Database.BatchableContext c, List<Account> scope) {
            if (scope.size() == 1) { for (Account a : scope) { List<Contact> x = [SELECT Id FROM Contact LIMIT 1]; } }
        }
        public void finish(Database.BatchableContext c) {}
    }";
    costs(&[("classes/Job.cls", job)], "Job.execute", |all| {
        assert_eq!(text(line(&all[0], Resource::Soql)), between("0", "1"));
    });
}
