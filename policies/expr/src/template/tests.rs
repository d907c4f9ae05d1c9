#![expect(clippy::unwrap_used, clippy::string_slice, reason = "tests")]

use proptest::prelude::*;
use serde_json::json;

use super::*;

const PARAMS: &[&str] = &["product", "items", "user"];

/// The faults of a template, one a line: where, what, what helps.
fn faults(text: &str) -> String {
    let errors = Template::compile(text, PARAMS).err().unwrap_or_default();
    let line = |error: &TemplateError| {
        let part = &text[error.start as usize..error.end as usize];
        let help = error.help.as_ref().map(|help| format!(" ({help})"));
        format!("{}:{part}: {}{}", error.line, error.message, help.unwrap_or_default())
    };
    errors.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn values() -> Vec<(&'static str, serde_json::Value)> {
    vec![("product", json!("Tea")), ("items", json!(["a", {"b": 1}])), ("ignored", json!("x"))]
}

fn rendered(text: &str) -> String {
    match Template::compile(text, PARAMS).unwrap().render(&values()) {
        Ok(text) => text,
        Err(error) => format!("error in line {}: {error}", error.line),
    }
}

#[test]
fn templates_render() {
    let table = [
        ("You support customers of {{ product }}.", "You support customers of Tea."),
        ("{{ product | upper }} {{ items | length }} {{ items[1].b }}", "TEA 2 1"),
        ("{% if product == \"Tea\" %}yes{% else %}no{% endif %}", "yes"),
        ("{% for i in [1, 2] %}{{ loop.index }}{{ loop.cycle('a', 'b') }}{% endfor %}", "1a2b"),
        ("{% set a = product %}{{ a ~ '!' }}{% with b = a %}{{ b }}{% endwith %}", "Tea!Tea"),
        ("{% macro hi(x) %}Hi {{ x }}{% endmacro %}{{ hi(product) }}", "Hi Tea"),
        ("{{ user | default('you') }}{% if user is defined %}!{% endif %}", "you"),
        ("{{ items | tojson }}", r#"["a", {"b": 1}]"#),
        ("{{ product }}\n", "Tea"),
        ("<{{ '<' ~ product }}>", "<<Tea>"),
        // what fails only with values; no value is repeated
        ("a\n{{ user }}", "error in line 2: `user` has no value"),
        ("{{ items[0].x.y }}", "error in line 1: `.x.y` has no value"),
        ("{{ product + 1 }}", "error in line 1: `product + 1` cannot be rendered: invalid operation"),
        ("{{ product | int }}", "error in line 1: `int` cannot be rendered: invalid operation"),
        ("{{ items | map('nothing') | list }}", "error in line 1: `map('nothing')` cannot be rendered: unknown filter"),
    ];
    for (text, expected) in table {
        assert_eq!(rendered(text), expected, "{text}");
    }
}

#[test]
fn faults_are_told_with_their_place() {
    let table = [
        ("{{ prodct }}", "1:prodct: unknown parameter `prodct` (did you mean `product`)"),
        ("a\n{{ nothing.like }}", "2:nothing: unknown parameter `nothing` (the parameters are `product`, `items` and `user`)"),
        ("{{ nothing(product) }}", "1:nothing: unknown function `nothing`"),
        ("{{ debug() }}", "1:debug: unknown function `debug`"),
        ("{{ product | uper }}", "1:uper: unknown filter `uper` (did you mean `upper`)"),
        ("{% if product is defned %}{% endif %}", "1:defned: unknown test `defned`"),
        ("{{ product is not odder }}", "1:odder: unknown test `odder`"),
        (
            "{{ product.upper() }}",
            "1:upper: unknown method `upper` (what changes a value stands after `|`, as in `{{ product | upper }}`)",
        ),
        (
            "{% raw %}{{ x }}{% endraw %}{# {{ y }} #}{{ z }}",
            "1:z: unknown parameter `z` (the parameters are `product`, `items` and `user`)",
        ),
        ("{{ product", "1:product: unexpected end of input, expected end of variable block"),
        ("{% if product %}", "1:%}: unexpected end of input, expected end of block"),
        ("{{ }}", "1:}}: unexpected end of variable block"),
        ("{% foo %}", "1:foo: unknown statement foo"),
        // what would always fail
        ("{{ 1 / 0 }}", "1:1 / 0: `1 / 0` cannot be rendered: invalid operation"),
    ];
    for (text, expected) in table {
        assert_eq!(faults(text), expected, "{text}");
    }
}

#[test]
fn several_faults_are_told_at_once() {
    insta::assert_snapshot!(faults("{{ prodct }}\n{{ usr | uper }}"), @r"
    1:prodct: unknown parameter `prodct` (did you mean `product`)
    2:usr: unknown parameter `usr` (did you mean `user`)
    2:uper: unknown filter `uper` (did you mean `upper`)
    ");
}

#[test]
fn nothing_is_loaded() {
    for statement in ["include 'x'", "import 'x' as y", "from 'x' import y", "extends 'x'", "block x"] {
        let word = statement.split(' ').next().unwrap();
        let expected =
            format!("1:{word}: `{word}` cannot be used: a template is one text (write the text here, or use two messages)");
        assert_eq!(faults(&format!("{{%- {statement} -%}}")), expected);
    }
}

#[test]
fn a_template_without_parameters_is_constant() {
    let constant = |text: &str| {
        let template = Template::compile(text, PARAMS).unwrap();
        assert!(template.used_variables().is_empty());
        template.is_constant().map(str::to_owned)
    };
    assert_eq!(constant("Be kind."), Some("Be kind.".to_owned()));
    assert_eq!(constant("Be kind.\n"), Some("Be kind.".to_owned()));
    assert_eq!(constant("{# why #}{{ 1 + 1 }}{% raw %}{{ x }}{% endraw %}"), Some("2{{ x }}".to_owned()));
    let used = Template::compile("{{ product }}{{ user.name }}", PARAMS).unwrap();
    assert_eq!(used.is_constant(), None);
    assert_eq!(used.used_variables().iter().collect::<Vec<_>>(), ["product", "user"]);
}

#[test]
fn what_grows_is_bounded() {
    let doubling = "{% set x = x ~ x %}".repeat(40);
    let long = "x".repeat(MAX_RENDERED_BYTES / 2);
    let table = [
        (format!("{{% set x = product %}}{doubling}{{{{ x }}}}"), "more steps"),
        ("{{ product * 100000000 }}".to_owned(), "more steps"),
        ("{% for i in range(90000) %}{{ product }}{% endfor %}".to_owned(), "more steps"),
        ("{{ product }}{% for i in range(99) %}{% for j in range(99) %}{% for k in range(99) %}x{% endfor %}{% endfor %}{% endfor %}".to_owned(), "more steps"),
        ("{{ product }}{{ product }}{{ product }}".to_owned(), "longer than"),
        ("{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(product) }}".to_owned(), "cannot be rendered"),
        ("{{ product | replace('x', product) | replace('x', product) }}".to_owned(), "more steps"),
    ];
    for (text, expected) in table {
        let template = Template::compile(&text, PARAMS).unwrap();
        let error = template.render(&[("product", json!(long))]).unwrap_err();
        assert!(error.message.contains(expected), "{text}: {error}");
    }
    assert!(faults(&"x".repeat(MAX_TEMPLATE_BYTES + 1)).contains("65536 are allowed"));
    assert!(faults("{{ 'x' * 1000000 }}").contains("longer than 262144 bytes"));
}

#[test]
fn hostile_texts_are_refused_in_bounded_time() {
    for text in [
        format!("{{{{ {}1{} }}}}", "(".repeat(5_000), ")".repeat(5_000)),
        format!("{{{{ {}1 }}}}", "-".repeat(20_000)),
        format!("{{{{ {}1 }}}}", "not ".repeat(10_000)),
        "{% if product %}".repeat(4_000),
        "{% for x in items %}".repeat(3_000),
        format!("{{{{ {} }}}}", "[".repeat(5_000)),
        format!("{{{{ {}1 }}}}", "1 + ".repeat(10_000)),
        "{% set x %}".repeat(4_000),
        format!("{{% if product %}}{}{{% endif %}}", "{% elif product %}".repeat(2_000)),
        "{".repeat(60_000),
        "{{ 'a".repeat(10_000),
    ] {
        assert!(!faults(&text).is_empty(), "{}…", &text[..20]);
    }
    // The longest that are let through take no more stack than a thread has.
    for text in [
        format!("{{{{ {}1{} }}}}", "(".repeat(24), ")".repeat(24)),
        format!("{{{{ {}1 }}}}", "not ".repeat(398)),
        format!("{{{{ {}1 }}}}", "-".repeat(300)),
        format!("{{{{ {}1 }}}}", "1 + ".repeat(199)),
        format!("{{{{ {}1{} }}}}", "1 if ".repeat(140), " else 2".repeat(40)),
        format!("{{{{ product{} }}}}", ".x".repeat(199)),
        format!("{{{{ product{} }}}}", " | upper".repeat(199)),
        format!("{}{}", "{% if product %}".repeat(64), "{% endif %}".repeat(64)),
        format!("{}{}", "{% for i in [1] %}".repeat(64), "{% endfor %}".repeat(64)),
        format!("{{% if product %}}{}{{% endif %}}", "{% elif product %}".repeat(63)),
    ] {
        if let Ok(template) = Template::compile(&text, PARAMS) {
            drop(template.render(&values()));
        }
    }
}

#[test]
fn an_error_repeats_no_value() {
    let template = Template::compile("{{ product | float + items }}{{ product.x }}", PARAMS).unwrap();
    let secret = "sk-very-secret";
    for values in [vec![("product", json!(secret)), ("items", json!([secret]))], vec![("product", json!({secret: 1}))]] {
        let error = template.render(&values).unwrap_err();
        assert!(!format!("{error:?}").contains(secret), "{error:?}");
    }
}

proptest! {
    #[test]
    fn any_text_compiles_or_is_refused(text in "(\\{\\{|\\}\\}|\\{%|%\\}|\\{#|#\\}|product|user|if |for |in |endif|endfor|set |is |raw|endraw|macro |[ .|'\"()\\[\\]~+*/-]|[a-zé0-9]|\\PC){0,40}") {
        match Template::compile(&text, PARAMS) {
            Ok(template) => {
                let outcome = template.render(&values());
                if let Some(constant) = template.is_constant() {
                    prop_assert_eq!(outcome.as_deref(), Ok(constant));
                }
            }
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                for error in errors {
                    prop_assert!(text.get(error.start as usize..error.end as usize).is_some(), "{error:?}");
                }
            }
        }
    }
}
