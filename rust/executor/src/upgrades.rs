//! Which code of a contract runs. A deployed artefact takes over from the next
//! block if it verifies, if every id that an earlier version has keeps its meaning,
//! and if its migration, run at the end of its own block, succeeds; otherwise the
//! earlier version goes on. The hash of the code that runs stands in a public row
//! (docs/bytecode.md, §13): anybody can prove it, and an executor that restarts
//! reads there what came of the deployments it has already run.

use std::sync::Arc;

use daicho_execution::{
    BlockExecutor, BlockInfo, Contracts, Module, Outcome, Overlay, RESERVED_CONTRACT, Status,
    Verified, code_key, upgrade_problems, verify,
};
use daicho_types::Height;
use daicho_types::control::Deploy;
use daicho_types::ledger::{Compartment, StateView};

/// An artefact that stands to take over.
pub struct Candidate {
    contract: u32,
    code: Arc<Verified>,
}

impl Candidate {
    /// `None` when the artefact does not verify: it is on the ledger and cannot be
    /// called, the same on every executor.
    pub fn of(deploy: &Deploy) -> Option<Self> {
        let contract = deploy.contract.0;
        let module = Module::decode(&deploy.artefact).ok()?;
        let code = Arc::new(verify(&module).ok()?);
        (contract != RESERVED_CONTRACT).then_some(Self { contract, code })
    }

    /// Whose code it is.
    pub fn contract(&self) -> u32 {
        self.contract
    }

    /// The code.
    pub fn code(&self) -> Arc<Verified> {
        Arc::clone(&self.code)
    }

    fn hash(&self) -> &[u8; 32] {
        &self.code.module().hash
    }

    /// Whether it is what the ledger says runs after block `height`.
    pub fn runs(&self, state: &dyn StateView, height: Height) -> bool {
        let row = state.get_at(height, Compartment::Public, &code_key(self.contract));
        row.is_some_and(|row| row.ends_with(self.hash()))
    }

    /// Installs it without a question: the ledger has said that it runs.
    pub fn install(self, contracts: &mut Contracts) {
        contracts.insert(self.contract, self.code);
    }

    /// Whether every id keeps the meaning that the version before gave it.
    fn follows(&self, contracts: &Contracts) -> bool {
        let before = contracts.get(self.contract);
        before.is_none_or(|before| upgrade_problems(before.module(), self.code.module()).is_empty())
    }
}

/// The end of a block: candidates take over in order. Gives the contracts from the
/// next block on, the block's changes, and what came of the migrations.
pub fn take_over(
    candidates: &[Candidate],
    before: &Contracts,
    state: &dyn StateView,
    block: Overlay,
    info: &BlockInfo,
) -> (Contracts, Overlay, Vec<Outcome>) {
    let (mut contracts, mut overlay, mut outcomes) = (before.clone(), block, Vec::new());
    for candidate in candidates {
        if !candidate.follows(&contracts) {
            continue;
        }
        let first = contracts.get(candidate.contract).is_none();
        let mut after = contracts.clone();
        after.insert(candidate.contract, Arc::clone(&candidate.code));
        let mut block = BlockExecutor::over(&after, state, overlay);
        // A first version has nothing to migrate.
        let ran = (!first).then(|| block.migrate(info, candidate.contract));
        let ran = ran.flatten();
        let taken = ran.as_ref().is_none_or(|it| it.status == Status::Ok);
        if taken {
            block.activate(candidate.contract);
        }
        overlay = block.into_overlay();
        outcomes.extend(ran);
        if taken {
            contracts = after;
        }
    }
    (contracts, overlay, outcomes)
}
