//! One source for each construct of Apex, and what becomes of it.

use seamlint::apex::{parse_unit, print::print};
use seamlint::span::FileId;

/// The sources stand here, not in the snapshots as well.
macro_rules! snapshot {
    ($printed:expr) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($printed) })
    };
}

fn unit(text: &str) -> String {
    print(&parse_unit(FileId(0), text, None, true), text)
}

/// The unit of a class with a method that has these statements; they begin on line 2.
fn body(statements: &str) -> String {
    let printed = unit(&format!("class A {{ void f() {{\n{statements}\n}} }}"));
    let lines = printed.lines().skip_while(|line| !line.ends_with("void f()")).skip(1);
    let errors = printed.lines().filter(|line| line.starts_with("syntax error"));
    errors.chain(lines.map(|line| line.strip_prefix("    ").unwrap_or(line))).collect::<Vec<_>>().join("\n")
}

#[test]
fn declarations() {
    snapshot!(unit(
        "@isTest(SeeAllData=true isParallel = false)
global virtual with sharing class A<T> extends ns.B implements I, Database.Batchable<SObject>, Database.AllowsCallouts {
    static { x(); }
    { y(); }
    enum E { P, Q }
    public interface J extends K, L { void f(Integer a); String g(List<Id> ids); }
    private inherited sharing class In extends Exception { without sharing class X { } }
    public static final Integer ONE = 1, TWO;
    @TestVisible private Map<Id, List<String>> m = new Map<Id, List<String>>();
    Id[] ids = {a, b};
    public String p { get; private set { p = value; } }
    static String q { get { return x(); } }
    public A() { this(1); f(); }
    protected A(Integer i) { super(i, 'x'); }
    @future (callout=true)
    public static void g() { }
    @SuppressWarnings('PMD.A, PMD.B') @AuraEnabled(cacheable=true) global static List<Account> h(final String s, Id[] ids, Account.Name x) { return null; }
    global abstract void k();
    WEBSERVICE static String w() { return ''; }
    static testMethod void t() { }
    override public String toString() { return super.toString(); }
    String[] arr() { return null; }
}"
    ));
}

#[test]
fn enums_and_interfaces() {
    snapshot!(unit("public enum Color { RED, GREEN }\n"));
    snapshot!(unit("global interface I extends J { void f(); }"));
}

#[test]
fn triggers() {
    snapshot!(unit(
        "/* head */ trigger T on ns__Account__c bulk (before insert, AFTER  UPDATE, after undelete) {
    if (Trigger.isBefore) { Trigger.new[0].addError('x'); }
    trigger.newMap.get(id).Name = 'y';
    static Integer helper(Integer n) { return n; }
    void other() { insert a; }
    for (Account a : Trigger.new) helper(1);
}"
    ));
}

#[test]
fn properties_in_a_trigger_do_not_hide_its_statements() {
    snapshot!(unit(
        "trigger T on A (before insert) {\n static Boolean done { get { return x(); } set; }\n if (!done) { f(); }\n}"
    ));
}

#[test]
fn calls() {
    snapshot!(body(
        "foo(1); this.foo(); super.foo(); Cls.foo(a, b); a.b.c(); x.f().g(); new X(1).foo(); ns.Cls.foo();
a?.b?.c(); x = a.b ?? c; boolean.valueOf(x); (a).b(); ((A) b).c(); [SELECT Id FROM A].size(); 'x'.length();"
    ));
}

#[test]
fn creations() {
    snapshot!(body(
        "a = new Account(Name = 'x', Owner__r = new User(Id = u));
b = new List<Id>{ i, j }; b = new List<Id>{}; b = new Set<Id>{}; b = new Set<Id>{ i };
c = new Map<Id, String>{ k => v, l => w }; c = new Map<Id, String>{}; c = new map<Id, A>([SELECT Id FROM A]);
d = new Integer[3]; d = new Integer[]{ 1 }; d = new String[]{}; d = new Integer[2][];
f = new Outer.Inner(); g = new Outer . Inner(); Integer[] h = {1, 2}; Integer i[] = new Integer[0];"
    ));
}

#[test]
fn expressions() {
    snapshot!(body(
        "x = a.b.c; y = arr[0][i]; z = Account.SObjectType; t = List<Id>.class; this.q = 1; u = A.class;
a = (List<Id>) b; c = d instanceof ns.E; f = g ? h : i ? j : k; j = !k; l++; --m; n = -1; o = +p; q = ~r;
a += 1; a -= b; a <<= 2; b = c == d && e != f || g > 1; b = 1 + 2 * 3 - 4 / 5; b = a <> b; b = a === b; b = a >= b; b = a <= b;
x = (((a + (b))));
a = 1; b = 2L; c = 1.5; d = 'it\\'s\\n'; e = TRUE; f = null; s = 99999999999999999999;
g = '''
 m ''';
v = Package.Version.1.2; s = A /* in */ . /* x */ b;"
    ));
}

