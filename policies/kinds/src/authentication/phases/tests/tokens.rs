//! Tokens of issuers that are made here, judged.

#![expect(clippy::indexing_slicing, reason = "tests")]

use std::cell::RefCell;

use aigw_core::{KeySet, Millis};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::*;
use crate::AuthenticationId;
use crate::{ParameterValues, Program};

const NOW: i64 = 1_700_000_000;
const ISSUER: &str = "https://id.example/";

enum Pair {
    Ec(EcdsaKeyPair, &'static str),
    Rsa(Box<RsaKeyPair>),
    Ed(Ed25519KeyPair),
}

struct Key {
    id: &'static str,
    pair: Pair,
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Key {
    fn p256(id: &'static str) -> Self {
        Self { id, pair: Pair::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(), "P-256") }
    }

    fn p384(id: &'static str) -> Self {
        Self { id, pair: Pair::Ec(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap(), "P-384") }
    }

    fn rsa(id: &'static str) -> Self {
        Self { id, pair: Pair::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())) }
    }

    fn ed25519(id: &'static str) -> Self {
        Self { id, pair: Pair::Ed(Ed25519KeyPair::generate().unwrap()) }
    }

    fn jwk(&self) -> Value {
        let mut jwk = match &self.pair {
            Pair::Ec(pair, curve) => {
                let (x, y) = pair.public_key().as_ref().get(1..).unwrap().split_at(pair.public_key().as_ref().len() / 2);
                json!({"kty": "EC", "crv": curve, "x": b64(x), "y": b64(y)})
            }
            Pair::Rsa(pair) => {
                // RSAPublicKey of RFC 8017, appendix A.1.1, with 2048 bits and three bytes of exponent.
                let der = pair.public_key().as_ref();
                json!({"kty": "RSA", "n": b64(&der[9..265]), "e": b64(&der[267..270])})
            }
            Pair::Ed(pair) => json!({"kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key())}),
        };
        jwk["kid"] = json!(self.id);
        jwk
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ec(pair, _) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let encoding: &'static dyn aws_lc_rs::signature::RsaEncoding = match algorithm {
                    "RS384" => &RSA_PKCS1_SHA384,
                    "RS512" => &RSA_PKCS1_SHA512,
                    "PS256" => &RSA_PSS_SHA256,
                    "PS384" => &RSA_PSS_SHA384,
                    "PS512" => &RSA_PSS_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }

    /// A token with this header and payload, to the letter.
    fn token(&self, header: &str, payload: &str) -> String {
        let algorithm = serde_json::from_str::<Value>(header).ok().and_then(|header| Some(header["alg"].as_str()?.to_owned()));
        let signed = format!("{}.{}", b64(header), b64(payload));
        let signature = self.sign(&algorithm.unwrap_or_default(), signed.as_bytes());
        format!("{signed}.{}", b64(signature))
    }

    fn good(&self, algorithm: &str, changes: Value) -> String {
        let header = json!({"alg": algorithm, "kid": self.id, "typ": "JWT"});
        self.token(&header.to_string(), &claims(changes).to_string())
    }
}

/// Good claims of the mobile app, with some of them changed; `null` takes one away.
fn claims(changes: Value) -> Value {
    let mut claims = json!({"iss": ISSUER, "aud": "aigw", "exp": NOW + 600, "azp": "mobile", "scp": "Chat.Invoke Other"});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn set(keys: &[&Key]) -> Arc<KeySet> {
    let document = json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()});
    Arc::new(read_keys(document.to_string().as_bytes(), None).unwrap())
}

fn plan(changes: Value) -> Value {
    let mut plan = json!({
        "name": "idp", "place": [0, 1, 1], "audience": [{"value": "aigw"}], "skew": "60s", "require": [], "roles": null, "undeclared": null,
        "source": {"named": {"issuer": {"value": ISSUER}, "jwks": {"value": "https://id.example/keys"}}},
    });
    plan.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    plan
}

fn equals(claim: &str, text: &str) -> Value {
    json!({"claim": claim, "test": {"equals": {"value": text}}})
}

fn declared(name: &str, rules: Value) -> Value {
    let mut consumer = consumer(name, &["app"], json!({"tier": "gold"}), json!([]));
    consumer["tokens"] = json!([{"issuer": 0, "claims": rules, "place": [0, 1, 1]}]);
    consumer
}

