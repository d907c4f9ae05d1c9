//! The forms in which a secret could stand somewhere: as it is, in hex, percent-encoded, in base64 wherever it begins, as a list of numbers.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Something that must be found nowhere.
pub(super) struct Canary {
    name: String,
    forms: Vec<Vec<u8>>,
}

impl Canary {
    /// A secret, in every form.
    pub(super) fn new(name: &str, secret: &[u8]) -> Self {
        assert!(secret.len() >= 12, "{name} is short enough to stand somewhere by chance");
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let numbers: Vec<String> = secret.iter().map(u8::to_string).collect();
        let mut forms = vec![hex.to_uppercase(), hex, numbers.join(", "), numbers.join(",")];
        forms.extend([percent(secret, false), percent(secret, true)]);
        forms.extend(
            (0..3).flat_map(|before| [base64(&STANDARD_NO_PAD, secret, before), base64(&URL_SAFE_NO_PAD, secret, before)]),
        );
        let mut forms: Vec<Vec<u8>> = forms.into_iter().map(String::into_bytes).collect();
        forms.push(secret.to_vec());
        forms.sort();
        forms.dedup();
        Self { name: name.to_owned(), forms }
    }

    /// Where it stands there, with what is around it.
    pub(super) fn found(&self, text: &[u8]) -> Option<String> {
        let (at, form) = self.forms.iter().find_map(|form| Some((memchr::memmem::find(text, form)?, form)))?;
        let around = &text[at.saturating_sub(200)..(at + form.len() + 100).min(text.len())];
        Some(format!("{}: {}", self.name, String::from_utf8_lossy(around)))
    }
}

/// Everything but letters and digits with `%`, as strict encoders do.
fn percent(secret: &[u8], lower: bool) -> String {
    let one = |byte: &u8| match (byte.is_ascii_alphanumeric(), lower) {
        (true, _) => char::from(*byte).to_string(),
        (false, false) => format!("%{byte:02X}"),
        (false, true) => format!("%{byte:02x}"),
    };
    secret.iter().map(one).collect()
}

/// The characters that are the secret's alone where `before` bytes (of each three) stand before it, and anything after it.
fn base64(engine: &impl base64::Engine, secret: &[u8], before: usize) -> String {
    let mut encoded = engine.encode([&[0; 2][..before], secret].concat());
    if !(before + secret.len()).is_multiple_of(3) {
        encoded.pop();
    }
    encoded.split_off([0, 2, 3][before])
}

#[test]
fn a_secret_is_found_in_every_form() {
    let secret = "canary-of-forms/9+ÿ";
    let canary = Canary::new("c", secret.as_bytes());
    assert!(canary.found(b"nothing of canary-of-form is here").is_none());
    for before in ["", "a", "ab", "abc"] {
        for after in ["", "z", "yz", "xyz"] {
            let text = format!("{before}{secret}{after}");
            let forms = [
                text.clone(),
                STANDARD_NO_PAD.encode(&text),
                URL_SAFE_NO_PAD.encode(&text),
                base64::engine::general_purpose::STANDARD.encode(&text),
                format!("{before}canary%2Dof%2Dforms%2F9%2B%C3%BF{after}"),
                format!("{:?}", text.as_bytes()),
                text.bytes().map(|byte| format!("{byte:02x}")).collect(),
            ];
            for form in forms {
                assert!(canary.found(form.as_bytes()).is_some(), "{form}");
            }
        }
    }
}
