#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::dialect::openai::ChatRequest;
use crate::json::{ScanLimits, scan};
use crate::sse::Splitter;
use crate::stream::{ChatStream, Signal, StreamEnd, StreamExpectation};
use crate::usage::Usage;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use std::collections::BTreeSet;

/// What goes to an upstream for this body, after a policy's edits.
pub(super) fn sent(
    definition: &Definition,
    model: &str,
    api: &Api,
    body: &str,
    policy: impl Fn(&crate::json::Object, &mut Splice),
) -> String {
    let object = scan(&Bytes::copy_from_slice(body.as_bytes()), ScanLimits::default()).unwrap();
    let chat = ChatRequest::read(&object).ok();
    let mut splice = Splice::new();
    policy(&object, &mut splice);
    (definition.edit_body)(&BodyContext { model, api, object: &object, chat: chat.as_ref() }, &mut splice);
    String::from_utf8(splice.apply(&object).to_vec()).unwrap()
}

/// What a recorded stream comes to for a client that did not ask for usage.
#[derive(Debug, PartialEq)]
pub(super) struct Judged {
    pub(super) swallowed: Vec<usize>,
    pub(super) first_content: Option<usize>,
    pub(super) failure: Option<ErrorClass>,
    pub(super) end: StreamEnd,
    pub(super) usage: Option<[Option<u64>; 4]>,
}

pub(super) fn judge(recorded: &str) -> Judged {
    let mut splitter = Splitter::default();
    let mut stream = ChatStream::new(StreamExpectation { include_usage: false, choices: 1 });
    splitter.push(Bytes::copy_from_slice(recorded.as_bytes()));
    let mut events = Vec::new();
    while let Some(event) = splitter.next_event().unwrap() {
        events.push(event);
    }
    events.extend(splitter.finish());
    let readings: Vec<_> = events.iter().map(|event| stream.read(event)).collect();
    Judged {
        swallowed: (0..readings.len()).filter(|at| !readings.get(*at).unwrap().forward).collect(),
        first_content: readings.iter().position(|reading| reading.signal == Signal::Content),
        failure: readings.iter().find_map(|reading| match &reading.signal {
            Signal::Error(error) => Some(classify_in_band(&error.body).class),
            _ => None,
        }),
        end: stream.end(),
        usage: stream.usage().map(figures),
    }
}

pub(super) fn figures(usage: Usage) -> [Option<u64>; 4] {
    [usage.input, usage.cached, usage.output, usage.reasoning]
}

pub(super) fn check_class(status: u16, body: &str, class: ErrorClass, relay: bool) {
    let failure = classify(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body.as_bytes());
    assert_eq!((failure.class, failure.relay), (class, relay), "{status} {body}");
}

#[test]
fn every_folder_is_a_provider_and_every_provider_a_folder() {
    let folders: BTreeSet<String> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/wire"))
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.path().join("mod.rs").is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let providers: BTreeSet<String> = PROVIDERS.iter().map(|definition| definition.type_name.replace('-', "_")).collect();
    assert_eq!(folders, providers);
    assert_eq!(providers.len(), PROVIDERS.len());
}

#[test]
fn a_provider_is_found_by_its_type() {
    assert_eq!(provider("azure-openai").unwrap().credential, Credential::ApiKey);
    assert!(provider("azure_openai").is_none());
}

#[test]
fn a_key_stands_in_the_header_of_its_upstream_and_is_never_printed() {
    let (name, value) = Credential::Bearer.header("canary").unwrap();
    assert_eq!((name.as_str(), value.as_bytes()), ("authorization", &b"Bearer canary"[..]));
    assert!(!format!("{value:?}").contains("canary"));
    assert_eq!(Credential::ApiKey.header("canary").unwrap().0, "api-key");
    assert!(Credential::None.header("canary").is_none());
    assert!(Credential::Bearer.header("two\nlines").is_none());
}
