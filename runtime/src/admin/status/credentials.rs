//! What `/status` and `/metrics` say of the sources of secrets and tokens: names and ages, never a value.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::azure::TokenReport;
use crate::metrics::{Metric, Text};
use crate::process::Process;
use crate::secrets::VaultReport;

/// The key vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyVaultStatus {
    /// Its address.
    pub url: String,
    /// Why it cannot be asked, so that what it said last stays in use; none where it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// The secrets that it is asked for.
    pub secrets: Vec<VaultSecretStatus>,
}

/// One secret in a key vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VaultSecretStatus {
    /// Its name.
    pub name: String,
    /// Seconds since the vault confirmed the value in use; none where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<u64>,
    /// Why there is no value, or no newer one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// An access token of a managed identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessTokenStatus {
    /// What it is good for.
    pub resource: String,
    /// The identity that was named; none for the machine's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// How long it is good for; none where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<u64>,
    /// Why there is none, or no newer one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

impl KeyVaultStatus {
    pub(super) fn of(report: VaultReport) -> Self {
        let secrets = report.secrets.into_iter().map(|secret| VaultSecretStatus {
            name: secret.name,
            age_seconds: secret.age.map(|age| age.as_secs()),
            trouble: secret.trouble,
        });
        Self { url: report.url, trouble: report.trouble, secrets: secrets.collect() }
    }
}

impl AccessTokenStatus {
    pub(super) fn of(report: TokenReport) -> Self {
        Self {
            resource: report.identity.resource,
            client_id: report.identity.client_id,
            expires_in_seconds: report.left.map(|left| left.as_secs()),
            trouble: report.trouble,
        }
    }
}

/// What a scrape sees. The ages count from the last word of the source, so that a silent one shows.
pub(super) fn metrics(process: &Process, text: &mut Text) {
    if let Some(report) = process.secrets.vault().map(crate::secrets::Vault::report) {
        let oldest = report.secrets.iter().filter_map(|secret| secret.age).max().unwrap_or_default();
        text.value(Metric::KeyVaultAge, &[], oldest.as_secs());
        text.value(Metric::KeyVaultRequests, &[("aigw_result", "answered")], report.answered);
        text.value(Metric::KeyVaultRequests, &[("aigw_result", "failed")], report.failed);
    }
    let reports = process.tokens.reports();
    for report in &reports {
        let client_id = report.identity.client_id.as_deref().unwrap_or_default();
        let labels = [("aigw_resource", report.identity.resource.as_str()), ("aigw_client_id", client_id)];
        text.value(Metric::TokenLeft, &labels, report.left.map_or(0, |left: Duration| left.as_secs()));
    }
    let (granted, failed) = process.tokens.counts();
    if !reports.is_empty() || granted > 0 || failed > 0 {
        text.value(Metric::TokenRequests, &[("aigw_result", "granted")], granted);
        text.value(Metric::TokenRequests, &[("aigw_result", "failed")], failed);
    }
}
