//! A block's calls in order over one view: each sees what those before it
//! changed; a failed one leaves no trace but its outcome.

use daicho_types::ledger::{Change, StateView};

use crate::context::{Call, Outcome, Status, TxContext};
use crate::contracts::Contracts;
use crate::execute::execute_call;
use crate::journal::Overlay;

/// Executes the calls of one block.
pub struct BlockExecutor<'a> {
    contracts: &'a Contracts,
    view: &'a dyn StateView,
    overlay: Overlay,
}

impl<'a> BlockExecutor<'a> {
    /// Starts on the state after the block before.
    #[must_use]
    pub fn new(contracts: &'a Contracts, view: &'a dyn StateView) -> Self {
        Self {
            contracts,
            view,
            overlay: Overlay::default(),
        }
    }

    /// Runs the next call.
    pub fn execute(&mut self, tx: &TxContext, call: &Call) -> Outcome {
        let outcome = execute_call(self.contracts, self.view, &self.overlay, tx, call);
        assert!(
            outcome.status == Status::Ok || outcome.changes.is_empty(),
            "a failed call changes nothing"
        );
        self.overlay.apply(&outcome.changes);
        outcome
    }

    /// The block's net changes, ascending by compartment and key.
    #[must_use]
    pub fn finish(self) -> Vec<Change> {
        self.overlay.changes(self.view)
    }
}
