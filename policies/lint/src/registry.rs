//! Every rule of the house, by code: one line each. A test compares the folders with these lines.

use aigw_kinds::{Repository, rules as kinds};
use aigw_source::{Findings, Level, RuleId, Sources, rules as source};

use crate::rule::{Examples, RaisedBy, Rule};

/// A rule of this crate: its folder says everything.
macro_rules! own {
    ($folder:ident) => {
        Rule {
            id: crate::rules::$folder::ID,
            level: crate::rules::$folder::LEVEL,
            explanation: include_str!(concat!("rules/", stringify!($folder), "/explanation.md")),
            examples: Examples::Yaml {
                bad: include_str!(concat!("rules/", stringify!($folder), "/bad.yaml")),
                good: include_str!(concat!("rules/", stringify!($folder), "/good.yaml")),
            },
            raised_by: RaisedBy::Check(crate::rules::$folder::check),
        }
    };
    ($folder:ident, $why:literal) => {
        Rule { examples: Examples::Words($why), ..own!(@ $folder) }
    };
    (@ $folder:ident) => {
        Rule {
            id: crate::rules::$folder::ID,
            level: crate::rules::$folder::LEVEL,
            explanation: include_str!(concat!("rules/", stringify!($folder), "/explanation.md")),
            examples: Examples::Words(""),
            raised_by: RaisedBy::Check(crate::rules::$folder::check),
        }
    };
}

/// A rule that another crate raises: its folder explains it.
macro_rules! other {
    ($crate_name:literal $level:ident $id:expr, $folder:literal) => {
        Rule {
            examples: Examples::Yaml {
                bad: include_str!(concat!("rules/", $folder, "/bad.yaml")),
                good: include_str!(concat!("rules/", $folder, "/good.yaml")),
            },
            ..other!($crate_name $level $id, $folder, "")
        }
    };
    ($crate_name:literal $level:ident $id:expr, $folder:literal, $why:literal) => {
        Rule {
            id: $id,
            level: Level::$level,
            explanation: include_str!(concat!("rules/", $folder, "/explanation.md")),
            examples: Examples::Words($why),
            raised_by: RaisedBy::Elsewhere($crate_name),
        }
    };
}

/// A rule about tests of policies, which the testkit raises.
macro_rules! tests {
    ($id:expr, $folder:literal) => {
        Rule {
            id: $id,
            level: Level::Error,
            explanation: include_str!(concat!("rules/", $folder, "/explanation.md")),
            examples: Examples::Suite {
                bad: include_str!(concat!("rules/", $folder, "/bad.yaml")),
                good: include_str!(concat!("rules/", $folder, "/good.yaml")),
            },
            raised_by: RaisedBy::Elsewhere("testkit"),
        }
    };
}

const fn id(code: &'static str, name: &'static str) -> RuleId {
    RuleId { code, name }
}

