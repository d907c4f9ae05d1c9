#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

use std::fs;
use std::io::{self, Cursor, Write};
use std::path::PathBuf;

use super::{AdminAuth, AdminCall, AdminOutcome, Audit, AuditEvent, Broken, Out, Walked, verify};
use crate::settings::LogPlace;

/// A place for trails.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("audit.jsonl")
    }

    fn open(&self) -> io::Result<Audit> {
        Audit::open(&LogPlace::File(self.path()))
    }

    /// A process that begins, does so many things and ends.
    fn lives(&self, events: usize) {
        let audit = self.open().unwrap();
        audit.write(start()).unwrap();
        (0..events).for_each(|_| audit.write(AuditEvent::AdminCall(call())).unwrap());
        audit.write(AuditEvent::Stop { reason: "drained".to_owned() }).unwrap();
    }

    fn append(&self, bytes: &[u8]) {
        fs::OpenOptions::new().append(true).create(true).open(self.path()).unwrap().write_all(bytes).unwrap();
    }

    fn lines(&self) -> Vec<String> {
        fs::read_to_string(self.path()).unwrap().lines().map(str::to_owned).collect()
    }

    fn verify(&self) -> Result<Walked, Broken> {
        verify(fs::read(self.path()).unwrap().as_slice(), None)
    }
}

fn start() -> AuditEvent {
    let text = || "here".to_owned();
    AuditEvent::Start { gateway: "0.1.0".to_owned(), source: text(), listen: text(), admin: text() }
}

fn call() -> AdminCall {
    AdminCall {
        peer: "127.0.0.1".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/reload".to_owned(),
        auth: AdminAuth::Token,
        outcome: AdminOutcome::Accepted,
        code: None,
    }
}

/// The first line that is wrong.
fn broken_at(lines: &[String]) -> u64 {
    match verify(lines.join("\n").as_bytes(), None) {
        Err(Broken::At { line, .. }) => line,
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn a_chain_goes_on_across_restarts() {
    let place = Place::new();
    place.lives(2);
    place.lives(1);
    let walked = place.verify().unwrap();
    assert_eq!((walked.lines, walked.starts, walked.unended, walked.torn), (7, 2, 0, 0));
    assert_eq!(place.open().unwrap().last(), (7, walked.digest.clone()));
    let noted = walked.digest.clone();
    let all = fs::read(place.path()).unwrap();
    assert!(verify(all.as_slice(), Some(&noted)).is_ok());
    let fewer = place.lines()[..6].join("\n");
    assert!(verify(fewer.as_bytes(), None).is_ok() && verify(fewer.as_bytes(), Some(&noted)).is_err());
    assert_eq!(verify(Cursor::new(""), None).unwrap().lines, 0);
}

#[test]
fn every_way_to_tamper_is_found() {
    let place = Place::new();
    place.lives(3);
    let lines = place.lines();
    assert_eq!(lines.len(), 5);
    for at in 0..4 {
        let mut changed = lines.clone();
        changed[at] = changed[at].replace("\"time\":\"2", "\"time\":\"3");
        // A line tells on the one before it.
        assert_eq!(broken_at(&changed), at as u64 + 2);
        let mut removed = lines.clone();
        removed.remove(at);
        assert_eq!(broken_at(&removed), at as u64 + 1);
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at].clone());
        assert_eq!(broken_at(&doubled), at as u64 + 2);
        let mut swapped = lines.clone();
        swapped.swap(at, at + 1);
        assert_eq!(broken_at(&swapped), at as u64 + 1);
        let mut put = lines.clone();
        put.insert(at, "{\"version\":1,".to_owned());
        assert_eq!(broken_at(&put), at as u64 + 1);
    }
    for rest in ["rubbish", "{\"version\":1,\nrubbish", "{\"version\":2,"] {
        assert_eq!(broken_at(&[lines.join("\n"), rest.to_owned()]), 6);
    }
}

