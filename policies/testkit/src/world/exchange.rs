//! The executor: polls whoever was woken, in the clients' order, and jumps to the next timer where nobody was.

use aigw_core::{Moment, Record, World};
use aigw_engine::Engine;

use super::ledger::Notes;
use super::visit::{Visit, Visited};
use super::{Client, End, Exchange, Sim};

/// Takes the clients' requests to their ends.
pub(super) fn run(sim: &Sim, engine: &Engine<Sim>, clients: Vec<Client>) -> Vec<Exchange> {
    sim.0.ledger.open(clients.len());
    let began = sim.now();
    let mut visits: Vec<Visit<'_>> = clients.into_iter().map(|client| Visit::new(sim, engine, client)).collect();
    loop {
        while turn(sim, &mut visits) {}
        if visits.iter().all(Visit::is_over) {
            break;
        }
        if !sim.jump() {
            give_up(sim, &mut visits);
        }
    }
    let notes = sim.0.ledger.close();
    visits.into_iter().zip(notes).map(|(visit, notes)| told(visit.into_visited(), notes, began)).collect()
}

/// Polls everybody who was woken, once; false where nobody was.
fn turn(sim: &Sim, visits: &mut [Visit<'_>]) -> bool {
    let mut any = false;
    for (client, visit) in visits.iter_mut().enumerate() {
        if visit.was_woken() {
            any = true;
            sim.0.ledger.turn_to(client);
            visit.go_on();
        }
    }
    any
}

/// Ends those who wait for what will never come.
fn give_up(sim: &Sim, visits: &mut [Visit<'_>]) {
    for (client, visit) in visits.iter_mut().enumerate() {
        sim.0.ledger.turn_to(client);
        visit.give_up();
    }
}

fn told(visited: Visited, notes: Notes, began: Moment) -> Exchange {
    let Visited { status, headers, body, end, at } = visited;
    let (record, end) = match one(notes.records) {
        Ok(record) => (record, end),
        Err(wrong) => (Record::default(), wrong),
    };
    let body = body.into_iter().map(|(at, bytes)| (at.since(began), bytes)).collect();
    Exchange { status, headers, body, end, took: at.since(began), record, sent: notes.sent, unscripted: notes.unscripted }
}

/// Every request leaves one decision record.
fn one(records: Vec<Record>) -> Result<Record, End> {
    let many = records.len();
    let mut records = records.into_iter();
    match (records.next(), records.next()) {
        (Some(record), None) => Ok(record),
        _ => Err(End::Unrecorded(format!("the request left {many} decision records instead of one"))),
    }
}
