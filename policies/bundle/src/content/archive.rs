//! The canonical tar: POSIX ustar headers (IEEE Std 1003.1, pax, "ustar Interchange Format") in which nothing is left to choose.
//!
//! It is written here rather than by a library because its bytes are the identity of the content: they must not change with a dependency.
//! Reading accepts exactly what writing produces, so nothing can hide in a field that readers treat differently.

use super::path;
use super::{Members, invalid};
use crate::reason::quoted;
use crate::{Limits, Reason, Refusal};

const BLOCK: usize = 512;
/// Bytes of the header's name field.
const NAME: usize = 100;
/// Bytes of the header's prefix field.
const PREFIX: usize = 155;
/// What eleven octal digits hold.
const MAX_MEMBER_BYTES: u64 = 0o777_7777_7777;

/// The canonical archive of these members.
pub(super) fn write(members: &Members) -> Result<Vec<u8>, Refusal> {
    let mut tar = Vec::new();
    for (path, bytes) in members {
        path::check(path)?;
        tar.extend_from_slice(&header(path, bytes.len() as u64)?);
        tar.extend_from_slice(bytes);
        tar.resize(tar.len().next_multiple_of(BLOCK), 0);
    }
    path::check_all(members)?;
    tar.resize(tar.len() + 2 * BLOCK, 0);
    Ok(tar)
}

/// The members of a canonical archive.
pub(super) fn read(tar: &[u8], limits: &Limits) -> Result<Members, Refusal> {
    let mut members = Members::new();
    let mut rest = tar;
    loop {
        let (head, tail) = rest.split_first_chunk::<BLOCK>().ok_or_else(cut_short)?;
        if head == &[0; BLOCK] {
            check_end(tail)?;
            path::check_all(&members)?;
            return Ok(members);
        }
        if members.len() >= limits.max_members {
            return Err(Refusal::new(Reason::Oversized, format!("the content has more than {} members", limits.max_members)));
        }
        let (path, bytes, tail) = member(head, tail)?;
        if members.last_key_value().is_some_and(|(last, _)| *last >= path) {
            return Err(invalid(format!("{} is not in order", quoted(&path))));
        }
        members.insert(path, bytes.to_vec());
        rest = tail;
    }
}

/// One member after its header: its path, its bytes, and what follows.
fn member<'a>(head: &[u8; BLOCK], tail: &'a [u8]) -> Result<(String, &'a [u8], &'a [u8]), Refusal> {
    let path = header_path(head)?;
    path::check(&path)?;
    let size = header_size(head)?;
    if header(&path, size)? != *head {
        return Err(invalid(format!("the header of {} is not canonical", quoted(&path))));
    }
    let size = usize::try_from(size).map_err(|_| cut_short())?;
    let padded = size.checked_next_multiple_of(BLOCK).ok_or_else(cut_short)?;
    let (padded, rest) = tail.split_at_checked(padded).ok_or_else(cut_short)?;
    let (bytes, padding) = padded.split_at_checked(size).ok_or_else(cut_short)?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(invalid(format!("bytes are hidden behind {}", quoted(&path))));
    }
    Ok((path, bytes, rest))
}

fn check_end(tail: &[u8]) -> Result<(), Refusal> {
    if tail == [0; BLOCK] { Ok(()) } else { Err(invalid("the archive does not end with two empty blocks")) }
}

fn cut_short() -> Refusal {
    invalid("the archive ends inside a member")
}

/// A header: a regular file, mode 0644, no owner, no time.
fn header(path: &str, size: u64) -> Result<[u8; BLOCK], Refusal> {
    if size > MAX_MEMBER_BYTES {
        return Err(invalid(format!("{} is larger than an archive can hold", quoted(path))));
    }
    let (prefix, name) = split_path(path)?;
    let fill = |checksum: &str| {
        let mut block = [0; BLOCK];
        put(&mut block, 0, name);
        put(&mut block, 100, "0000644");
        put(&mut block, 108, "0000000");
        put(&mut block, 116, "0000000");
        put(&mut block, 124, &format!("{size:011o}"));
        put(&mut block, 136, "00000000000");
        put(&mut block, 148, checksum);
        put(&mut block, 156, "0");
        put(&mut block, 257, "ustar\x0000");
        put(&mut block, 329, "0000000");
        put(&mut block, 337, "0000000");
        put(&mut block, 345, prefix);
        block
    };
    // The checksum is the sum of all bytes with its own field read as eight spaces.
    let sum: u32 = fill("        ").iter().copied().map(u32::from).sum();
    Ok(fill(&format!("{sum:06o}\0 ")))
}

fn put(block: &mut [u8; BLOCK], at: usize, text: &str) {
    for (to, from) in block.iter_mut().skip(at).zip(text.bytes()) {
        *to = from;
    }
}

/// A path as prefix and name: whole in the name where it fits, otherwise cut at the first `/` that leaves a name that fits.
fn split_path(path: &str) -> Result<(&str, &str), Refusal> {
    if path.len() <= NAME {
        return Ok(("", path));
    }
    let cuts = path.match_indices('/').filter_map(|(at, _)| Some((path.get(..at)?, path.get(at + 1..)?)));
    cuts.into_iter()
        .find(|(prefix, name)| name.len() <= NAME && prefix.len() <= PREFIX)
        .ok_or_else(|| invalid(format!("the path {} has a part too long for an archive", quoted(path))))
}

fn header_path(head: &[u8; BLOCK]) -> Result<String, Refusal> {
    let (name, prefix) = (field(head, 0, NAME), field(head, 345, PREFIX));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| invalid("a path is not UTF-8"));
    let (name, prefix) = (text(name)?, text(prefix)?);
    Ok(if prefix.is_empty() { name } else { format!("{prefix}/{name}") })
}

fn header_size(head: &[u8; BLOCK]) -> Result<u64, Refusal> {
    let digits = field(head, 124, 12);
    let octal = digits.len() == 11 && digits.iter().all(|b| (b'0'..=b'7').contains(b));
    let size = digits.iter().fold(0, |size: u64, digit| (size << 3) | u64::from(digit & 7));
    if octal { Ok(size) } else { Err(invalid("a member has no readable size")) }
}

/// The bytes of a field up to its first zero.
fn field(head: &[u8; BLOCK], at: usize, length: usize) -> Vec<u8> {
    head.iter().skip(at).take(length).copied().take_while(|byte| *byte != 0).collect()
}
