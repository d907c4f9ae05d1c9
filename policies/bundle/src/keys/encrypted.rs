//! Encrypted PKCS#8 (RFC 5958, section 3) by PBES2 (RFC 8018, appendix A): PBKDF2 with HMAC-SHA-256, then AES-256-CBC.

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{
    AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::pbkdf2;
use zeroize::Zeroizing;

use super::KeyError;

/// Rounds when writing: the OWASP recommendation for PBKDF2-HMAC-SHA-256 (Password Storage Cheat Sheet, 2023).
const ROUNDS: u32 = 600_000;
/// Most rounds when reading: about ten seconds of work.
const MAX_ROUNDS: u32 = 20_000_000;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;

/// 1.2.840.113549.1.5.13, as a whole DER element.
const PBES2: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
/// 1.2.840.113549.1.5.12.
const PBKDF2: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c];
/// The algorithm 1.2.840.113549.2.9, hmacWithSHA256, with its NULL.
const HMAC_SHA256: &[u8] = &[0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09, 0x05, 0x00];
/// 2.16.840.1.101.3.4.1.42, aes256-CBC.
const AES256_CBC: &[u8] = &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a];

/// Encrypts a PKCS#8 document.
pub(super) fn seal(pkcs8: &[u8], passphrase: &[u8], salt: &[u8; 16], iv: &[u8; 16]) -> Result<Vec<u8>, KeyError> {
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(cipher_key(passphrase, salt, ROUNDS)?).map_err(|_| KeyError::Encryption)?;
    // Room for the padding at once: growing would leave a copy of the key behind.
    let mut bytes = Vec::with_capacity(pkcs8.len() + 16);
    bytes.extend_from_slice(pkcs8);
    key.less_safe_encrypt(&mut bytes, EncryptionContext::Iv128(FixedLength::from(iv))).map_err(|_| KeyError::Encryption)?;
    // DER writes an integer as short as it can be: this one in three bytes.
    let [_, rounds @ ..] = ROUNDS.to_be_bytes();
    let kdf = element(SEQUENCE, &[&element(OCTETS, &[salt]), &element(INTEGER, &[&rounds]), HMAC_SHA256]);
    let kdf = element(SEQUENCE, &[PBKDF2, &kdf]);
    let cipher = element(SEQUENCE, &[AES256_CBC, &element(OCTETS, &[iv])]);
    let scheme = element(SEQUENCE, &[PBES2, &element(SEQUENCE, &[&kdf, &cipher])]);
    Ok(element(SEQUENCE, &[&scheme, &element(OCTETS, &[&bytes])]))
}

/// Decrypts an encrypted PKCS#8 document.
pub(super) fn open(der: &[u8], passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let Parts { salt, rounds, iv, bytes } = parse(der).ok_or(KeyError::Encryption)?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(cipher_key(passphrase, salt, rounds)?).map_err(|_| KeyError::Encryption)?;
    let mut bytes = Zeroizing::new(bytes.to_vec());
    let length =
        key.decrypt(&mut bytes, DecryptionContext::Iv128(FixedLength::from(iv))).map_err(|_| KeyError::WrongPassphrase)?.len();
    bytes.truncate(length);
    Ok(bytes)
}

fn cipher_key(passphrase: &[u8], salt: &[u8], rounds: u32) -> Result<UnboundCipherKey, KeyError> {
    let rounds = NonZeroU32::new(rounds).ok_or(KeyError::Encryption)?;
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, salt, passphrase, &mut key[..]);
    UnboundCipherKey::new(&AES_256, &key[..]).map_err(|_| KeyError::Encryption)
}

struct Parts<'a> {
    salt: &'a [u8],
    rounds: u32,
    iv: &'a [u8; 16],
    bytes: &'a [u8],
}

fn parse(der: &[u8]) -> Option<Parts<'_>> {
    let mut document = Reader(der);
    let mut document = Reader(document.only(SEQUENCE)?);
    let mut scheme = Reader(document.next(SEQUENCE)?);
    let bytes = document.only(OCTETS)?;
    scheme.expect(PBES2)?;
    let mut scheme = Reader(scheme.only(SEQUENCE)?);
    let mut kdf = Reader(scheme.next(SEQUENCE)?);
    let mut cipher = Reader(scheme.only(SEQUENCE)?);
    kdf.expect(PBKDF2)?;
    let mut kdf = Reader(kdf.only(SEQUENCE)?);
    let salt = kdf.next(OCTETS)?;
    let rounds = kdf.next(INTEGER)?;
    let rounds = rounds.iter().try_fold(0_u32, |sum, byte| sum.checked_mul(256)?.checked_add(u32::from(*byte)))?;
    if kdf.0 != HMAC_SHA256 || rounds > MAX_ROUNDS {
        return None;
    }
    cipher.expect(AES256_CBC)?;
    let iv = cipher.only(OCTETS)?.try_into().ok()?;
    Some(Parts { salt, rounds, iv, bytes })
}

/// Reads DER elements of definite length off the front; lengths up to 65,535 bytes, which no key comes near.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn next(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, rest) = self.0.split_first()?;
        let (length, rest) = match rest {
            [short @ ..=0x7f, rest @ ..] => (usize::from(*short), rest),
            [0x81, length, rest @ ..] => (usize::from(*length), rest),
            [0x82, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (*found == tag).then_some(value)
    }

    /// The next element, which must be the last.
    fn only(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next(tag).filter(|_| self.0.is_empty())
    }

    fn expect(&mut self, element: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(element)?;
        Some(())
    }
}

/// One DER element of these parts.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes();
    let head = match length {
        [0, short @ ..=0x7f] => vec![tag, short],
        [0, long] => vec![tag, 0x81, long],
        [high, low] => vec![tag, 0x82, high, low],
    };
    [head, value].concat()
}
