//! What each client's request left behind: the calls made for it and its decision record.

use std::sync::Mutex;

use aigw_core::Record;

use super::{Sent, Unscripted, lock};

/// The notes of one exchange.
#[derive(Default)]
pub(super) struct Ledger(Mutex<Open>);

#[derive(Default)]
struct Open {
    /// Whose request is being polled or dropped.
    current: usize,
    clients: Vec<Notes>,
}

/// What one request left behind.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) records: Vec<Record>,
    pub(super) sent: Vec<Sent>,
    pub(super) unscripted: Vec<String>,
}

impl Ledger {
    /// Begins anew for so many clients.
    pub(super) fn open(&self, clients: usize) {
        let notes = std::iter::repeat_with(Notes::default).take(clients).collect();
        *lock(&self.0) = Open { current: 0, clients: notes };
    }

    /// What happens from now on belongs to this client.
    pub(super) fn turn_to(&self, client: usize) {
        lock(&self.0).current = client;
    }

    /// Ends, and gives each client's notes in their order.
    pub(super) fn close(&self) -> Vec<Notes> {
        std::mem::take(&mut *lock(&self.0)).clients
    }

    pub(super) fn sent(&self, sent: Sent) {
        self.note(|notes| notes.sent.push(sent));
    }

    pub(super) fn unscripted(&self, unscripted: Unscripted) {
        self.note(|notes| notes.unscripted.push(unscripted.0));
    }

    pub(super) fn finished(&self, record: Record) {
        self.note(|notes| notes.records.push(record));
    }

    /// What happens outside of an exchange is nobody's.
    fn note(&self, add: impl FnOnce(&mut Notes)) {
        let mut open = lock(&self.0);
        let current = open.current;
        if let Some(notes) = open.clients.get_mut(current) {
            add(notes);
        }
    }
}