/// One policy that takes tokens of this issuer, and API keys where headers are named for them.
struct House {
    program: Program,
    issuers: Issuers,
    policies: Vec<Arc<Authentication>>,
    verified: VerifiedTokens,
    keys: RefCell<Option<Arc<KeySet>>>,
    now: i64,
}

impl House {
    fn new(issuer: Value, key_headers: &[&str], consumers: Value) -> Self {
        let policy = json!({"origin": origin("p"), "api_key_headers": key_headers, "issuers": [0], "anonymous": false});
        Self::of(json!({"authentications": [policy], "issuers": [issuer], "consumers": consumers}))
    }

    fn of(tables: Value) -> Self {
        let program = program(tables);
        let issuers = Issuers::new(&program, &ParameterValues::default()).unwrap();
        let policies = vec![Arc::new(Authentication::new(AuthenticationId(0), &program.authentications[0]).unwrap())];
        Self { program, issuers, policies, verified: VerifiedTokens::default(), keys: RefCell::default(), now: NOW * 1_000 }
    }

    fn usual(keys: &[&Key]) -> Self {
        let house = Self::new(plan(json!({})), &[], json!([declared("mobile", json!([equals("azp", "mobile")]))]));
        house.with(keys)
    }

    fn with(self, keys: &[&Key]) -> Self {
        *self.keys.borrow_mut() = Some(set(keys));
        self
    }

