//! What belongs to the host and not to the policies: addresses, files, limits of the process. The same bundle runs in every environment.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::PathBuf;

use aigw_core::{Millis, Name};
use serde::{Deserialize, Serialize};

/// Settings of one gateway process, as `--config runtime.yaml`, `AIGW_…` variables and flags give them. Everything may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// Where clients connect. Default: `127.0.0.1:8080`; `0.0.0.0:8080` listens on every interface, port 0 takes any free port.
    #[schemars(with = "Option<String>")]
    pub listen: Option<SocketAddr>,
    /// Where health, status and metrics are served and reloads are asked for, never on `listen`. Default: `127.0.0.1:8081`.
    /// On any other than a loopback address a token is demanded of everyone who asks for more than health.
    #[schemars(with = "Option<String>")]
    pub admin: Option<SocketAddr>,
    /// The name of the secret that is the admin address's bearer token.
    pub admin_token_secret: Option<String>,
    /// The file that holds the admin address's bearer token, instead of `adminTokenSecret`.
    pub admin_token_file: Option<PathBuf>,
    /// Certificate and key of `listen`. Files are read again when they change. Default: no TLS.
    pub tls: Option<TlsSettings>,
    /// Named certificate authorities, each a PEM file, or such a file and its revocation lists: what policies mean by `tls: {ca: NAME}` and
    /// `mtls: {ca: NAME}`. Files are read again when they change.
    pub cas: BTreeMap<Name, CaSettings>,
    /// A folder with one file a secret, named like the secret, as Kubernetes mounts them. Files are read again when they change.
    /// A secret without a file comes from the environment: `AIGW_SECRET_` and its name in upper case with `_` for `-` and `.`.
    pub secrets_folder: Option<PathBuf>,
    /// The Azure Key Vault that has the secrets which are neither in a file nor in the environment. Default: none.
    pub key_vault: Option<KeyVaultSettings>,
    /// Refuse bundles that use a secret or an access token which is not there. Default: such an endpoint is down and `/status` names it.
    pub require_secrets: Option<bool>,
    /// The values of the parameters that the policies declare.
    pub parameters: BTreeMap<String, String>,
    /// The bundle to serve: a file made by `aigw build`.
    pub bundle: Option<PathBuf>,
    /// The only bundle name to accept. Default: any that the trust root allows.
    pub bundle_name: Option<Name>,
    /// The trust root: which keys may sign for which channel. Needed for `bundle`.
    pub trust: Option<PathBuf>,
    /// The channel to serve: bundles signed for another one are refused. Default: `prod`.
    pub channel: Option<Name>,
    /// A folder of its own in which the gateway keeps the last good bundle, to start without the source, and what it accepted, so that an older
    /// bundle cannot come back after a restart. Default: none, and nothing is remembered.
    pub state: Option<PathBuf>,
    /// How long requests in flight may go on after a shutdown began, or after their policies were replaced. Default: `30s`.
    pub drain: Option<Millis>,
    /// How many threads serve clients. Default: one for each core.
    pub threads: Option<NonZeroU16>,
    /// How threads share the work. Default: `shared`.
    pub thread_model: Option<ThreadModel>,
    /// Where decision records go, one JSON object a line: `stdout`, `none`, or `file:PATH`. Default: `stdout`.
    pub decisions: Option<LogPlace>,
    /// Where the audit trail goes, one JSON object a line: `stdout`, `none`, or `file:PATH`. Default: `none`.
    pub audit: Option<LogPlace>,
}

/// Certificate and key of a listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TlsSettings {
    /// The certificate and what links it to its authority, a PEM file.
    pub cert: PathBuf,
    /// Its private key, a PEM file.
    pub key: PathBuf,
}

/// A certificate authority: the path of its PEM file, or a mapping with `file` and `crl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaSettings {
    /// Its certificates, a PEM file.
    pub file: PathBuf,
    /// Its revocation lists, a PEM file. With it, client certificates that are revoked, that no list speaks of, or whose list is over are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crl: Option<PathBuf>,
}

