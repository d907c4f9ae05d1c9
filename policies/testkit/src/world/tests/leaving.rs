//! Clients that do not wait for the end.

use aigw_core::{AttemptOutcome, Outcome};

use super::*;

/// An upstream whose body holds on to something for as long as it lives.
struct Watched(Arc<Vec<u8>>);

/// Bytes of a body that share it.
struct Held(Arc<Vec<u8>>);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Upstream for Watched {
    fn answer(&self, _: &Sent) -> Result<Answer, Unscripted> {
        let last = Piece::Data(Bytes::from_owner(Held(Arc::clone(&self.0))));
        Ok(after(100, stream(vec![data(DELTA), wait(100), data(DELTA), wait(100), data(STOP), wait(100), last])))
    }
}

/// One client that leaves; nothing of the upstream's body may be left.
fn left(leaves: Leave) -> Exchange {
    let held = Arc::new(vec![b'x']);
    let sim = Sim::new(BEGINNING, 7, Arc::new(Watched(Arc::clone(&held))));
    let exchange = one(&sim, leaving(true, leaves));
    assert_eq!(Arc::strong_count(&held), 2, "the body is dropped with its client: the upstream and this test are left");
    assert_eq!(sim.0.timers.running(), 0);
    exchange
}

#[test]
fn a_client_leaves_when_its_time_has_come() {
    for (millis, status, chunks) in [
        (0, None, 0),
        (99, None, 0),
        (100, Some(StatusCode::OK), 1),
        (199, Some(StatusCode::OK), 1),
        (200, Some(StatusCode::OK), 2),
    ] {
        let exchange = left(Leave::After(Millis::new(millis)));
        assert_eq!((exchange.status, exchange.body.len(), exchange.end), (status, chunks, End::Left), "{millis}");
        assert_eq!(exchange.took, Millis::new(millis));
        assert_eq!(exchange.record.outcome, Outcome::Cancelled);
        assert_eq!(exchange.record.attempts[0].outcome, AttemptOutcome::Cancelled);
    }
}

#[test]
fn a_client_leaves_after_so_many_chunks() {
    for (chunks, took) in [(0, 100), (1, 100), (2, 200)] {
        let exchange = left(Leave::AfterChunks(chunks));
        assert_eq!((exchange.status, exchange.body.len()), (Some(StatusCode::OK), usize::try_from(chunks).unwrap()));
        assert_eq!((exchange.end, exchange.took), (End::Left, Millis::new(took)));
        assert_eq!(exchange.record.outcome, Outcome::Cancelled);
    }
}

#[test]
fn what_is_over_before_the_client_leaves_is_complete() {
    for leaves in [Leave::After(Millis::from_secs(1)), Leave::After(Millis::new(0)), Leave::AfterChunks(1), Leave::AfterChunks(9)]
    {
        let exchange = one(&sim([Some(whole())]), leaving(false, leaves));
        assert_eq!((exchange.end, exchange.record.outcome), (End::Complete, Outcome::Completed), "{leaves:?}");
    }
    let refused =
        Client { request: http::Request::get("/nowhere").body(Bytes::new()).unwrap(), ..leaving(false, Leave::AfterChunks(1)) };
    assert_eq!(one(&sim([]), refused).end, End::Complete);
}
