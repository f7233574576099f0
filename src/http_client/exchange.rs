//! What the connection of a request tells the request: awc passes it through neither its client nor
//! its errors. All of a request is polled by one task, connecting included, so it stands beside it.

use std::{
    cell::{Cell, RefCell},
    fmt::Display,
    future::Future,
    rc::Rc,
    time::Duration,
};

use tokio::task_local;

/// One request on its way.
#[derive(Default)]
pub(super) struct Exchange {
    /// How long its connection had been idle; `None` while it has none, or a new one.
    idle: Cell<Option<Duration>>,
    is_under_way: Cell<bool>,
    is_direct: bool,
    has_answer: Cell<bool>,
    /// What it waits for, where that isn't the response.
    waits_for: RefCell<Option<String>>,
}

task_local! {
    static EXCHANGE: Rc<Exchange>;
}

impl Exchange {
    /// Of a request that goes past any proxy, or not.
    pub(super) fn new(is_direct: bool) -> Self {
        Self {
            is_direct,
            ..Self::default()
        }
    }

    /// Polls a request with this exchange.
    pub(super) fn scope<F: Future>(self: &Rc<Self>, request: F) -> impl Future<Output = F::Output> {
        EXCHANGE.scope(Rc::clone(self), request)
    }

    /// How long its connection, one that served others before, had been idle.
    pub(super) fn idle(&self) -> Option<Duration> {
        self.idle.get()
    }

    /// Whether a byte of an answer came.
    pub(super) fn has_answer(&self) -> bool {
        self.has_answer.get()
    }

    /// Notes that the head of its response came.
    pub(super) fn head_came(&self) {
        *self.waits_for.borrow_mut() = Some("the rest of the response".to_owned());
    }

    /// What it was waiting for, for the error of a time-out.
    pub(super) fn waits_for(&self) -> String {
        let waits_for = self.waits_for.borrow();
        waits_for.as_deref().unwrap_or("a response").to_owned()
    }
}

/// Whether the request of this task goes past any proxy.
pub(super) fn is_direct() -> bool {
    EXCHANGE
        .try_with(|exchange| exchange.is_direct)
        .unwrap_or(false)
}

/// Notes what the request of this task waits for.
pub(super) fn waits_for(what: impl Display) {
    with(|exchange| *exchange.waits_for.borrow_mut() = Some(what.to_string()));
}

/// Notes the first write of the request of this task: `idle` is how long the connection had been idle
/// since its last answer, if there was one.
pub(super) fn writes(idle: impl FnOnce() -> Option<Duration>) {
    with(|exchange| {
        if !exchange.is_under_way.replace(true) {
            exchange.idle.set(idle());
        }
    });
}

/// Notes that a byte came. What comes before the request is sent is no answer to it.
pub(super) fn reads() {
    with(|exchange| exchange.has_answer.set(exchange.is_under_way.get()));
}

fn with(note: impl FnOnce(&Exchange)) {
    // Without a request, as while a connection is closed, there is nothing to tell.
    EXCHANGE.try_with(|exchange| note(exchange)).ok();
}
