//! What a validation judges, in words.

use aigw_kinds::validation::CheckKind;

/// One check: its key, and what it takes.
pub(super) fn described(check: &CheckKind) -> String {
    let key = check.key();
    match check {
        CheckKind::Addresses { allow, deny } => {
            let mut text = format!("{key}: ");
            text.push_str(&if allow.is_empty() { "all".to_owned() } else { joined(allow) });
            if !deny.is_empty() {
                text = format!("{text}, not {}", joined(deny));
            }
            text
        }
        CheckKind::ContentTypes(types) => format!("{key}: {}", types.join(", ")),
        CheckKind::Body(most) => format!("{key}: at most {most}"),
        CheckKind::JsonDepth(most) => format!("{key}: at most {most} levels"),
        CheckKind::Schema { file, .. } => format!("{key}: {file}"),
        CheckKind::Signatures(classes) => {
            format!("{key}: {}", classes.iter().map(|class| class.as_str()).collect::<Vec<_>>().join(", "))
        }
        CheckKind::Messages(most) => format!("{key}: at most {most}"),
    }
}

fn joined<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
