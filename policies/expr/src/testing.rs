//! A request for tests, which counts what it is asked.

use std::borrow::Cow;
use std::cell::RefCell;

use serde_json::{Value, json};

use crate::{NameId, Names};

/// A gold customer's chat request, on Tuesday 2026-03-31 at 23:30:15 UTC.
pub(crate) struct Request {
    pub(crate) body: Option<Value>,
    pub(crate) consumer: Option<&'static str>,
    pub(crate) roles: &'static [&'static str],
    pub(crate) now_ms: i64,
    pub(crate) asked: RefCell<Vec<String>>,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            body: Some(json!({
                "model": "gpt-4o",
                "n": 2,
                "temperature": 0.5,
                "big": 9_223_372_036_854_775_807_i64,
                "huge": 18_446_744_073_709_551_615_u64,
                "stream": true,
                "stop": null,
                "tags": ["a", "b", 3],
                "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello!"}],
                "meta": {"user": {"id": "u-7"}},
            })),
            consumer: Some("mobile-app"),
            roles: &["app", "chat"],
            now_ms: 1_774_999_815_000,
            asked: RefCell::default(),
        }
    }
}

impl Request {
    fn note(&self, what: String) {
        self.asked.borrow_mut().push(what);
    }
}

impl Names for Request {
    fn text(&self, name: NameId) -> Option<Cow<'_, str>> {
        self.note(format!("{name:?}"));
        let text = match name {
            NameId::RequestMethod => "POST",
            NameId::RequestPath => "/v1/chat/completions",
            NameId::RequestHost => "ai.contoso.example",
            NameId::RequestIp => "10.1.2.3",
            NameId::IdentityConsumer => self.consumer?,
            NameId::RouteName => "support-chat",
            NameId::ModelName => "chat-default",
            _ => return None,
        };
        Some(text.into())
    }

    fn entry(&self, name: NameId, key: &str) -> Option<Cow<'_, str>> {
        self.note(format!("{name:?}[{key}]"));
        let text = match (name, key) {
            (NameId::RequestHeaders, "x-team") => "support",
            (NameId::RequestHeaders, "host") => "ai.contoso.example",
            (NameId::RequestHeaders, "x-key") => "team",
            (NameId::RequestHeaders, "x-cased") => "X-Team",
            (NameId::RequestQuery, "team") => "Support",
            (NameId::RequestQuery, "empty") => "",
            (NameId::IdentityLabels, "tier") => "gold",
            (NameId::IdentityLabels, "tpm") => "60000",
            (NameId::RouteLabels, "data") => "confidential",
            _ => return None,
        };
        Some(text.into())
    }

    fn item(&self, name: NameId, index: usize) -> Option<Cow<'_, str>> {
        self.note(format!("{name:?}[{index}]"));
        self.roles.get(index).map(|role| (*role).into())
    }

    fn json(&self, name: NameId) -> Option<&Value> {
        match name {
            NameId::RequestBody => {
                self.note("body".to_owned());
                self.body.as_ref()
            }
            _ => None,
        }
    }

    fn now_unix_ms(&self) -> i64 {
        self.now_ms
    }
}
