//! Tokens that are made up for tests and verified for real: every issuer of the program has the keys that are made here.

use std::sync::Arc;

use aigw_core::{KeySet, Name, Timestamp};
use aigw_engine::Loaded;
use aigw_kinds::authentication::{ClaimPath, ClaimRule, ClaimTest, read_keys};
use aigw_kinds::consumer::ConsumerPlan;
use aigw_kinds::{ConsumerId, IssuerId, ParameterValues, Program, Setting};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::once::{Caller, Once};
use crate::suite::TokenKeyWord;

/// How long a token is good, in seconds.
const LIFE: i64 = 300;
/// Further from now than any skew, in seconds.
const FAR: i64 = 3_600;

/// A token to be made when it is sent, since it holds times.
#[derive(Clone, Debug)]
pub(crate) struct TokenToMake {
    pub(crate) issuer: IssuerId,
    /// Whose claims it has: a consumer, and which of its credentials by tokens.
    pub(crate) consumer: Option<(ConsumerId, usize)>,
    /// Claims beside those, or in place of them; `null` takes one away.
    pub(crate) claims: Map<String, Value>,
    pub(crate) expired: bool,
    pub(crate) early: bool,
    pub(crate) tampered: bool,
    pub(crate) key: TokenKeyWord,
}

impl TokenToMake {
    /// A good token of a consumer.
    pub(crate) fn of(issuer: IssuerId, consumer: ConsumerId, credential: usize) -> Self {
        Self { consumer: Some((consumer, credential)), ..Self::from(issuer) }
    }

    /// A good token of nobody.
    pub(crate) fn from(issuer: IssuerId) -> Self {
        Self {
            issuer,
            consumer: None,
            claims: Map::new(),
            expired: false,
            early: false,
            tampered: false,
            key: TokenKeyWord::Known,
        }
    }
}

/// The caller's token, where its credential is one.
pub(crate) fn of(loaded: &Loaded, once: &Once, caller: &Caller) -> Option<String> {
    let program = loaded.program();
    let mut consumers = (0_u32..).map(ConsumerId).zip(&program.consumers);
    let (id, plan) = consumers.find(|(_, plan)| plan.origin.name.as_str() == caller.consumer)?;
    let others = plan.keys.iter().map(|key| &key.id).chain(plan.certificates.iter().map(|certificate| &certificate.id));
    if others.into_iter().any(|other| other.as_str() == caller.credential) {
        return None;
    }
    let (_, token) = of_consumer(program, id, plan).into_iter().find(|(name, _)| name.as_str() == caller.credential)?;
    make(&token, loaded, &program.parameter_values(&once.params, true).ok()?, once.at)
}

/// The tokens of a consumer, by the names of their issuers.
pub(crate) fn of_consumer<'p>(program: &'p Program, id: ConsumerId, plan: &ConsumerPlan) -> Vec<(&'p Name, TokenToMake)> {
    let tokens = plan.tokens.iter().enumerate();
    tokens
        .filter_map(|(index, token)| Some((&token.issuer.of(program)?.name, TokenToMake::of(token.issuer, id, index))))
        .collect()
}

/// The keys of every issuer, before it is asked again and after: a key is added, as issuers do when they rotate.
pub(crate) fn key_sets() -> [Arc<KeySet>; 2] {
    let jwk = |word| {
        let pair = pair(word)?;
        Some(json!({"kty": "OKP", "crv": "Ed25519", "kid": id(word), "x": URL_SAFE_NO_PAD.encode(pair.public_key())}))
    };
    let set = |words: &[TokenKeyWord]| {
        let document = json!({"keys": words.iter().filter_map(|word| jwk(*word)).collect::<Vec<_>>()});
        Arc::new(read_keys(document.to_string().as_bytes(), None).unwrap_or_default())
    };
    [set(&[TokenKeyWord::Known]), set(&[TokenKeyWord::Known, TokenKeyWord::Next])]
}

/// The token.
pub(crate) fn make(token: &TokenToMake, loaded: &Loaded, values: &ParameterValues, now: Timestamp) -> Option<String> {
    let program = loaded.program();
    let (plan, issuer) = (token.issuer.of(program)?, loaded.issuers().get(token.issuer)?);
    let seconds = now.as_millis().div_euclid(1_000);
    let (begins, ends) = match (token.early, token.expired) {
        (true, _) => (seconds + FAR, seconds + FAR + LIFE),
        (false, true) => (seconds - FAR - LIFE, seconds - FAR),
        (false, false) => (seconds, seconds + LIFE),
    };
    let mut claims = json!({
        "iss": issuer.accepted().first()?, "aud": issuer.audience().first()?, "sub": "made-up", "iat": begins, "nbf": begins, "exp": ends,
    });
    fulfil(&mut claims, &plan.require, values);
    if let Some((consumer, credential)) = token.consumer {
        fulfil(&mut claims, &consumer.of(program)?.tokens.get(credential)?.claims, values);
    }
    let members = claims.as_object_mut()?;
    members.extend(token.claims.clone());
    members.retain(|_, value| !value.is_null());
    let header = json!({"alg": "EdDSA", "kid": id(token.key), "typ": "JWT"});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(&claims));
    let mut signature = pair(token.key)?.sign(signed.as_bytes()).as_ref().to_vec();
    if token.tampered {
        signature.reverse();
    }
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Adds what the rules ask for.
fn fulfil(claims: &mut Value, rules: &[ClaimRule], values: &ParameterValues) {
    for rule in rules {
        let text = |setting: &Setting<String>| match setting {
            Setting::Value(text) => Some(text.clone()),
            Setting::Param(id) => values.0.get(id.index()).cloned(),
        };
        let value = match &rule.test {
            ClaimTest::Equals(setting) | ClaimTest::Contains(setting) => text(setting),
            ClaimTest::Present => Some("made-up".to_owned()),
        };
        if let Some(value) = value {
            put(claims, &rule.claim, value);
        }
    }
}

fn put(claims: &mut Value, path: &ClaimPath, value: String) {
    let parts: Vec<String> = match path.0.strip_prefix('/') {
        Some(pointer) => pointer.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect(),
        None => vec![path.0.clone()],
    };
    let mut at = claims;
    for part in parts {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Some(members) = at.as_object_mut() else { return };
        at = members.entry(part).or_insert(Value::Null);
    }
    *at = Value::String(value);
}

fn id(word: TokenKeyWord) -> &'static str {
    match word {
        TokenKeyWord::Known => "made-up-known",
        TokenKeyWord::Next => "made-up-next",
        TokenKeyWord::Unknown => "made-up-unknown",
    }
}

/// Always the same keys: equal input gives equal bytes.
fn pair(word: TokenKeyWord) -> Option<Ed25519KeyPair> {
    let seed = match word {
        TokenKeyWord::Known => [1; 32],
        TokenKeyWord::Next => [2; 32],
        TokenKeyWord::Unknown => [3; 32],
    };
    Ed25519KeyPair::from_seed_unchecked(&seed).ok()
}
