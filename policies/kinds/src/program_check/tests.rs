#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::*;
use crate::test_program::{expression, origin, program, route};

fn whole() -> Value {
    json!({
        "parameters": [{"name": "url", "kind": {"integer": {"min": 1, "max": 9}}, "test": null, "place": [0, 1, 1]}],
        "expressions": [expression("request.ip", "match", "text"), expression("true", "match", "bool")],
        "consumers": [{
            "origin": origin("c"), "labels": {}, "tenant": null, "roles": [], "keys": [],
            "tokens": [{"issuer": 0, "claims": [{"claim": "azp", "test": {"contains": {"param": 0}}}], "place": [0, 1, 1]}],
        }],
        "tenants": [{"origin": origin("t"), "labels": {}, "claims": [{"claim": "tid", "test": {"equals": {"param": 0}}}], "require": {}, "policies": {}}],
        "issuers": [
            {
                "name": "one", "place": [0, 1, 1], "source": {"named": {"issuer": {"param": 0}, "jwks": {"param": 0}}}, "audience": [{"param": 0}],
                "skew": "60s", "require": [{"claim": "scp", "test": {"equals": {"param": 0}}}], "roles": null,
                "undeclared": {"tenant": 0, "roles": [], "labels": {}},
            },
            {
                "name": "two", "place": [0, 1, 1], "source": {"entra": {"tenant": {"param": 0}, "authority": {"param": 0}}},
                "audience": [{"value": "aigw"}], "skew": "60s", "require": [], "roles": null, "undeclared": null,
            },
        ],
        "providers": [{
            "origin": origin("p"), "wire": {"azure-openai": {"deployments": {"version": {"param": 0}}}}, "endpoints": [0], "models": {},
            "timeouts": {"connect": "1s", "first_byte": "1s", "idle": "1s", "total": "1s"}, "tls_ca": null,
        }],
        "endpoints": [{"name": "e", "provider": 0, "url": {"param": 0}, "credential": {"managed-identity": {"client_id": {"param": 0}, "resource": "r"}}, "place": [0, 1, 1]}],
        "models": [{
            "origin": origin("m"), "names": ["m"], "operation": "chat", "sticky": 0, "fallback": [0],
            "targets": [{
                "provider": 0, "endpoints": [0], "model": "m", "wire_model": "m", "priority": 1, "weight": {"param": 0}, "when": 1,
                "place": [0, 1, 1],
            }],
            "retry": {"attempts": 1, "retry_on": [], "backoff_base": "200ms", "backoff_max": "5s", "budget": "20%"},
        }],
        "authentications": [{"origin": origin("a"), "api_key_headers": ["api-key"], "issuers": [0, 1], "anonymous": false}],
        "authorizations": [{"origin": origin("z"), "mode": "enforce", "rules": [{
            "name": "r", "mode": "enforce", "roles": [], "effect": "allow", "operations": [], "models": [], "routes": [0], "http": [], "when": 1,
            "place": [0, 1, 1],
        }]}],
        "validations": [{"origin": origin("v"), "mode": "enforce", "checks": [{"what": {"messages": 9}, "place": [0, 1, 1]}]}],
        "limits": [{"origin": origin("l"), "mode": "enforce", "per": [{"expr": 0}], "phase": "admit", "rules": [{
            "name": "r", "id": 7, "mode": "enforce", "what": {"requests": {"window": "1m"}}, "amount": {"fixed": {"param": 0}}, "when": 1,
            "place": [0, 1, 1],
        }]}],
        "prompts": [{"origin": origin("q"), "mode": "enforce", "parameters": [], "versions": [], "set": [], "default": [], "cap": []}],
        "routes": [
            route("one", &[0], json!({
                "authentication": [0], "anonymous": false, "wider": {"authorization": [0]}, "authorization_open": false, "own": {"validations": [0], "limits": [0],
                "prompts": [{"prompt": 0, "with": [["a", {"param": 0}], ["b", {"expr": 0}], ["c", {"value": 1}]], "place": [0, 1, 1]}]},
            })),
            route("two", &[], json!({"serve": {"http": {"provider": 0, "endpoints": [0], "path": null}}})),
        ],
        "matches": [{
            "host": "any", "path": {"exact": "/"}, "methods": [], "headers": [], "query": [], "when": 1, "priority": 0, "route": 0,
            "operation": "chat", "surface": "openai", "place": [0, 1, 1],
        }],
    })
}

#[test]
fn a_program_that_holds_together_passes() {
    assert_eq!(program(whole()).check_ids(), Ok(()));
    assert_eq!(program(json!({})).check_ids(), Ok(()));
}

