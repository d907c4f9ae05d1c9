//! Where this machine or workload gets its tokens: told by the variables that Azure sets and its own libraries read, in their order.

use std::path::PathBuf;

use aigw_core::Secret;

/// How variables are looked up.
type Variables = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Who issues tokens where no variable says so (learn.microsoft.com, "Microsoft identity platform endpoints", 2026-10).
const PUBLIC_AUTHORITY: &str = "https://login.microsoftonline.com";
/// Where Azure answers its virtual machines (learn.microsoft.com, "Azure Instance Metadata Service", 2026-10).
const METADATA: &str = "http://169.254.169.254";

/// Where tokens come from.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    pub(super) issuer: Issuer,
    /// The identity that is meant where a policy names none.
    pub(super) client_id: Option<String>,
}

/// Who gives tokens out.
#[derive(Clone, Debug)]
pub(super) enum Issuer {
    /// Entra ID itself, in exchange for a token of the cluster's: AKS workload identity.
    Workload { authority: String, tenant: String, assertion: PathBuf },
    /// The host of an App Service, Functions or Container Apps workload.
    Host { endpoint: String, header: Secret },
    /// The metadata service of a virtual machine.
    Machine { base: String },
    /// Nobody: the variables contradict themselves.
    Unknown(&'static str),
}

impl Environment {
    /// What the variables say.
    pub(crate) fn of(variables: &Variables) -> Self {
        let variable = |name: &str| variables(name).filter(|value| !value.is_empty());
        Self { issuer: issuer(&variable), client_id: variable("AZURE_CLIENT_ID") }
    }

    /// What it is, for people.
    pub(crate) const fn describe(&self) -> &'static str {
        match self.issuer {
            Issuer::Workload { .. } => "workload identity",
            Issuer::Host { .. } => "the host's identity endpoint",
            Issuer::Machine { .. } => "the machine's metadata service",
            Issuer::Unknown(_) => "none",
        }
    }
}

fn issuer(variable: &dyn Fn(&str) -> Option<String>) -> Issuer {
    if let Some(assertion) = variable("AZURE_FEDERATED_TOKEN_FILE") {
        let Some(tenant) = variable("AZURE_TENANT_ID") else {
            return Issuer::Unknown("AZURE_FEDERATED_TOKEN_FILE is set and AZURE_TENANT_ID is not");
        };
        let authority = variable("AZURE_AUTHORITY_HOST").unwrap_or_else(|| PUBLIC_AUTHORITY.to_owned());
        return Issuer::Workload { authority: without_slash(authority), tenant, assertion: assertion.into() };
    }
    match (variable("IDENTITY_ENDPOINT"), variable("IDENTITY_HEADER")) {
        (Some(endpoint), Some(header)) => Issuer::Host { endpoint, header: Secret::new(header) },
        (Some(_), None) => Issuer::Unknown("IDENTITY_ENDPOINT is set and IDENTITY_HEADER is not: Azure Arc is not supported"),
        (None, _) => {
            let base = variable("AZURE_POD_IDENTITY_AUTHORITY_HOST").unwrap_or_else(|| METADATA.to_owned());
            Issuer::Machine { base: without_slash(base) }
        }
    }
}

fn without_slash(mut address: String) -> String {
    address.truncate(address.trim_end_matches('/').len());
    address
}