#[test]
fn statements() {
    snapshot!(body(
        "final Integer i = 1, j; ns.T t; ; { a(); }
if (a) { b(); } else if (c) d(); else { }
for (Integer i = 0, n = 2; i < n; i++, n--) { continue; }
for (i = 0, j = 1; ; ) break;
for (;;) { }
for (Account a : [SELECT Id FROM Account]) b();
for (List<Account> bs : batches) { }
while (x) y();
do { z(); } while (y);
try { a(); } catch (DmlException e) { throw e; } catch (Exception e) { } finally { b(); }
return; return x; throw new AuraHandledException('x');
System.runAs(u) { c(); }
System . runAs (u) { c(); }"
    ));
}

#[test]
fn switches() {
    snapshot!(body(
        "switch on x { when 1, 2 { a(); } when Account acc { b(acc); } when RED { } when null, 'x' { } when else { c(); } }"
    ));
}

#[test]
fn dml() {
    snapshot!(body(
        "insert a; update as user b; upsert c Ext__c; upsert c Account.Fields.Ext__c; upsert (c) Ext__c; delete [SELECT Id FROM A]; undelete d;
merge e f; merge\te\n\tf; insert as system new List<A>{ g }; INSERT new Account(Name = 'x'); Database.insert(x, false);"
    ));
}

#[test]
fn soql() {
    snapshot!(body(
        "x = [SELECT Id, Owner.Name n, COUNT(Id) c, toLabel(Status), (SELECT Id FROM Contacts WHERE X = :inner), TYPEOF What WHEN Account THEN Phone ELSE Name END FROM Account WHERE Name = :a.b AND (X__c IN :ids OR NOT Y__c LIKE 'z%') WITH USER_MODE GROUP BY Name HAVING COUNT(Id) > :min ORDER BY Name DESC NULLS LAST LIMIT :n OFFSET :o FOR UPDATE];
n = [SELECT COUNT() FROM Account WHERE CreatedDate = LAST_N_DAYS:30 AND Id IN (SELECT AccountId FROM Contact WHERE Y = :z) WITH SECURITY_ENFORCED ALL ROWS];
x = [SELECT FIELDS(ALL) FROM Account USING SCOPE mine WHERE A IN ('x', :y) AND B = TODAY AND C INCLUDES ('a;b') AND NOT(D = 1) LIMIT 1][0].Name;
x = [select id from Account a, a.Contacts c where a.Name = 'x' limit 5 for reference];
x = [SELECT Id, (SELECT Id FROM Contacts) kids FROM Account];
x = [SELECT Id FROM Account WHERE CreatedDate > 2020-01-01T00:00:00+0000];
x = [SELECT Id FROM Account WHERE X > .5 AND Y = +3 AND Z = :z];
x = [SELECT Id FROM A WHERE FORMULA('a') = 1];"
    ));
}

#[test]
fn sosl() {
    snapshot!(body(
        "l = [FIND :q IN ALL FIELDS RETURNING Account(Id, Name WHERE Name LIKE :b LIMIT 5), Contact, Lead(Id WHERE X = :c) LIMIT 20];
l = [FIND 'abc*' RETURNING Account];
l = [FIND :q RETURNING Account(Id) WITH USER_MODE];"
    ));
}

#[test]
fn tokens_of_cumulusci() {
    snapshot!(unit(
        "public class A { %%%NAMESPACE%%%Thing__c t; void f() { String s = '%%%NAMESPACE%%%x'; %%%NAMESPACE_DOT%%%B.f(); if (x.%%%NAMESPACE%%%Y__c == 1) { } } }"
    ));
}

#[test]
fn broken_text() {
    snapshot!(unit(
        "class A {\n void f() { x = ; y(); }\n void g( { z(); }\n void h() { ok(); }\n int int int;\n void i() { ok(); }\n}"
    ));
    snapshot!(unit("class A {\n void f() { a(); }\n /* never\n void g() { }\n}"));
    snapshot!(unit("class A {\n void f() { a('x); }\n void g() { b(); }\n}"));
    snapshot!(unit("public class A extends B {\n void f() { a();\n void g() { b(); }\n"));
    snapshot!(unit("class A {\n void f() { a(); }\n }\n void g() { b(); }\n}"));
    snapshot!(unit(
        "class A {\n<<<<<<< HEAD\n void f() { a(); }\n=======\n void g() { b(); }\n>>>>>>> other\n void h() { c(); } }"
    ));
    snapshot!(unit("class A { void f() { insert a b(); } }"));
}
