//! The sources that the host's settings name.

use std::sync::Arc;
use std::time::Duration;

use aigw_core::Millis;
use aigw_engine::LoadedIdentity;
use tokio::runtime::Handle;

use super::{Secrets, Vault, VaultSetup};
use crate::azure::{Environment, Tokens};
use crate::fetch::Fetcher;
use crate::settings::{KeyVaultSettings, Settings};
use crate::world::Random;

/// What a vault's tokens are good for in Azure's public cloud.
const VAULT_RESOURCE: &str = "https://vault.azure.net";
/// How often a secret is asked for.
const REFRESH: Duration = Duration::from_secs(300);

/// Secrets and access tokens as the settings and the process's environment say. The settings were checked.
pub(crate) fn sources(settings: &Settings, control: &Handle, fetcher: &Fetcher, random: &Arc<Random>) -> (Secrets, Tokens) {
    let environment = Environment::of(&|name| std::env::var(name).ok());
    let tokens = Tokens::new(fetcher.clone(), environment, control.clone(), Arc::clone(random));
    let vault = settings.key_vault.as_ref().map(|vault| {
        Vault::new(VaultSetup {
            url: vault.url.trim_end_matches('/').to_owned(),
            refresh: vault.refresh.map_or(REFRESH, Millis::as_duration),
            token: tokens.of(&identity(vault)),
            fetcher: fetcher.clone(),
            control: control.clone(),
            random: Arc::clone(random),
        })
    });
    (Secrets::new(settings.secrets_folder.clone(), vault), tokens)
}

fn identity(vault: &KeyVaultSettings) -> LoadedIdentity {
    let resource = vault.resource.clone().unwrap_or_else(|| VAULT_RESOURCE.to_owned());
    LoadedIdentity { client_id: vault.client_id.clone(), resource }
}
