//! The executor: polls whoever was woken, in the clients' order, and jumps to the next timer where nobody was.

use aigw_core::{Moment, Record, World};
use aigw_engine::Engine;

use super::ledger::Notes;
use super::visit::{Visit, Visited};
use super::{Client, End, Exchange, Sim};

/// Takes the clients' requests to their ends.
pub(super) fn run(sim: &Sim, engine: &Engine<Sim>, clients: Vec<Client>) -> Vec<Exchange> {
    to_the_end(sim, clients.into_iter().map(|client| Visit::new(sim, engine, client)).collect())
}

/// Runs until every request is over.
pub(super) fn to_the_end(sim: &Sim, mut visits: Vec<Visit<'_>>) -> Vec<Exchange> {
    let began = sim.now();
    sim.0.ledger.open(visits.len());
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
    let (record, end) = match (one(notes.records), end) {
        (Ok(record), end) => (record, end),
        // Why it is stuck says more than that it left no record.
        (Err(_), stuck @ End::Stuck(_)) => (Record::default(), stuck),
        (Err(many), _) => {
            (Record::default(), End::Unrecorded(format!("the request left {many} decision records instead of one")))
        }
    };
    let body = body.into_iter().map(|(at, bytes)| (at.since(began), bytes)).collect();
    Exchange { status, headers, body, end, took: at.since(began), record, sent: notes.sent, unscripted: notes.unscripted }
}

/// The only record; how many there are where that is not so.
fn one(records: Vec<Record>) -> Result<Record, usize> {
    let many = records.len();
    let mut records = records.into_iter();
    match (records.next(), records.next()) {
        (Some(record), None) => Ok(record),
        _ => Err(many),
    }
}