    fn outcome(&self, sent: &[(&'static str, &str)]) -> (Outcome, Vec<Decision>) {
        let credentials = Credentials::new(&self.program.consumers).unwrap();
        let key_sets = |_| self.keys.borrow().clone();
        let judges = Judges { credentials: &credentials, issuers: &self.issuers, key_sets: &key_sets, verified: &self.verified };
        let headers = headers(sent);
        let presented = Presented { headers: &headers, certificate: None, now: Timestamp::from_millis(self.now) };
        let mut decisions = Vec::new();
        (authenticate(&self.policies, &judges, &presented, &mut decisions), decisions)
    }

    /// Who a token's bearer is, or the code of the refusal.
    fn bearer(&self, token: &str) -> Result<Arc<Identity>, ErrorCode> {
        let (outcome, _) = self.outcome(&[("authorization", &format!("Bearer {token}"))]);
        outcome.map(Option::unwrap).map_err(|unproved| unproved.refusal.code)
    }

    fn refuses(&self, token: &str, code: ErrorCode) {
        assert_eq!(self.bearer(token).unwrap_err(), code, "{token}");
    }
}

#[test]
fn tokens_of_every_algorithm_are_verified_by_their_keys() {
    let (p256, p384, rsa, ed) = (Key::p256("a"), Key::p384("b"), Key::rsa("c"), Key::ed25519("d"));
    let house = House::usual(&[&p256, &p384, &rsa, &ed]);
    let mut good = vec![(&p256, "ES256"), (&p384, "ES384"), (&ed, "EdDSA"), (&ed, "Ed25519")];
    good.extend(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].map(|algorithm| (&rsa, algorithm)));
    for (key, algorithm) in &good {
        let token = key.good(algorithm, json!({}));
        assert_eq!(house.bearer(&token).unwrap().name.as_ref().unwrap().as_str(), "mobile", "{algorithm}");
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        bytes[7] ^= 1;
        house.refuses(&format!("{signed}.{}", b64(bytes)), ErrorCode::TokenInvalid);
        house.refuses(&format!("{signed}."), ErrorCode::TokenInvalid);
    }
}

#[test]
fn a_header_cannot_choose_how_its_token_is_verified() {
    let (p256, rsa) = (Key::p256("a"), Key::rsa("c"));
    let house = House::usual(&[&p256, &rsa]);
    let payload = claims(json!({})).to_string();
    for header in [
        r#"{"alg":"none","kid":"a"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":"HS256","kid":"a"}"#,
        r#"{"alg":"RS256","kid":"a"}"#,
        r#"{"alg":"ES384","kid":"a"}"#,
        r#"{"alg":"EdDSA","kid":"a"}"#,
        r#"{"alg":"ES256","kid":"c"}"#,
        r#"{"alg":"ES256","kid":"a","crit":["exp"]}"#,
        r#"{"alg":"ES256","kid":"a","typ":"logout+jwt"}"#,
        r#"{"alg":"ES256","kid":"a","typ":1}"#,
        r#"{"alg":"ES256","kid":1}"#,
        r#"{"alg":"ES256","kid":"a","kid":"a"}"#,
        r#"{"kid":"a"}"#,
        r#"["ES256"]"#,
        "{}x",
    ] {
        house.refuses(&p256.token(header, &payload), ErrorCode::TokenInvalid);
    }
    for header in [r#"{"alg":"ES256","kid":"a","typ":"at+jwt"}"#, r#"{"alg":"ES256","kid":"a","typ":"application/at+JWT"}"#] {
        house.bearer(&p256.token(header, &payload)).unwrap();
    }
    // The public key as the secret of an HMAC: the classic.
    let signed = format!("{}.{}", b64(r#"{"alg":"HS256","kid":"c"}"#), b64(&payload));
    let Pair::Rsa(pair) = &rsa.pair else { unreachable!() };
    let secret = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, pair.public_key().as_ref());
    house.refuses(&format!("{signed}.{}", b64(aws_lc_rs::hmac::sign(&secret, signed.as_bytes()))), ErrorCode::TokenInvalid);
}

#[test]
fn a_key_that_names_its_algorithm_is_for_no_other() {
    let rsa = Key::rsa("c");
    let house = House::usual(&[&rsa]);
    let mut jwk = rsa.jwk();
    jwk["alg"] = json!("PS256");
    let document = json!({"keys": [jwk]}).to_string();
    *house.keys.borrow_mut() = Some(Arc::new(read_keys(document.as_bytes(), None).unwrap()));
    house.bearer(&rsa.good("PS256", json!({}))).unwrap();
    house.refuses(&rsa.good("RS256", json!({})), ErrorCode::TokenInvalid);
}

#[test]
fn claims_are_what_the_policy_wants() {
    use ErrorCode::{TokenAudience, TokenExpired, TokenInvalid, TokenIssuer, TokenNotYetValid, TokenUndeclared};
    let key = Key::p256("a");
    let house = House::usual(&[&key]);
    for (changes, code) in [
        (json!({"iss": "https://id.example"}), TokenIssuer),
        (json!({"iss": ["https://id.example/"]}), TokenIssuer),
        (json!({"iss": null}), TokenIssuer),
        (json!({"aud": "other"}), TokenAudience),
        (json!({"aud": ["other", {"aigw": 1}]}), TokenAudience),
        (json!({"aud": null}), TokenAudience),
        (json!({"exp": NOW - 60}), TokenExpired),
        (json!({"exp": null}), TokenInvalid),
        (json!({"exp": "tomorrow"}), TokenInvalid),
        (json!({"exp": 1e300}), TokenInvalid),
        (json!({"exp": -1}), TokenInvalid),
        (json!({"nbf": NOW + 61}), TokenNotYetValid),
        (json!({"nbf": {}}), TokenInvalid),
        (json!({"azp": "other"}), TokenUndeclared),
        (json!({"azp": ["mobile"]}), TokenUndeclared),
    ] {
        house.refuses(&key.good("ES256", changes), code);
    }
    for changes in [
        json!({"aud": ["other", "aigw"]}),
        json!({"exp": NOW - 59}),
        json!({"exp": (NOW - 59) as f64 + 0.5}),
        json!({"nbf": NOW + 60}),
        json!({"nbf": NOW}),
    ] {
        house.bearer(&key.good("ES256", changes)).unwrap();
    }
    let payload = claims(json!({})).to_string();
    let twice = payload.replacen('{', r#"{"azp":"admin","#, 1);
    house.refuses(&key.token(r#"{"alg":"ES256","kid":"a"}"#, &twice), TokenInvalid);
    let deep = payload.replacen('{', r#"{"deep":{"a":1,"a":2},"#, 1);
    house.refuses(&key.token(r#"{"alg":"ES256","kid":"a"}"#, &deep), TokenInvalid);
    house.refuses(&key.good("ES256", json!({"filler": "x".repeat(MAX_TOKEN_BYTES)})), TokenInvalid);
}

#[test]
fn what_is_no_token_is_told_so_and_keys_pass_beside_tokens() {
    let key = Key::p256("a");
    let house = House::usual(&[&key]);
    for text in ["abc", "a.b", "a.b.c", "a.b.c.d", "..", "ä.b.c"] {
        house.refuses(text, ErrorCode::TokenInvalid);
    }
    let code =
        |house: &House, sent: &[(&'static str, &str)]| house.outcome(sent).0.map(|_| ()).map_err(|fault| fault.refusal.code);
    assert_eq!(code(&house, &[("authorization", "Basic YTpi")]), Err(ErrorCode::TokenInvalid));
    assert_eq!(code(&house, &[]), Err(ErrorCode::MissingCredentials));
    let mut both = declared("mobile", json!([equals("azp", "mobile")]));
    both["keys"] = json!([super::key("m1", ANN, None)]);
    let other = consumer("bob", &[], json!({}), json!([super::key("b1", BOB, None)]));
    let house = House::new(plan(json!({})), &["authorization", "api-key"], json!([both, other])).with(&[&key]);
    let token = format!("Bearer {}", key.good("ES256", json!({})));
    assert_eq!(code(&house, &[("authorization", &token)]), Ok(()));
    assert_eq!(code(&house, &[("authorization", "Bearer key-of-ann")]), Ok(()));
    assert_eq!(code(&house, &[("authorization", "Bearer a.b.c")]), Err(ErrorCode::TokenInvalid));
    assert_eq!(code(&house, &[("authorization", "Bearer nobody")]), Err(ErrorCode::InvalidApiKey));
    assert_eq!(code(&house, &[("api-key", BOB), ("authorization", &token)]), Err(ErrorCode::InvalidApiKey));
    let (joined, _) = house.outcome(&[("api-key", ANN), ("authorization", &token)]);
    assert_eq!(joined.unwrap().unwrap().credential.as_str(), "idp", "the token speaks for its caller");
}

#[test]
fn a_policy_passes_over_what_another_takes() {
    let key = Key::p256("a");
    let mut both = declared("mobile", json!([equals("azp", "mobile")]));
    both["keys"] = json!([super::key("m1", ANN, None)]);
    let mut house = House::new(plan(json!({})), &[], json!([both])).with(&[&key]);
    let keyed = json!({"origin": origin("k"), "api_key_headers": ["authorization", "api-key"], "anonymous": false});
    let keyed = program(json!({"authentications": [keyed]}));
    house.policies.push(Arc::new(Authentication::new(AuthenticationId(1), &keyed.authentications[0]).unwrap()));
    let token = format!("Bearer {}", key.good("ES256", json!({})));
    let code = |sent: &[(&'static str, &str)]| house.outcome(sent).0.map(|_| ()).map_err(|fault| fault.refusal.code);
    assert_eq!(code(&[("authorization", &token), ("api-key", ANN)]), Ok(()));
    assert_eq!(code(&[("authorization", &token)]), Err(ErrorCode::MissingApiKey));
    assert_eq!(code(&[("authorization", "Bearer key-of-ann")]), Err(ErrorCode::MissingCredentials));
}

#[test]
fn who_it_is_follows_from_claims() {
    let key = Key::p256("a");
    let roles = json!({"from": ["roles", "/realm/roles"], "map": {"Chat.User": "user", "ops": "operator"}});
    let consumers = json!([
        declared("mobile", json!([equals("azp", "mobile")])),
        declared("other", json!([equals("azp", "other")])),
        declared("staff", json!([{"claim": "groups", "test": {"contains": {"value": "g1"}}}])),
        declared("count", json!([equals("level", "7"), equals("real", "true"), {"claim": "sub", "test": "present"}])),
    ]);
    let undeclared = json!({"roles": ["employee"], "labels": {"user": "oid", "gone": "gone", "list": "roles"}});
    let house = House::new(plan(json!({"roles": roles, "undeclared": undeclared})), &[], consumers).with(&[&key]);
    let who = |changes: Value| house.bearer(&key.good("ES256", changes));
    let name = |changes: Value| who(changes).map(|caller| caller.name.as_ref().map(ToString::to_string));
    assert_eq!(name(json!({})), Ok(Some("mobile".to_owned())));
    assert_eq!(name(json!({"azp": "x", "groups": ["g0", "g1"]})), Ok(Some("staff".to_owned())));
    assert_eq!(name(json!({"azp": "x", "level": 7, "real": true, "sub": "s"})), Ok(Some("count".to_owned())));
    assert_eq!(name(json!({"groups": ["g1"]})), Err(ErrorCode::TokenAmbiguous));
    let mobile = who(json!({"roles": ["Chat.User", "Unknown"], "realm": {"roles": "ops other"}})).unwrap();
    assert_eq!(mobile.roles, ["app", "operator", "user"]);
    assert_eq!(mobile.labels.get("tier").map(String::as_str), Some("gold"));
    assert_eq!(mobile.claims.as_ref().unwrap()["azp"], "mobile");
    let stranger = who(json!({"azp": "x", "oid": "o-1", "roles": ["ops"]})).unwrap();
    assert_eq!((stranger.consumer, stranger.credential.as_str()), (None, "idp"));
    assert_eq!(stranger.roles, ["employee", "operator"]);
    assert_eq!(stranger.labels.iter().collect::<Vec<_>>(), [(&"user".to_owned(), &"o-1".to_owned())]);
    assert!(!stranger.is_same_caller(&who(json!({"azp": "x", "oid": "o-2"})).unwrap()));
}

#[test]
fn claims_and_declarations_agree_on_the_tenant() {
    let key = Key::p256("a");
    let tenant = |name: &str, tid: &str| json!({"origin": origin(name), "labels": {}, "claims": [equals("tid", tid)], "require": {}, "policies": {}});
    let silent = json!({"origin": origin("silent"), "labels": {}, "require": {}, "policies": {}});
    let mut groups = tenant("groups", "-");
    groups["claims"] = json!([{"claim": "groups", "test": {"contains": {"value": "g1"}}}]);
    let tenants = json!([tenant("one", "t-1"), tenant("two", "t-2"), groups, silent]);
    let of = |name: &str, own: Value| {
        let mut consumer = declared(name, json!([equals("azp", name)]));
        consumer["tenant"] = own;
        consumer
    };
    let consumers = json!([of("mine", json!(0)), of("mobile", json!(null)), of("quiet", json!(3))]);
    let house = |undeclared: Value| {
        let policy = json!({"origin": origin("p"), "api_key_headers": [], "issuers": [0], "anonymous": false});
        let issuer = plan(json!({"undeclared": undeclared}));
        House::of(json!({"authentications": [policy], "issuers": [issuer], "consumers": consumers, "tenants": tenants}))
            .with(&[&key])
    };
    let open = house(json!({"roles": [], "labels": {}}));
    let tenant = |house: &House, changes: Value| {
        let token = key.good("ES256", changes);
        let first = house.bearer(&token).map(|caller| caller.tenant.map(|id| id.0));
        assert_eq!(house.bearer(&token).map(|caller| caller.tenant.map(|id| id.0)), first, "from memory");
        first
    };
    assert_eq!(tenant(&open, json!({"azp": "x", "tid": "t-2"})), Ok(Some(1)));
    assert_eq!(tenant(&open, json!({"azp": "x", "groups": ["g0", "g1"]})), Ok(Some(2)));
    assert_eq!(tenant(&open, json!({"azp": "x", "tid": "t-3"})), Ok(None));
    assert_eq!(tenant(&open, json!({"azp": "x", "tid": ["t-1"]})), Ok(None));
    assert_eq!(tenant(&open, json!({"azp": "x", "tid": "t-1", "groups": ["g1"]})), Err(ErrorCode::TenantMismatch), "of two");
    assert_eq!(tenant(&open, json!({"azp": "mine", "tid": "t-1"})), Ok(Some(0)));
    assert_eq!(tenant(&open, json!({"azp": "mine"})), Ok(Some(0)), "claims that say nothing disagree with nobody");
    assert_eq!(tenant(&open, json!({"azp": "mine", "tid": "t-2"})), Err(ErrorCode::TenantMismatch));
    assert_eq!(tenant(&open, json!({"azp": "mobile"})), Ok(None));
    assert_eq!(tenant(&open, json!({"azp": "mobile", "tid": "t-1"})), Err(ErrorCode::TenantMismatch), "declared to be of none");
    assert_eq!(tenant(&open, json!({"azp": "quiet", "tid": "t-1"})), Err(ErrorCode::TenantMismatch));
    let fixed = house(json!({"tenant": 1, "roles": [], "labels": {}}));
    assert_eq!(tenant(&fixed, json!({"azp": "x"})), Ok(Some(1)));
    assert_eq!(tenant(&fixed, json!({"azp": "x", "tid": "t-2"})), Ok(Some(1)));
    assert_eq!(tenant(&fixed, json!({"azp": "x", "tid": "t-1"})), Err(ErrorCode::TenantMismatch));
}

#[test]
fn a_token_is_under_the_subscription_of_the_credential_that_it_fits() {
    let key = Key::p256("a");
    let mut app = declared("app", json!([equals("azp", "app")]));
    let credential = |rule: Value, subscription: Value| json!({"issuer": 0, "claims": [rule], "subscription": subscription, "place": [0, 1, 1]});
    app["tokens"] = json!([
        credential(equals("azp", "app"), json!(7)),
        credential(equals("azp", "other"), json!(null)),
        credential(equals("scp", "gold"), json!(8)),
        credential(equals("sub", "me"), json!(7)),
    ]);
    let house = House::new(plan(json!({})), &[], json!([app])).with(&[&key]);
    let under = |changes: Value| house.bearer(&key.good("ES256", changes)).map(|caller| caller.subscription.map(|id| id.0));
    assert_eq!(under(json!({"azp": "app"})), Ok(Some(7)));
    assert_eq!(under(json!({"azp": "other"})), Ok(None));
    assert_eq!(under(json!({"azp": "app", "sub": "me"})), Ok(Some(7)));
    assert_eq!(under(json!({"azp": "app", "scp": "gold"})), Err(ErrorCode::TokenAmbiguous));
    assert_eq!(under(json!({"azp": "other", "scp": "gold"})), Err(ErrorCode::TokenAmbiguous));
}

#[test]
fn required_claims_are_required() {
    let key = Key::p256("a");
    let require =
        json!([{"claim": "scp", "test": {"contains": {"value": "Chat.Invoke"}}}, {"claim": "/act/sub", "test": "present"}]);
    let consumers = json!([declared("mobile", json!([equals("azp", "mobile")]))]);
    let house = House::new(plan(json!({"require": require})), &[], consumers).with(&[&key]);
    house.bearer(&key.good("ES256", json!({"act": {"sub": "x"}}))).unwrap();
    house.refuses(&key.good("ES256", json!({})), ErrorCode::TokenClaims);
    house.refuses(&key.good("ES256", json!({"act": {"sub": "x"}, "scp": "Chat.InvokeAll"})), ErrorCode::TokenClaims);
}

#[test]
fn an_unknown_key_asks_for_keys_and_nothing_else_does() {
    let (key, next) = (Key::p256("a"), Key::p256("b"));
    let house = House::usual(&[&key]);
    let wanting = |token: &str| {
        let fault = house.outcome(&[("authorization", &format!("Bearer {token}"))]).0.unwrap_err();
        (fault.refusal.code, fault.keys_of)
    };
    let unknown = (ErrorCode::TokenInvalid, Some(IssuerId(0)));
    assert_eq!(wanting(&next.good("ES256", json!({}))), unknown);
    assert_eq!(wanting(&next.token(r#"{"alg":"ES256"}"#, &claims(json!({})).to_string())), unknown);
    for changes in [json!({"exp": NOW - 99}), json!({"aud": "x"}), json!({"iss": "x"})] {
        assert_eq!(wanting(&next.good("ES256", changes)).1, None);
    }
    let forged = Key { id: "a", pair: Key::p256("a").pair };
    assert_eq!(wanting(&forged.good("ES256", json!({}))), (ErrorCode::TokenInvalid, None));
    *house.keys.borrow_mut() = None;
    assert_eq!(wanting(&key.good("ES256", json!({}))), (ErrorCode::IdentityUnavailable, Some(IssuerId(0))));
    *house.keys.borrow_mut() = Some(set(&[&key, &next]));
    house.bearer(&next.good("ES256", json!({}))).unwrap();
    house.bearer(&next.token(r#"{"alg":"ES256"}"#, &claims(json!({})).to_string())).unwrap();
}

#[test]
fn a_verified_token_is_remembered_until_it_or_its_keys_are_over() {
    let (key, next) = (Key::p256("a"), Key::p256("b"));
    let mut house = House::usual(&[&key]);
    let token = key.good("ES256", json!({"nbf": NOW}));
    let first = house.bearer(&token).unwrap();
    assert!(Arc::ptr_eq(&first, &house.bearer(&token).unwrap()));
    house.now = (NOW + 659) * 1_000;
    assert!(Arc::ptr_eq(&first, &house.bearer(&token).unwrap()));
    house.now = (NOW + 660) * 1_000;
    house.refuses(&token, ErrorCode::TokenExpired);
    house.now = (NOW - 61) * 1_000;
    house.refuses(&token, ErrorCode::TokenNotYetValid);
    house.now = NOW * 1_000;
    house.bearer(&token).unwrap();
    *house.keys.borrow_mut() = Some(set(&[&next]));
    house.refuses(&token, ErrorCode::TokenInvalid);
}

#[test]
fn no_more_tokens_are_remembered_than_there_is_room_for() {
    let verified = VerifiedTokens::default();
    let keys = Arc::new(KeySet::default());
    let identity = Arc::new(Identity {
        consumer: None,
        name: None,
        credential: "idp".parse().unwrap(),
        tenant: None,
        subscription: None,
        roles: Vec::new(),
        labels: Default::default(),
        claims: None,
    });
    let proof = issuer::Proof { identity, note: None, from: Timestamp::from_millis(0), until: Timestamp::from_millis(9) };
    let digests: Vec<_> = (0..40_000_u32).map(|n| Digest::by(Digest::of(&n.to_be_bytes()).unwrap(), IssuerId(0))).collect();
    for digest in &digests {
        verified.keep(*digest, &keys, proof.clone());
    }
    let kept = digests.iter().filter(|digest| verified.find(**digest, &keys, Timestamp::from_millis(1)).is_some()).count();
    assert!(kept > MAX_VERIFIED_TOKENS / 3 && kept <= MAX_VERIFIED_TOKENS, "{kept}");
}

#[test]
fn entra_tokens_of_both_versions_are_taken() {
    const TENANT: &str = "72F988BF-86f1-41af-91ab-2d7cd011db47";
    const APP: &str = "11111111-2222-3333-4444-555555555555";
    let tenant = TENANT.to_ascii_lowercase();
    let key = Key::rsa("k1");
    let source = json!({"entra": {"tenant": {"value": TENANT}, "authority": {"value": "https://login.microsoftonline.com"}}});
    let audience = json!([{"value": format!("api://{APP}")}, {"value": "api://aigw"}]);
    let roles = json!({"from": ["groups"], "map": {"g": "staff"}});
    let consumers = json!([declared("two", json!([equals("azp", "a")])), declared("one", json!([equals("appid", "a")]))]);
    let house = House::new(plan(json!({"source": source, "audience": audience, "roles": roles})), &[], consumers).with(&[&key]);
    let who = |changes: Value| {
        let caller = house.bearer(&key.good("RS256", changes))?;
        Ok::<_, ErrorCode>(caller.name.as_ref().unwrap().to_string())
    };
    let two = format!("https://login.microsoftonline.com/{tenant}/v2.0");
    let one = format!("https://sts.windows.net/{tenant}/");
    assert_eq!(who(json!({"iss": two, "aud": APP, "azp": "a"})), Ok("two".to_owned()));
    assert_eq!(who(json!({"iss": one, "aud": format!("api://{APP}"), "azp": null, "appid": "a"})), Ok("one".to_owned()));
    assert_eq!(who(json!({"iss": one, "aud": "api://aigw", "azp": null, "appid": "a"})), Ok("one".to_owned()));
    assert_eq!(who(json!({"iss": one, "aud": "aigw", "azp": null, "appid": "a"})), Err(ErrorCode::TokenAudience));
    let other = "https://sts.windows.net/00000000-86f1-41af-91ab-2d7cd011db47/";
    assert_eq!(who(json!({"iss": other, "aud": APP, "azp": "a"})), Err(ErrorCode::TokenIssuer));
    let source = house.issuers.all()[0].keys();
    assert_eq!(source.url(), format!("https://login.microsoftonline.com/{tenant}/discovery/v2.0/keys"));
    let overage = json!({"iss": two, "aud": APP, "azp": "a", "_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph"}}});
    let token = format!("Bearer {}", key.good("RS256", overage));
    let (outcome, decisions) = house.outcome(&[("authorization", &token)]);
    outcome.unwrap();
    assert!(decisions[0].note.as_ref().unwrap().contains("leaves out its groups"), "{decisions:?}");
    // Their document holds keys of consumers' accounts too.
    let mut own = key.jwk();
    own["issuer"] = json!("https://login.microsoftonline.com/{tenantid}/v2.0");
    let mut theirs = Key::rsa("k2").jwk();
    theirs["issuer"] = json!("https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0");
    let document = json!({"keys": [own, theirs]}).to_string();
    assert_eq!(read_keys(document.as_bytes(), source.key_issuer().as_ref()).unwrap().keys.len(), 1);
}

#[test]
fn settings_that_cannot_be_trusted_do_not_load() {
    let fault = |changes: Value| {
        let program = program(json!({"issuers": [plan(changes)]}));
        Issuers::new(&program, &ParameterValues::default()).unwrap_err().to_string()
    };
    let named = |url: &str| json!({"source": {"named": {"issuer": {"value": "x"}, "jwks": {"value": url}}}});
    assert!(fault(named("http://id.example/keys")).contains("not `https`"));
    assert!(fault(named("ftp://id.example/keys")).contains("https://"));
    assert!(fault(named("https://user@id.example/keys")).contains("absolute"));
    assert!(fault(json!({"source": {"named": {"issuer": {"value": "x"}, "jwks": null}}})).contains("address"));
    let tenant = json!({"source": {"entra": {"tenant": {"value": "common"}, "authority": {"value": "https://login.microsoftonline.com"}}}});
    assert!(fault(tenant).contains("GUID"));
    assert_eq!(Millis::from_secs(60).as_millis(), 60_000);
}

#[test]
fn documents_of_issuers_are_read_within_bounds() {
    use IssuerDocumentFault::{Form, Issuer, Long, Many, NoKeys};
    let good = Key::p256("a").jwk();
    let read = |keys: Vec<Value>| read_keys(json!({"keys": keys}).to_string().as_bytes(), None).map(|set| set.keys.len());
    let changed = |name: &str, value: Value| {
        let mut key = good.clone();
        key[name] = value;
        key
    };
    for bad in [
        json!({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}),
        changed("use", json!("enc")),
        changed("key_ops", json!(["sign"])),
        changed("d", json!("private")),
        changed("x", json!("AAAA")),
        changed("y", changed("x", json!(b64([0; 32])))["x"].clone()),
        changed("crv", json!("secp256k1")),
        changed("alg", json!("HS256")),
        changed("kid", json!("k".repeat(257))),
        changed("kid", json!(5)),
        json!({"kty": "RSA", "n": b64([0xff; 128]), "e": "AQAB"}),
        json!({"kty": "RSA", "n": b64([0xff; 1025]), "e": "AQAB"}),
        json!({"kty": "RSA", "n": b64([0xff; 256]), "e": "AQ"}),
        json!({"kty": "RSA", "n": b64([0xff; 256]), "e": b64([1; 5])}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": b64([1; 31])}),
        json!("no key"),
    ] {
        assert_eq!(read(vec![bad.clone()]), Err(NoKeys), "{bad}");
        assert_eq!(read(vec![bad, good.clone()]), Ok(1));
    }
    assert_eq!(read(vec![good.clone(); 100]), Ok(100));
    assert_eq!(read(vec![good.clone(); 101]), Err(Many));
    assert_eq!(read_keys(&vec![b' '; MAX_ISSUER_DOCUMENT_BYTES + 1], None), Err(Long));
    assert!(matches!(read_keys(b"<html>", None), Err(Form(_))));
    let discovery = br#"{"issuer": "https://id.example", "jwks_uri": "https://id.example/keys", "more": 1}"#;
    assert_eq!(read_discovery(discovery, "https://id.example").as_deref(), Ok("https://id.example/keys"));
    assert_eq!(read_discovery(discovery, "https://id.example/"), Err(Issuer));
}