#[rustfmt::skip]
const RULES: &[Rule] = &[
    own!(b201_unused_document),
    other!("kinds" Error kinds::UNKNOWN_PROVIDER, "b202_unknown_provider"),
    own!(b203_fallback_to_itself),
    own!(b208_retries_outlast_request),
    own!(b209_retry_of_client_errors),
    own!(b210_timeout_never_reached),
    own!(b211_weights_partly_written),
    other!("kinds" Error kinds::REQUIREMENT_UNMET, "b213_requirement_unmet"),
    own!(b215_plain_http_upstream),
    own!(b217_fallback_to_same_targets),
    own!(b218_retry_settings_without_retries),
    own!(b219_duplicate_target),
    own!(b220_upstream_without_credential),
    own!(b221_base_url_of_one_operation),
    other!("source" Error source::YAML_SYNTAX, "c000_yaml_syntax"),
    other!("source" Error source::UNKNOWN_KEY, "c001_unknown_key"),
    other!("source" Error source::DUPLICATE_KEY, "c002_duplicate_key"),
    other!("source" Warning source::MERGE_OVERRIDES, "c003_merge_overrides"),
    other!("source" Warning source::YAML_1_1_TRAP, "c004_yaml_1_1_trap"),
    other!("compile" Error id("C005", "quantity-without-unit"), "c005_quantity_without_unit"),
    own!(c007_unused_file, "it takes a second file, a template that ends in `.j2` and that no Prompt names"),
    other!("compile" Error id("C009", "path-refused"), "c009_path_refused", "it takes a link or a device in the folder"),
    own!(c011_deceptive_character),
    other!("compile" Warning id("C012", "bad-allow"), "c012_bad_allow"),
    own!(c014_unused_parameter),
    other!("source" Error source::NOT_UTF8, "c020_not_utf8", "a file that is not text cannot be shown as text"),
    other!("source" Error source::FILE_TOO_LARGE, "c021_file_too_large", "it would be larger than this page"),
    other!("source" Error source::TOO_DEEP, "c022_too_deep", "it would be mostly brackets"),
    other!("source" Error source::TOO_MANY_NODES, "c023_too_many_nodes", "it would be longer than this page"),
    other!("source" Error source::YAML_TAG, "c024_yaml_tag"),
    other!("source" Error source::WRONG_TYPE, "c025_wrong_type"),
    other!("source" Error source::MISSING_KEY, "c026_missing_key"),
    other!("source" Error source::INVALID_VALUE, "c027_invalid_value"),
    other!("source" Error source::BAD_ALIAS, "c028_bad_alias"),
    other!("source" Error source::BAD_COMMENT, "c029_bad_comment"),
    other!("kinds" Error kinds::UNKNOWN_REFERENCE, "c030_unknown_reference"),
    other!("kinds" Error kinds::DUPLICATE_NAME, "c031_duplicate_name"),
    other!("kinds" Error kinds::INVALID_COMBINATION, "c032_invalid_combination"),
    other!("kinds" Error kinds::SECOND_GATEWAY, "c033_second_gateway"),
    other!("kinds" Error kinds::NOT_DETACHABLE, "c034_not_detachable"),
    other!("kinds" Error kinds::UNKNOWN_FILE, "c035_unknown_file"),
    other!("kinds" Error kinds::INVALID_PARAMETER, "c036_invalid_parameter"),
    other!("kinds" Error kinds::DUPLICATE_CREDENTIAL, "c037_duplicate_credential"),
    other!("kinds" Error kinds::TOO_MANY_WAYS, "c038_too_many_ways", "it takes thousands of hosts and matches"),
    other!("compile" Error id("C042", "too-many-findings"), "c042_too_many_findings", "it takes ten thousand findings"),
    other!("kinds" Error kinds::INVALID_EXPRESSION, "h810_expression_invalid"),
    other!("kinds" Error kinds::UNKNOWN_NAME, "h811_expression_unknown_name"),
    other!("kinds" Error kinds::NOT_YET_KNOWN, "h812_expression_not_yet_known"),
    own!(q304_limit_key_from_caller),
    own!(q305_limit_key_from_clock),
    other!("kinds" Error kinds::WINDOW_MISMATCH, "q306_window_mismatch"),
    own!(q313_no_concurrency_limit),
    own!(q314_limit_of_zero),
    own!(q315_limit_never_reached),
    own!(q316_label_nobody_has),
    own!(q317_label_is_no_number),
    own!(q318_wait_outlasts_request),
    own!(q319_bound_never_reached),
    own!(r101_unreachable_route),
    own!(r102_overlap_by_count),
    other!("kinds" Error kinds::DUPLICATE_MATCH, "r103_duplicate_match"),
    own!(r105_weights_all_zero),
    own!(r106_lone_weight),
    own!(r107_unescaped_dot),
    own!(r108_constant_condition),
    own!(r109_trailing_slash),
    own!(r110_connection_header),
    other!("kinds" Error kinds::UNKNOWN_MODEL, "r112_unknown_model"),
    own!(r114_sticky_without_effect),
    own!(r116_anonymous_paid_route),
    other!("kinds" Error kinds::AMBIGUOUS_MODEL_NAME, "r117_ambiguous_model_name"),
    other!("kinds" Error kinds::FALLBACK_NOT_SERVED, "r118_fallback_not_served"),
    other!("kinds" Error kinds::OPERATION_WITHOUT_MODEL, "r119_operation_without_model"),
    own!(r120_selector_without_route),
    own!(r121_surface_without_key_header),
    own!(r122_class_without_load),
    own!(r123_class_without_route),
    own!(s601_secret_in_plain_text),
    other!("kinds" Error kinds::UNCHECKED_TOKEN, "s602_unchecked_token"),
    own!(s603_credential_forwarded),
    own!(s606_cors_any_origin_with_credentials),
    own!(s608_body_bound_too_high),
    own!(s609_everyone_is_a_trusted_proxy),
    own!(s610_identity_never_known),
    other!("kinds" Error kinds::NO_AUTHENTICATION, "s620_no_authentication"),
    other!("kinds" Error kinds::NO_AUTHORIZATION, "s621_no_authorization"),
    own!(s622_secret_header_forwarded),
    own!(s623_consumer_without_credential),
    own!(s624_role_nobody_has),
    own!(s625_allow_rule_decides_nothing),
    own!(s626_nothing_is_allowed),
    own!(s627_nobody_can_authenticate),
    own!(s628_pattern_without_model),
    own!(s629_rule_for_other_routes),
    other!("kinds" Error kinds::ISSUER_OVER_HTTP, "s640_issuer_over_http"),
    other!("kinds" Error kinds::OUTSIDE_ITS_FOLDER, "s650_outside_its_folder"),
    other!("kinds" Error kinds::FILE_WITHOUT_OWNER, "s651_file_without_owner"),
    own!(s652_ownership_never_decides),
    own!(s653_ownership_of_nothing),
    other!("kinds" Error kinds::CONCERNS_ANOTHER_TENANT, "s654_concerns_another_tenant"),
    other!("kinds" Error kinds::APPROVAL_NOT_KEPT, "s660_approval_not_kept"),
    own!(s661_tenant_without_consumers),
    own!(s662_product_without_subscription),
    own!(s663_paid_product_without_approval),
    other!("kinds" Error kinds::UNDEFINED_VARIABLE, "t401_undefined_variable"),
    own!(t402_unused_prompt_parameter),
    own!(t403_caller_text_as_instructions),
    own!(t405_mixed_instruction_roles),
    own!(t408_repeated_prompt_text),
    own!(t409_prompt_out_of_date),
    other!("kinds" Error kinds::INVALID_TEMPLATE, "t411_invalid_template"),
    other!("kinds" Error kinds::PROMPT_ARGUMENT, "t412_prompt_argument"),
    own!(t413_value_above_cap),
    tests!(id("V101", "unknown-fixture"), "v101_unknown_fixture"),
    tests!(id("V102", "unknown-subject"), "v102_unknown_subject"),
    tests!(id("V103", "nothing-expected"), "v103_nothing_expected"),
    tests!(id("V104", "cannot-fail"), "v104_cannot_fail"),
    tests!(id("V105", "duplicate-case"), "v105_duplicate_case"),
    tests!(id("V106", "unused-fixture"), "v106_unused_fixture"),
    tests!(id("V107", "case-shape"), "v107_case_shape"),
    tests!(id("V108", "bad-test-value"), "v108_bad_test_value"),
    tests!(id("V109", "scripted-mock"), "v109_scripted_mock"),
    tests!(id("V110", "cannot-hold"), "v110_cannot_hold"),
    tests!(id("V111", "misplaced-test"), "v111_misplaced_test"),
];

/// Every rule, by code.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter()
}

/// The rule of a code or name, in any case.
#[must_use]
pub fn find(code_or_name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id.code.eq_ignore_ascii_case(code_or_name) || rule.id.name.eq_ignore_ascii_case(code_or_name))
}

/// Whether `# aigw: allow` may silence findings of this code; `false` for a code that does not exist.
#[must_use]
pub fn can_be_silenced(code: &str) -> bool {
    RULES.iter().find(|rule| rule.id.code == code).is_some_and(Rule::can_be_silenced)
}

/// Looks at a repository with every rule of this crate, in time proportional to its size.
pub fn run(repository: &Repository, sources: &Sources, findings: &mut Findings) {
    for rule in RULES {
        if let RaisedBy::Check(check) = rule.raised_by {
            check(repository, sources, findings);
        }
    }
}
