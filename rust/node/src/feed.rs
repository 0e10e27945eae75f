//! The executor as the node sees it: a process that takes decided blocks in
//! order, against credits, and may die at any moment (design §1).

use daicho_types::block::ResultCertificate;
use daicho_types::ipc::{Hello, Question, ToExecutor};
use daicho_types::{Digest, Height};

/// The node's side of the executor's socket.
#[derive(Debug, Default)]
pub struct Feed {
    running: Option<Running>,
    halted: Option<(Height, String)>,
    questions: u64,
    /// A block of the past that it asked for.
    fetching: Option<Height>,
}

#[derive(Debug)]
struct Running {
    sandbox: String,
    next: Height,
    credits: u32,
    executed: Height,
    state_root: Digest,
}

impl Feed {
    /// The executor introduced itself.
    pub fn hello(&mut self, hello: &Hello) {
        self.running = Some(Running {
            sandbox: String::from_utf8_lossy(&hello.sandbox).into_owned(),
            next: hello.executed.next(),
            credits: hello.credits,
            executed: hello.executed,
            state_root: hello.state_root,
        });
    }

    /// The process is gone; whatever it was given will be given again.
    pub fn gone(&mut self) {
        self.running = None;
        self.fetching = None;
    }

    /// It asks for a block of the past, one at a time: of a second one, which it
    /// never asks for, the first is forgotten.
    pub fn fetch(&mut self, height: Height) {
        self.fetching = Some(height);
    }

    /// What it asked for, once.
    pub fn take_fetch(&mut self) -> Option<Height> {
        self.fetching.take()
    }

    /// It stops at a height and keeps its store; the node goes on ordering.
    pub fn halted(&mut self, height: Height, reason: String) {
        self.halted = Some((height, reason));
    }

    /// It grants more blocks.
    pub fn credit(&mut self, more: u32) {
        if let Some(running) = &mut self.running {
            running.credits = running.credits.saturating_add(more);
        }
    }

    /// It has executed a block.
    pub fn executed(&mut self, height: Height, state_root: Digest) {
        if let Some(running) = &mut self.running {
            running.executed = height;
            running.state_root = state_root;
        }
    }

    /// The next height it may be given, if it has credit and has not halted.
    #[must_use]
    pub fn wants(&self) -> Option<Height> {
        let running = self.running.as_ref().filter(|r| r.credits > 0)?;
        self.halted.is_none().then_some(running.next)
    }

    /// That height was given.
    ///
    /// # Panics
    /// Without a [`Feed::wants`] before.
    pub fn given(&mut self, height: Height) {
        let running = self.running.as_mut().expect("it wanted a block");
        assert_eq!(running.next, height, "blocks are given in order");
        running.credits = running.credits.checked_sub(1).expect("it had credit");
        running.next = height.next();
    }

    /// Whether somebody is there to answer.
    #[must_use]
    pub fn answers(&self) -> bool {
        self.running.is_some() && self.halted.is_none()
    }

    /// Wraps a query with a number.
    ///
    /// # Panics
    /// When nobody [`Feed::answers`].
    pub fn ask(&mut self, query: daicho_types::envelope::SealedQuery) -> (u64, ToExecutor) {
        assert!(self.answers(), "a query goes to an executor that runs");
        self.questions += 1;
        let id = self.questions;
        (id, ToExecutor::Question(Question { id, query }))
    }

    /// Passes a certificate on, so that the executor knows what may be shown;
    /// nothing while its block has not been given. So no more certificates are
    /// under way than blocks, which credits bound.
    #[must_use]
    pub fn certified(&self, certificate: &ResultCertificate) -> Option<ToExecutor> {
        self.running
            .as_ref()
            .filter(|running| certificate.statement.height < running.next)
            .map(|_| ToExecutor::Certified(certificate.clone()))
    }

    /// For the status page: executed height, state root, sandbox.
    #[must_use]
    pub fn standing(&self) -> Option<(Height, Digest, &str)> {
        self.running
            .as_ref()
            .map(|r| (r.executed, r.state_root, r.sandbox.as_str()))
    }

    /// For the status page: where and why it halted.
    #[must_use]
    pub fn halt(&self) -> Option<(Height, &str)> {
        self.halted
            .as_ref()
            .map(|(height, reason)| (*height, reason.as_str()))
    }
}