/// The long form of [`CaSettings`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaFiles {
    file: PathBuf,
    crl: Option<PathBuf>,
}

impl<'de> Deserialize<'de> for CaSettings {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = CaSettings;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("a path, or a mapping with `file` and `crl`")
            }

            fn visit_str<E: serde::de::Error>(self, path: &str) -> Result<CaSettings, E> {
                Ok(CaSettings { file: path.into(), crl: None })
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<CaSettings, A::Error> {
                let CaFiles { file, crl } = CaFiles::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(CaSettings { file, crl })
            }
        }

        from.deserialize_any(Either)
    }
}

impl schemars::JsonSchema for CaSettings {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CaSettings".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The path of a PEM file, or that and its revocation lists.",
            "oneOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "description": "Its certificates, a PEM file."},
                        "crl": {
                            "type": "string",
                            "description": "Its revocation lists, a PEM file. With it, client certificates that are revoked, that no list speaks of, or whose list is over are refused.",
                        },
                    },
                    "required": ["file"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

/// An Azure Key Vault, asked with the managed identity of the machine or workload that the gateway runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyVaultSettings {
    /// Its address: `https://NAME.vault.azure.net`.
    pub url: String,
    /// The client id of the user-assigned identity to ask with. Default: `AZURE_CLIENT_ID`, and without it the identity that the machine itself has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// What the vault's tokens are good for. Default: `https://vault.azure.net`; other clouds have their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// How often each secret is asked for, at least `5s`. Default: `5m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<Millis>,
}

impl KeyVaultSettings {
    /// The vault at that address, and everything else by default.
    pub const fn at(url: String) -> Self {
        Self { url, client_id: None, resource: None, refresh: None }
    }

    fn merge(self, under: Self) -> Self {
        Self {
            url: self.url,
            client_id: self.client_id.or(under.client_id),
            resource: self.resource.or(under.resource),
            refresh: self.refresh.or(under.refresh),
        }
    }
}

/// How threads share the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ThreadModel {
    /// Any thread takes any work that waits: one busy connection can use every core.
    #[default]
    Shared,
    /// Each connection stays on the thread that accepted it, with upstream connections of its own: nothing is shared on the path.
    PerCore,
}

/// Where a log goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LogPlace {
    /// Standard output.
    #[default]
    Stdout,
    /// Nowhere.
    None,
    /// The end of this file.
    File(PathBuf),
}

/// Not a place for a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no place for a log: write `stdout`, `none` or `file:PATH`")]
pub struct LogPlaceError(String);

impl Settings {
    /// These settings where they say something, `under` where they do not. Maps are joined entry by entry.
    #[must_use]
    pub fn merge(self, under: Self) -> Self {
        let Self { tls, cas, parameters, .. } = self;
        // Two ways to say one thing: whoever says either has said it.
        let (admin_token_secret, admin_token_file) = match (self.admin_token_secret, self.admin_token_file) {
            (None, None) => (under.admin_token_secret, under.admin_token_file),
            said => said,
        };
        Self {
            listen: self.listen.or(under.listen),
            admin: self.admin.or(under.admin),
            admin_token_secret,
            admin_token_file,
            tls: tls.or(under.tls),
            cas: joined(cas, under.cas),
            secrets_folder: self.secrets_folder.or(under.secrets_folder),
            key_vault: match (self.key_vault, under.key_vault) {
                (Some(over), Some(under)) => Some(over.merge(under)),
                (over, under) => over.or(under),
            },
            require_secrets: self.require_secrets.or(under.require_secrets),
            parameters: joined(parameters, under.parameters),
            bundle: self.bundle.or(under.bundle),
            bundle_name: self.bundle_name.or(under.bundle_name),
            trust: self.trust.or(under.trust),
            channel: self.channel.or(under.channel),
            state: self.state.or(under.state),
            drain: self.drain.or(under.drain),
            threads: self.threads.or(under.threads),
            thread_model: self.thread_model.or(under.thread_model),
            decisions: self.decisions.or(under.decisions),
            audit: self.audit.or(under.audit),
        }
    }
}