#[test]
fn a_torn_line_is_kept_and_told() {
    let place = Place::new();
    place.lives(1);
    let whole = fs::read(place.path()).unwrap();
    let next = String::from_utf8(whole.clone()).unwrap().lines().last().unwrap().to_owned();
    for cut in [1, 20, next.len() - 1] {
        fs::write(place.path(), &whole).unwrap();
        place.append(&next.as_bytes()[..cut]);
        assert_eq!(place.verify().unwrap().rest, cut as u64);
        place.lives(1);
        let walked = place.verify().unwrap();
        assert_eq!((walked.lines, walked.torn, walked.starts), (6, 1, 2), "{cut}");
        // What was torn is told on too.
        let text = fs::read_to_string(place.path()).unwrap();
        let (before, after) = text.split_at(whole.len());
        let changed = format!("{before}{}{}", &after[..1].replace('{', "["), &after[1..]);
        assert!(verify(changed.as_bytes(), None).is_err());
    }
    // Torn twice: a process ended while it wrote its very first line.
    fs::write(place.path(), &whole).unwrap();
    place.append(b"{\"ver\n{\"version\":1,");
    place.lives(0);
    assert_eq!(place.verify().unwrap().lines, 5);
    // All but the line break was written.
    fs::write(place.path(), &whole[..whole.len() - 1]).unwrap();
    place.lives(0);
    let walked = place.verify().unwrap();
    assert_eq!((walked.lines, walked.torn), (5, 0));
}

#[test]
fn a_file_of_somebody_else_is_not_written() {
    for text in
        ["127.0.0.1 localhost\n", "{\"requestId\":\"a\"}\n", "\n\nx", &"x".repeat(1 << 20), &"{\"version\":1,\n".repeat(1 << 16)]
    {
        let place = Place::new();
        place.append(text.as_bytes());
        let fault = place.open().err().unwrap();
        assert!(fault.to_string().contains("no audit trail"), "{fault}");
        assert_eq!(fs::read_to_string(place.path()).unwrap(), *text);
    }
}

#[test]
fn two_processes_do_not_write_one_file() {
    let place = Place::new();
    let first = place.open().unwrap();
    assert!(place.open().is_err());
    drop(first);
    assert!(place.open().is_ok());
}

impl Audit {
    /// From now on its place is full; part of the next line still fits.
    pub(crate) fn fill(&self) {
        let LogPlace::File(path) = &self.place else { unreachable!() };
        self.lock().out = Some(Box::new(Full(fs::OpenOptions::new().append(true).open(path).unwrap())));
    }
}

struct Full(fs::File);

impl Out for Full {
    fn keep(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(&bytes[..bytes.len() / 2])?;
        Err(io::ErrorKind::StorageFull.into())
    }
}

#[test]
fn what_cannot_be_written_is_told_and_counted_in_the_next_line() {
    let place = Place::new();
    let audit = place.open().unwrap();
    audit.write(start()).unwrap();
    audit.fill();
    assert!(audit.write(AuditEvent::AdminCall(call())).is_err());
    assert!(audit.is_failing() && audit.lost() == 1);
    audit.write(AuditEvent::AdminCall(call())).unwrap();
    assert!(!audit.is_failing() && audit.lost() == 1);
    let walked = place.verify().unwrap();
    assert_eq!((walked.lines, walked.lost, walked.torn), (2, 1, 1));
}

#[test]
fn refused_calls_cannot_fill_a_disk() {
    let place = Place::new();
    let audit = place.open().unwrap();
    (0..200).for_each(|_| audit.refused(AdminCall { outcome: AdminOutcome::Refused, ..call() }));
    assert_eq!(audit.last().0, 60);
    audit.write(start()).unwrap();
    let walked = place.verify().unwrap();
    assert_eq!((walked.lines, walked.omitted), (61, 140));
}

#[test]
fn a_trail_that_goes_nowhere_takes_everything() {
    let audit = Audit::open(&LogPlace::None).unwrap();
    audit.write(start()).unwrap();
    assert!(!audit.is_kept() && audit.last().0 == 0);
}
