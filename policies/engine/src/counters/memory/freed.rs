//! Waiting for a permit.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::Shared;

/// Ready once a permit of a rule and key is free. It looks before it waits, under the lock under which permits come back: none comes back unseen.
pub(super) struct Freed {
    shared: Arc<Shared>,
    shard: usize,
    rule: u64,
    key: Arc<str>,
    waiter: Option<u64>,
}

impl Freed {
    pub(super) fn new(shared: &Arc<Shared>, rule: u64, key: &str) -> Self {
        Self { shared: Arc::clone(shared), shard: shared.shard_of(key), rule, key: key.into(), waiter: None }
    }
}

impl Future for Freed {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut shard = this.shared.lock(this.shard);
        let id = *this.waiter.get_or_insert_with(|| shard.waiter());
        match shard.cell(this.rule, &this.key) {
            Some(cell) if !cell.has_permit() => {
                cell.wait(id, cx.waker());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }
}

impl Drop for Freed {
    fn drop(&mut self) {
        let Some(id) = self.waiter else { return };
        if let Some(cell) = self.shared.lock(self.shard).cell(self.rule, &self.key) {
            cell.leave(id);
        }
    }
}
