//! What the tests of every kind share: documents in, a program or findings out. Structure is not judged here; it is the compile crate's.

use std::collections::BTreeMap;

use aigw_source::{Document, Findings, Limits, Node, Sources, bind};
use serde::de::DeserializeOwned;

use crate::{AsSpec, Doc, Envelope, Kind, Program, Repository, Spec, lower};

/// A gateway, a provider, a model and policies that most documents under test lean on.
pub(crate) const HOUSE: &str = "apiVersion: aigw.dev/v1
kind: Provider
metadata: {name: up}
spec: {type: openai-compatible, endpoints: {a: {url: 'https://a.example/v1'}, b: {url: 'https://b.example/v1'}}, models: {m: {}, 'big/m': {}}}
---
apiVersion: aigw.dev/v1
kind: Model
metadata: {name: chat}
spec: {targets: [{target: up/m}]}
---
apiVersion: aigw.dev/v1
kind: Model
metadata: {name: embed}
spec: {operation: embeddings, targets: [{target: up/m}]}
---
apiVersion: aigw.dev/v1
kind: Authentication
metadata: {name: front-door}
spec: {methods: {apiKey: {}}}
---
apiVersion: aigw.dev/v1
kind: Authorization
metadata: {name: all}
spec: {rules: [{name: all, allow: {}}]}
---
apiVersion: aigw.dev/v1
kind: Limit
metadata: {name: fair}
spec: {per: consumer, rules: [{name: rpm, requests: 60, window: 1m}], detachable: true}
---
apiVersion: aigw.dev/v1
kind: Prompt
metadata: {name: house}
spec:
  parameters: {required: [product], properties: {product: {type: string, maxLength: 5}, times: {type: integer, minimum: 1}}}
  versions: {v1: {messages: [{system: 'Be {{ product }}'}, {request: {}}]}}
";

/// Files of schemas, good and bad.
const SCHEMAS: [(&str, &str); 3] = [
    ("schemas/chat.json", "{\"type\": \"object\", \"required\": [\"messages\"]}"),
    ("schemas/remote.json", "{\n  \"properties\": {\n    \"a\": {\"$ref\": \"https://x.example/a.json\"}\n  }\n}\n"),
    ("schemas/broken.json", "{\n  \"type\": \"object\",\n}\n"),
];

/// The findings of documents beside [`HOUSE`]: `line:column CODE message | help [request]`, a line each.
pub(crate) fn findings(yaml: &str) -> String {
    lowered(yaml).1
}

/// The program of documents beside [`HOUSE`].
pub(crate) fn program(yaml: &str) -> Program {
    let (program, findings) = lowered(yaml);
    program.unwrap_or_else(|| unreachable!("{findings}"))
}

/// Lowers documents beside [`HOUSE`]. `---` parts them; each gets its `apiVersion`.
pub(crate) fn lowered(yaml: &str) -> (Option<Program>, String) {
    let (mut sources, mut found) = (Sources::new(), Findings::new());
    let mut docs = Vec::new();
    let text = yaml.replace("kind: ", "apiVersion: aigw.dev/v1\nkind: ");
    for (path, text) in [("house.yaml", HOUSE), ("p.yaml", text.as_str())] {
        let file = sources.add(path, text);
        let documents = aigw_source::read(&sources, file, &Limits::default(), &mut found);
        docs.extend(documents.into_iter().map(|document| doc(document, &mut found)));
    }
    let template = sources.add("prompts/own.j2", "Hello {{ product }}\nand {{ nobody }}\n");
    let mut files = BTreeMap::from([("prompts/own.j2".to_owned(), template)]);
    let named = |path: &str| yaml.contains(path);
    let schemas = SCHEMAS.iter().filter(|(path, _)| named(path) || named("schemas/chats.json"));
    files.extend(schemas.map(|(path, text)| ((*path).to_owned(), sources.add(*path, *text))));
    let repository = Repository::new(docs, files);
    let program = lower(&repository, &sources, &mut found);
    found.sort(&sources);
    let lines = found.iter().map(|finding| {
        let position = sources.position(finding.span().file, finding.span().start);
        let path = sources.file(finding.span().file).path.strip_prefix("p.yaml").map_or("other file ", |_| "");
        let help = finding.help.as_deref().map(|help| format!(" | {help}")).unwrap_or_default();
        let request = finding.counterexample.as_deref().map(|request| format!(" [{request}]")).unwrap_or_default();
        format!("{path}{}:{} {} {}{help}{request}", position.line, position.column, finding.rule.code, finding.message)
    });
    let lines = lines.collect::<Vec<_>>().join("\n");
    (program, lines)
}

fn doc(node: Document, findings: &mut Findings) -> Doc {
    let text = |pointer: &str| node.at(pointer).and_then(Node::as_str).unwrap_or_default().to_owned();
    let kind: Kind = text("/kind").parse().unwrap_or_else(|()| unreachable!("{}", text("/kind")));
    let labels = node.at("/metadata/labels").map(Node::entries).unwrap_or_default();
    let labels = labels.iter().filter_map(|entry| Some((entry.key.clone(), entry.value.as_str()?.to_owned()))).collect();
    let spec = spec(kind, &node, findings);
    Doc { kind, name: text("/metadata/name"), labels, node, spec }
}

fn spec(kind: Kind, node: &Document, findings: &mut Findings) -> Option<Spec> {
    fn of<S: AsSpec + DeserializeOwned>(node: &Document, findings: &mut Findings) -> Option<Spec> {
        bind::<Envelope<S>>(&node.root, findings).map(|envelope| envelope.spec.into_spec())
    }
    match kind {
        Kind::Gateway => of::<crate::gateway::GatewaySpec>(node, findings),
        Kind::Provider => of::<crate::provider::ProviderSpec>(node, findings),
        Kind::Model => of::<crate::model::ModelSpec>(node, findings),
        Kind::Route => of::<crate::route::RouteSpec>(node, findings),
        Kind::Tenant => of::<crate::tenant::TenantSpec>(node, findings),
        Kind::Consumer => of::<crate::consumer::ConsumerSpec>(node, findings),
        Kind::Product => of::<crate::product::ProductSpec>(node, findings),
        Kind::Subscription => of::<crate::subscription::SubscriptionSpec>(node, findings),
        Kind::Authentication => of::<crate::authentication::AuthenticationSpec>(node, findings),
        Kind::Authorization => of::<crate::authorization::AuthorizationSpec>(node, findings),
        Kind::Validation => of::<crate::validation::ValidationSpec>(node, findings),
        Kind::Limit => of::<crate::limit::LimitSpec>(node, findings),
        Kind::Prompt => of::<crate::prompt::PromptSpec>(node, findings),
    }
}
