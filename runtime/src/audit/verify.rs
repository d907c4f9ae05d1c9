//! Walks an audit trail from its first line to its last.

use std::io::{self, BufRead, Read};

use super::chain::{GENESIS, digest, is_part, parse};
use super::{AuditEvent, MAX_LINE_BYTES};

/// A trail whose every line follows from the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// How many whole lines it has; the last one's number.
    pub lines: u64,
    /// When the first was written.
    pub first: Option<String>,
    /// When the last was written.
    pub last: Option<String>,
    /// The digest of the last line. Whoever noted it elsewhere can tell whether lines at the end are missing.
    pub digest: String,
    /// Starts of processes.
    pub starts: u64,
    /// Starts that follow no orderly end: a process was killed.
    pub unended: u64,
    /// Events that could not be written.
    pub lost: u64,
    /// Refused calls that were counted and not written.
    pub omitted: u64,
    /// Places where part of a line lies that a process could not finish.
    pub torn: u64,
    /// Bytes at the end that are no whole line.
    pub rest: u64,
}

/// The first line that does not follow from those before.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The chain does not hold.
    #[error("line {line}: {why}")]
    At {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The file cannot be read.
    #[error("{0}")]
    Read(#[from] io::Error),
}

/// Walks a trail, in memory for a line or two.
///
/// # Errors
/// The first line that was changed, removed, put in or exchanged. Lines removed from the very end cannot be told from ones that were never written,
/// but for one whose digest was `noted` elsewhere.
pub fn verify(mut trail: impl BufRead, noted: Option<&str>) -> Result<Walked, Broken> {
    let mut walked = Walked { digest: GENESIS.to_owned(), ..Walked::default() };
    // What lies between the last whole line and the next, and the line where it began.
    let mut between: Vec<u8> = Vec::new();
    let (mut number, mut began, mut running) = (0_u64, 0_u64, false);
    let mut held = noted.is_none();
    loop {
        let mut part = Vec::new();
        let most = MAX_LINE_BYTES as u64 + 2;
        if (&mut trail).take(most).read_until(b'\n', &mut part)? == 0 {
            break;
        }
        number += 1;
        let broken = |why: String| Broken::At { line: number, why };
        if part.len() as u64 >= most || between.len() > MAX_LINE_BYTES {
            return Err(broken(format!("it is longer than {MAX_LINE_BYTES} bytes")));
        }
        let text = part.strip_suffix(b"\n").unwrap_or(&part);
        let Some(line) = parse(text) else {
            if between.is_empty() {
                began = number;
            }
            between.extend_from_slice(&part);
            continue;
        };
        // The line break before this line is not part of what was torn.
        let torn = between.strip_suffix(b"\n").unwrap_or(&between);
        match &line.torn {
            None if !between.is_empty() => {
                return Err(Broken::At { line: began, why: "it is no line of an audit trail".to_owned() });
            }
            Some(said) if between.is_empty() || *said != digest(torn) => {
                return Err(broken("what was torn before it is not what it says".to_owned()));
            }
            Some(_) => walked.torn += 1,
            None => {}
        }
        if line.sequence != walked.lines + 1 {
            return Err(broken(format!("its number is {}, and {} was due", line.sequence, walked.lines + 1)));
        }
        if line.previous != walked.digest {
            return Err(broken(
                "it does not follow from the line before: that one was changed, or this one was put here".to_owned(),
            ));
        }
        between.clear();
        let is_start = matches!(line.event, AuditEvent::Start { .. });
        walked.starts += u64::from(is_start);
        walked.unended += u64::from(is_start && running);
        running = !matches!(line.event, AuditEvent::Stop { .. });
        walked.lines += 1;
        walked.lost = walked.lost.saturating_add(line.lost);
        walked.omitted = walked.omitted.saturating_add(line.omitted);
        walked.digest = digest(text);
        held |= noted == Some(walked.digest.as_str());
        walked.first.get_or_insert_with(|| line.time.clone());
        walked.last = Some(line.time);
    }
    walked.rest = between.len() as u64;
    // What a process could not finish is one line at most; more than that somebody else wrote.
    let rest = between.strip_suffix(b"\n").unwrap_or(&between);
    if !rest.is_empty() && (rest.contains(&b'\n') || !is_part(rest)) {
        return Err(Broken::At { line: began, why: "it is no line of an audit trail".to_owned() });
    }
    if !held {
        return Err(Broken::At {
            line: number + 1,
            why: "no line has the digest that was noted: lines are missing at the end".to_owned(),
        });
    }
    Ok(walked)
}