fn joined<K: Ord, V>(over: BTreeMap<K, V>, mut under: BTreeMap<K, V>) -> BTreeMap<K, V> {
    under.extend(over);
    under
}

impl std::str::FromStr for LogPlace {
    type Err = LogPlaceError;

    fn from_str(text: &str) -> Result<Self, LogPlaceError> {
        match text {
            "stdout" => Ok(Self::Stdout),
            "none" => Ok(Self::None),
            _ => match text.strip_prefix("file:").filter(|path| !path.is_empty()) {
                Some(path) => Ok(Self::File(path.into())),
                None => Err(LogPlaceError(text.chars().take(80).collect())),
            },
        }
    }
}

impl TryFrom<String> for LogPlace {
    type Error = LogPlaceError;

    fn try_from(text: String) -> Result<Self, LogPlaceError> {
        text.parse()
    }
}

impl From<LogPlace> for String {
    fn from(log: LogPlace) -> Self {
        match log {
            LogPlace::Stdout => "stdout".to_owned(),
            LogPlace::None => "none".to_owned(),
            LogPlace::File(path) => format!("file:{}", path.display()),
        }
    }
}

impl schemars::JsonSchema for LogPlace {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LogPlace".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^(stdout|none|file:.+)$", "examples": ["stdout", "file:/var/log/aigw/decisions.jsonl"]})
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn read(json: &str) -> Settings {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_said_above_counts_and_what_is_said_below_fills_in() {
        let file = read(
            r#"{"listen": "0.0.0.0:80", "drain": "5s", "parameters": {"a": "file", "b": "file"}, "adminTokenFile": "/t",
            "keyVault": {"url": "https://a", "clientId": "c"}}"#,
        );
        let flags = read(
            r#"{"listen": "127.0.0.1:90", "parameters": {"a": "flag"}, "adminTokenSecret": "s", "decisions": "none", "keyVault": {"url": "https://b"}}"#,
        );
        let expected = read(
            r#"{"listen": "127.0.0.1:90", "drain": "5s", "parameters": {"a": "flag", "b": "file"}, "adminTokenSecret": "s", "decisions": "none",
            "keyVault": {"url": "https://b", "clientId": "c"}}"#,
        );
        assert_eq!(flags.clone().merge(file.clone()), expected);
        assert_eq!(flags.clone().merge(Settings::default()), flags);
        assert_eq!(Settings::default().merge(file.clone()), file);
    }

    #[test]
    fn unknown_keys_and_other_places_for_records_are_refused() {
        for bad in [
            r#"{"port": 1}"#,
            r#"{"decisions": "off"}"#,
            r#"{"decisions": "file:"}"#,
            r#"{"tls": {"cert": "a"}}"#,
            r#"{"cas": {"a": {"crl": "b"}}}"#,
            r#"{"cas": {"a": {"file": "b", "key": "c"}}}"#,
            r#"{"cas": {"a": 1}}"#,
            r#"{"threads": 0}"#,
        ] {
            assert!(serde_json::from_str::<Settings>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_authority_is_a_path_or_a_path_and_its_lists() {
        let settings = read(r#"{"cas": {"a": "a.pem", "b": {"file": "b.pem", "crl": "b.crl"}, "c": {"file": "c.pem"}}}"#);
        let of = |name: &str| settings.cas.get(&name.parse::<Name>().unwrap()).cloned().unwrap();
        assert_eq!(of("a"), CaSettings { file: "a.pem".into(), crl: None });
        assert_eq!(of("b"), CaSettings { file: "b.pem".into(), crl: Some("b.crl".into()) });
        assert_eq!(of("c"), CaSettings { file: "c.pem".into(), crl: None });
        assert_eq!(read(&serde_json::to_string(&settings).unwrap()), settings);
    }

    #[test]
    fn places_for_records_read_back() {
        for text in ["stdout", "none", "file:/var/log/x"] {
            assert_eq!(String::from(text.parse::<LogPlace>().unwrap()), text);
        }
    }
}
