use insta::assert_snapshot;

use crate::testing::findings;

/// A gateway with one entry about `contoso`'s folder, and documents in it; [`HOUSE`](crate::testing::HOUSE) stands elsewhere.
fn in_folder(entry: &str, documents: &str) -> String {
    let house = "    - {path: 'house.yaml', owners: ['@o/p']}\n    - {path: 'prompts/*', owners: ['@o/p']}\n";
    findings(&format!(
        "kind: Gateway\nmetadata: {{name: g}}\nspec:\n  policies: [front-door, all]\n  ownership:\n{house}    - {{path: {entry}, owners: ['@o/p']}}\n---\n{documents}"
    ))
}

const TENANTS: &str = "kind: Tenant\nmetadata: {name: contoso}\nspec: {}\n";
const ROUTE: &str = "serve: {models: [chat]}, surfaces: [openai]";

#[test]
fn documents_in_a_folder_of_a_tenant_concern_that_tenant() {
    let whole = "'*', tenant: contoso";
    let documents = format!(
        "{TENANTS}---
kind: Tenant
metadata: {{name: fabrikam}}
spec: {{}}
---
kind: Consumer
metadata: {{name: theirs}}
spec: {{tenant: contoso}}
---
kind: Consumer
metadata: {{name: others}}
spec: {{tenant: fabrikam}}
---
kind: Consumer
metadata: {{name: nobodys}}
spec: {{}}
---
kind: Product
metadata: {{name: theirs}}
spec: {{tenant: contoso, routes: [theirs]}}
---
kind: Product
metadata: {{name: everyones}}
spec: {{routes: [theirs]}}
---
kind: Subscription
metadata: {{name: theirs}}
spec: {{consumer: theirs, product: theirs, state: approved, requestedBy: ann}}
---
kind: Subscription
metadata: {{name: others}}
spec: {{consumer: others, product: everyones, state: approved, requestedBy: ann}}
---
kind: Subscription
metadata: {{name: nobodys}}
spec: {{consumer: nobodys, product: everyones, state: approved, requestedBy: ann}}
---
kind: Route
metadata: {{name: theirs}}
spec: {{tenant: contoso, hosts: [a.example], {ROUTE}}}
---
kind: Route
metadata: {{name: others}}
spec: {{tenant: fabrikam, hosts: [b.example], {ROUTE}}}
---
kind: Route
metadata: {{name: everyones}}
spec: {{{ROUTE}}}
"
    );
    assert_snapshot!(in_folder(whole, &documents), @"
    18:18 S654 this is the Tenant `fabrikam`, and it stands in a folder of `contoso` | move it to a folder of its own
    29:16 S654 this Consumer is of the Tenant `fabrikam`, and it stands in a folder of `contoso` | write `tenant: contoso`, or move the document
    33:18 S654 this Consumer is of no Tenant, and it stands in a folder of `contoso` | write `tenant: contoso`, or move the document
    43:18 S654 this Product is of no Tenant, and it stands in a folder of `contoso` | write `tenant: contoso`, or move the document
    54:18 S654 this Subscription is for a Consumer of the Tenant `fabrikam`, and it stands in a folder of `contoso` | subscribe a consumer of the folder's tenant, or move the document
    54:35 C032 no route of `everyones` serves callers of the tenant of `others` | subscribe to another product, or let another consumer subscribe
    59:18 S654 this Subscription is for a Consumer of no Tenant, and it stands in a folder of `contoso` | subscribe a consumer of the folder's tenant, or move the document
    59:36 C032 no route of `everyones` serves callers of the tenant of `nobodys` | subscribe to another product, or let another consumer subscribe
    69:16 S654 this Route is of the Tenant `fabrikam`, and it stands in a folder of `contoso` | write `tenant: contoso`, or move the document
    73:18 S654 this Route is of no Tenant, and it stands in a folder of `contoso` | write `tenant: contoso`, or move the document
    ");
}

#[test]
fn policies_in_a_folder_of_a_tenant_are_attached_by_that_tenant() {
    let documents = format!(
        "{TENANTS}---
kind: Limit
metadata: {{name: own}}
spec: {{per: consumer, rules: [{{name: rpm, requests: 6, window: 1m}}]}}
---
kind: Route
metadata: {{name: theirs}}
spec: {{tenant: contoso, hosts: [a.example], policies: [own, fair], {ROUTE}}}
"
    );
    assert_snapshot!(in_folder("'*', tenant: contoso", &documents), @"");
    let attached = documents.replace("spec: {}\n---", "spec: {policies: [own]}\n---");
    assert_snapshot!(in_folder("'*', tenant: contoso", &attached.replace("[own, fair]", "[fair]")), @"");
    let outside = "kind: Gateway
metadata: {name: g}
spec:
  policies: [front-door, all, fair]
  attach: [{policies: [{use: house, with: {product: x}}], routes: {labels: {a: b}}}]
  ownership: [{path: house.yaml, tenant: contoso, owners: ['@o/p']}, {path: '**', owners: ['@o/p']}]
---
kind: Tenant
metadata: {name: contoso}
spec: {policies: [fair]}
---
kind: Tenant
metadata: {name: fabrikam}
spec: {policies: [fair]}
---
kind: Product
metadata: {name: others}
spec: {tenant: fabrikam, routes: [others], policies: [fair]}
---
kind: Route
metadata: {name: others}
spec: {tenant: fabrikam, policies: [fair], serve: {models: [chat]}, surfaces: [openai]}
";
    assert_snapshot!(findings(outside), @"
    5:14 S654 `front-door` stands in a folder of `contoso`, and this Gateway is of no Tenant | attach a policy that stands elsewhere: whoever owns the folder would change what others are under
    5:26 S654 `all` stands in a folder of `contoso`, and this Gateway is of no Tenant | attach a policy that stands elsewhere: whoever owns the folder would change what others are under
    5:31 S654 `fair` stands in a folder of `contoso`, and this Gateway is of no Tenant | attach a policy that stands elsewhere: whoever owns the folder would change what others are under
    6:30 S654 `house` stands in a folder of `contoso`, and this Gateway is of no Tenant | attach a policy that stands elsewhere: whoever owns the folder would change what others are under
    12:19 C031 the Gateway gives every route `fair` already | remove one of them
    17:19 C031 the Gateway gives every route `fair` already | remove one of them
    17:19 S654 `fair` stands in a folder of `contoso`, and this is the Tenant `fabrikam` | attach a policy that stands elsewhere: whoever owns the folder would change what others are under
    22:55 S654 `fair` stands in a folder of `contoso`, and this Product is of the Tenant `fabrikam` | attach a policy that stands elsewhere: whoever owns the folder would change what others are under
    27:37 C031 the Gateway gives this route `fair` already | remove one of them
    27:37 S654 `fair` stands in a folder of `contoso`, and this Route is of the Tenant `fabrikam` | attach a policy that stands elsewhere: whoever owns the folder would change what others are under
    ");
}

#[test]
fn the_tenant_of_a_folder_is_declared() {
    let entries = |tenant: &str| format!("'{{whose}}.yaml', tenant: '{tenant}'");
    assert_snapshot!(in_folder(&entries("{whose}"), TENANTS), @"9:38 C030 there is no Tenant `p`, and `p.yaml` is its | declare the Tenant, or name the folder as one that is declared");
    assert_snapshot!(in_folder(&entries("contosso"), TENANTS), @"9:38 C030 there is no Tenant `contosso` | did you mean `contoso`?");
    assert_snapshot!(in_folder(&entries("{who}"), TENANTS), @"9:38 C030 the path has no capture `who` | did you mean `whose`?");
    assert_snapshot!(in_folder(&entries("{whose"), TENANTS), @"9:38 C027 the braces in `{whose` hold no name of a capture | write `{name}` as it stands in `path`");
    assert_eq!(in_folder(&entries("{whose}"), &TENANTS.replace("contoso", "p")), "");
}