#[test]
fn every_id_that_leads_nowhere_is_found() {
    for pointer in [
        "/providers/0/wire/azure-openai/deployments/version/param",
        "/providers/0/endpoints/0",
        "/endpoints/0/provider",
        "/endpoints/0/url/param",
        "/endpoints/0/credential/managed-identity/client_id/param",
        "/models/0/sticky",
        "/models/0/fallback/0",
        "/models/0/targets/0/provider",
        "/models/0/targets/0/endpoints/0",
        "/models/0/targets/0/weight/param",
        "/models/0/targets/0/when",
        "/authentications/0/issuers/1",
        "/tenants/0/claims/0/test/equals/param",
        "/consumers/0/tokens/0/issuer",
        "/consumers/0/tokens/0/claims/0/test/contains/param",
        "/issuers/0/source/named/issuer/param",
        "/issuers/0/source/named/jwks/param",
        "/issuers/0/audience/0/param",
        "/issuers/0/require/0/test/equals/param",
        "/issuers/0/undeclared/tenant",
        "/issuers/1/source/entra/tenant/param",
        "/issuers/1/source/entra/authority/param",
        "/authorizations/0/rules/0/routes/0",
        "/authorizations/0/rules/0/when",
        "/limits/0/per/0/expr",
        "/limits/0/rules/0/amount/fixed/param",
        "/limits/0/rules/0/when",
        "/routes/0/authentication/0",
        "/routes/0/wider/authorization/0",
        "/routes/0/own/validations/0",
        "/routes/0/own/limits/0",
        "/routes/0/serve/models/models/0",
        "/routes/0/own/prompts/0/prompt",
        "/routes/0/own/prompts/0/with/0/1/param",
        "/routes/0/own/prompts/0/with/1/1/expr",
        "/routes/1/serve/http/provider",
        "/routes/1/serve/http/endpoints/0",
        "/matches/0/route",
        "/matches/0/when",
    ] {
        let mut tables = whole();
        *tables.pointer_mut(pointer).unwrap() = json!(99);
        let fault = program(tables).check_ids().unwrap_err();
        assert!(matches!(fault, ProgramFault::Dangling { id: 99, .. }), "{pointer} {fault}");
    }
}

#[test]
fn an_expression_of_the_wrong_type_is_none() {
    for (pointer, id) in
        [("/models/0/sticky", 1), ("/models/0/targets/0/when", 0), ("/limits/0/per/0/expr", 1), ("/matches/0/when", 0)]
    {
        let mut tables = whole();
        *tables.pointer_mut(pointer).unwrap() = json!(id);
        assert!(program(tables).check_ids().is_err(), "{pointer}");
    }
}

#[test]
fn no_route_is_open_by_an_empty_list() {
    for (list, pointer) in [("authentication", "authentication"), ("authorization", "wider/authorization")] {
        let mut tables = whole();
        *tables.pointer_mut(&format!("/routes/0/{pointer}")).unwrap() = json!([]);
        assert_eq!(program(tables).check_ids(), Err(ProgramFault::Empty(format!("the {list} of route `one`"))));
    }
    for pointer in ["/models/0/targets/0/endpoints", "/issuers/0/audience", "/consumers/0/tokens/0/claims"] {
        let mut tables = whole();
        *tables.pointer_mut(pointer).unwrap() = json!([]);
        assert!(matches!(program(tables).check_ids(), Err(ProgramFault::Empty(_))), "{pointer}");
    }
}

#[test]
fn a_program_of_another_version_is_refused() {
    let mut other = program(whole());
    other.version = 2;
    assert_eq!(other.check_ids(), Err(ProgramFault::Version(2)));
}

fn parameter(kind: Value) -> ParameterPlan {
    serde_json::from_value(json!({"name": "p", "kind": kind, "test": null, "place": [0, 1, 1]})).unwrap()
}

#[test]
fn addresses_stay_within_their_hosts_and_are_encrypted_off_loopback() {
    let url = parameter(json!({"url": {"hosts": ["*.openai.azure.com", "api.example.com", "localhost", "127.0.0.1", "[::1]"]}}));
    for good in [
        "https://contoso.openai.azure.com",
        "https://a.b.openai.azure.com/base",
        "https://API.example.com:8443/v1",
        "http://localhost:8080/v1",
        "http://127.0.0.1:9",
        "http://[::1]:9/v1",
    ] {
        assert_eq!(url.check(good), Ok(()), "{good}");
    }
    for bad in [
        "",
        "contoso.openai.azure.com",
        "https://openai.azure.com",
        "https://contosoopenai.azure.com",
        "https://contoso.openai.azure.com.evil.example",
        "https://evil.example/contoso.openai.azure.com",
        "https://contoso.openai.azure.com@evil.example",
        "https://user:pass@api.example.com",
        "http://api.example.com",
        "ftp://api.example.com",
        "https://api.example.com?key=1",
        "https://api.example.com /",
    ] {
        assert!(url.check(bad).is_err(), "{bad}");
    }
}

#[test]
fn texts_and_numbers_fit_their_declarations() {
    let text = parameter(json!({"string": {"pattern": "[a-f]+|x", "max_length": 3}}));
    let number = parameter(json!({"integer": {"min": 1, "max": 10}}));
    for (plan, value, good) in [
        (&text, "abc", true),
        (&text, "x", true),
        (&text, "abcd", false),
        (&text, "axb", false),
        (&text, "", false),
        (&number, "1", true),
        (&number, "10", true),
        (&number, "0", false),
        (&number, "11", false),
        (&number, "+5", false),
        (&number, "5 ", false),
        (&number, "five", false),
    ] {
        assert_eq!(plan.check(value).is_ok(), good, "{value}");
    }
}

#[test]
fn there_is_one_value_for_each_parameter() {
    let program = program(whole());
    let check =
        |values: &[&str]| program.check_parameters(&ParameterValues(values.iter().map(ToString::to_string).collect())).is_ok();
    assert!(check(&["5"]));
    assert!(!check(&[]));
    assert!(!check(&["50"]));
    assert!(!check(&["5", "6"]));
}

#[test]
fn credentials_name_subscriptions_that_are_there() {
    let certificate = json!([{"id": "c", "ca": null, "by": {"subject": "CN=a"}, "subscription": 99, "place": [0, 1, 1]}]);
    for (pointer, value) in [("/consumers/0/tokens/0/subscription", json!(99)), ("/consumers/0/certificates", certificate)] {
        let mut tables = whole();
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        tables.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(member.to_owned(), value);
        let fault = program(tables).check_ids().unwrap_err();
        assert!(matches!(fault, ProgramFault::Dangling { id: 99, .. }), "{pointer} {fault}");
    }
}
