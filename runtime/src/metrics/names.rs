//! Every metric's name, type and meaning. Those of OpenTelemetry's GenAI conventions carry its names (semantic conventions 1.41, status
//! development) in Prometheus' spelling; ours begin with `aigw_`.

macro_rules! metrics {
    ($($variant:ident $kind:literal $name:literal $help:literal),+ $(,)?) => {
        /// A metric.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Metric {
            $(#[doc = $help] $variant,)+
        }

        impl Metric {
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// `counter`, `gauge` or `histogram`.
            pub(crate) const fn kind(self) -> &'static str {
                match self { $(Self::$variant => $kind,)+ }
            }

            /// What it means.
            pub(crate) const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)+ }
            }
        }
    };
}

metrics! {
    RequestDuration "histogram" "gen_ai_server_request_duration_seconds"
        "Time from a request's head to its answer's last byte.",
    OperationDuration "histogram" "gen_ai_client_operation_duration_seconds"
        "Time from sending to a target to its answer's head, or to the failure; one a send.",
    TokenUsage "histogram" "gen_ai_client_token_usage"
        "Tokens of a request as its target reported them.",
    RequestsTotal "counter" "aigw_requests_total"
        "Requests by what came of them.",
    VerdictsTotal "counter" "aigw_policy_verdicts_total"
        "Verdicts of policies, shadows apart.",
    SeriesDropped "counter" "aigw_metric_labels_merged_total"
        "Times that labels were counted as `other` since there were too many.",
    ConnectionsOpen "gauge" "aigw_connections_open"
        "Connections from clients.",
    ConnectionsTotal "counter" "aigw_connections_total"
        "Connections from clients since the start, by what came of them.",
    RequestsInFlight "gauge" "aigw_load_requests"
        "Requests in flight, where the active bundle bounds them (`load`).",
    RequestsShed "counter" "aigw_load_refused_total"
        "Requests that were refused since too many were in flight, by the class of their route.",
    AddressesForgotten "counter" "aigw_addresses_forgotten_total"
        "Addresses whose requests were counted anew, since more came at once than are kept.",
    UpstreamOpened "counter" "aigw_upstream_connections_opened_total"
        "Connections to targets since the start, of the pools in use.",
    UpstreamIdle "gauge" "aigw_upstream_connections_idle"
        "Idle HTTP/1.1 connections to targets.",
    RecordsDropped "counter" "aigw_decision_records_dropped_total"
        "Decision records that were lost.",
    AuditLost "counter" "aigw_audit_events_lost_total"
        "Events that the audit trail could not take.",
    AuditFailing "gauge" "aigw_audit_failing"
        "1 where the last event of the audit trail could not be written.",
    BundleInfo "gauge" "aigw_bundle_info"
        "The active bundle; always 1.",
    BundleSequence "gauge" "aigw_bundle_sequence"
        "Sequence number of the active bundle.",
    BundleActivated "gauge" "aigw_bundle_activated_timestamp_seconds"
        "When the active bundle became so.",
    BundleExpires "gauge" "aigw_bundle_expires_timestamp_seconds"
        "When the active bundle expires.",
    ActivationsTotal "counter" "aigw_activations_total"
        "Attempts to activate a bundle, by result and reason.",
    GenerationsAlive "gauge" "aigw_generations_alive"
        "Generations of policies that requests still use, the active one included.",
    Ready "gauge" "aigw_ready"
        "1 where `/readyz` says so.",
    SecretsMissing "gauge" "aigw_secrets_missing"
        "Secrets of the active bundle that have no value.",
    TokensMissing "gauge" "aigw_access_tokens_missing"
        "Endpoints of the active bundle that are down since there is no access token for them.",
    KeyVaultAge "gauge" "aigw_key_vault_age_seconds"
        "Seconds since the key vault confirmed the value of a secret in use, of the one for which that is longest ago.",
    KeyVaultRequests "counter" "aigw_key_vault_requests_total"
        "Requests to the key vault since the start, by what came of them.",
    TokenLeft "gauge" "aigw_access_token_left_seconds"
        "How long each access token is good for; 0 where there is none.",
    TokenRequests "counter" "aigw_access_token_requests_total"
        "Requests for access tokens since the start, by what came of them.",
    TlsLoads "counter" "aigw_tls_loads_total"
        "Readings of certificates, keys, authorities and revocation lists, by what came of them.",
    TlsExpires "gauge" "aigw_tls_expires_timestamp_seconds"
        "When the first certificate of these files ends.",
    TlsListUntil "gauge" "aigw_tls_crl_until_timestamp_seconds"
        "When the first revocation list of a CA is over and its clients are refused.",
    IssuerKeys "gauge" "aigw_issuer_keys"
        "Keys of the issuers of tokens of the active bundle; 0 before they could be fetched.",
    IssuerKeysAge "gauge" "aigw_issuer_keys_age_seconds"
        "Time since the keys of an issuer of tokens were fetched.",
    IssuerFetches "counter" "aigw_issuer_fetches_total"
        "Times that an issuer of tokens was asked for its keys, by what came of it.",
    StartTime "gauge" "process_start_time_seconds"
        "When the process started.",
    ResidentMemory "gauge" "process_resident_memory_bytes"
        "Memory that the process holds.",
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_say_what_they_count() {
        let names: BTreeSet<_> = Metric::ALL.iter().map(|metric| metric.name()).collect();
        assert_eq!(names.len(), Metric::ALL.len());
        for metric in Metric::ALL {
            assert_eq!(metric.kind() == "counter", metric.name().ends_with("_total"), "{}", metric.name());
            assert!(metric.name().bytes().all(|b| b == b'_' || b.is_ascii_lowercase()), "{}", metric.name());
        }
    }
}
