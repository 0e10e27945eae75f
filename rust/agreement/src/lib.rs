//! Agreement: PBFT (Castro and Liskov, OSDI 1999) on a hash chain, as a state
//! machine without input or output of its own. This page is the specification;
//! the code below it is an implementation.
//!
//! # Model
//!
//! `n >= 4` validators, of which `f = floor((n-1)/3)` may do anything at all.
//! Messages are lost, delayed, repeated and reordered; links say truly who is
//! at the other end. Safety holds always; progress holds while delays stay
//! below the time-out, however long that has grown. A *quorum* is
//! `q = floor((n+f)/2) + 1` validators: two quorums share an honest one, and
//! the honest alone are one (`q <= n-f`). `f + 1` validators hold an honest
//! one.
//!
//! # Words
//!
//! - A *block* is its header; its digest names it. The header holds height,
//!   parent and time but no view, so that proposing it again is the same bytes.
//! - *View* `v` has one *coordinator*, `v mod k` of the `k` leader-eligible
//!   validators. The *leader* of height `h` is the coordinator (`sticky`) or
//!   `(h+v) mod k` (`round_robin`).
//! - *Accepted(v,h)*: this replica holds the block and its bodies durably,
//!   judged it valid, and its parent is accepted in `v` or committed.
//! - *Prepared(v,h)*: accepted, with a [`PrepareCertificate`]: `q` signed
//!   PREPAREs for the same `(view, height, block, parent)`.
//! - *Committed(h)*: the block, its ancestors, and a `CommitCertificate`: `q`
//!   signed COMMITs for the same `(view, height, block)`. It never changes.
//! - The *tip* is the highest committed block; the *window* is the
//!   `window_heights` heights above it, the only ones a replica votes on.
//!
//! # Normal case, in an active view
//!
//! 1. The leader of `h` builds on its accepted `h-1` as soon as `h` is in the
//!    window and within `result_window` of the newest result it knows,
//!    `block_interval` has passed since its last proposal, and its clock is
//!    past the parent's time: an honest leader waits for its clock rather than
//!    stamping ahead. It sends PRE-PREPARE: header and witness ids. Bodies
//!    travel beside.
//! 2. A replica accepts the first proposal of the leader for `(v,h)` if
//!    - it extends the accepted `h-1`: that height, that parent;
//!    - `witness_root` and `items` match the witness ids, `validators` the
//!      set that votes;
//!    - time: above the parent's and within the *time bound* of its own clock;
//!    - [`Context::validate`], the one predicate of contents, says so. Among
//!      them is back-pressure: `h <= newest result in the chain + result_window`.
//!
//!    Then it records the block and its vote, and sends PREPARE.
//! 3. Prepared at every height from the tip to `h`, all in `v`, linked: it
//!    records the certificate of `h` and sends COMMIT.
//! 4. With a commit certificate for the height after the tip it commits. COMMIT
//!    votes count whether or not the replica prepared.
//!
//! Heights are in flight together; votes of a height wait for nothing but the
//! rules above.
//!
//! # View change
//!
//! A replica leaves view `v` for `w > v` when its view timer runs out
//! (`w = v+1`), when `f+1` others have left for views of at least `w`, or when
//! it meets a commit certificate of view `w`. It records and sends
//! VIEW-CHANGE(w): its tip's commit certificate, and for each height above it
//! the prepare certificate of the highest view it ever had. From then on it
//! votes in no view below `w`, and in `w` only after NEW-VIEW(w).
//!
//! The coordinator of `w` with `q` VIEW-CHANGE(w) sends them as NEW-VIEW(w).
//! What it means is a function of them (`plan.rs`), so it carries nothing else:
//! - the *base* is the highest commit certificate among them;
//! - above it, height by height, the prepare certificate of the highest view
//!   is kept while it names the one kept before as its parent. The first gap or
//!   broken link ends the *kept* prefix; everything above is *truncated*. No
//!   null requests: a gap would orphan what follows.
//!
//! Whoever receives it records it, catches up to the base, and takes each kept
//! block as pre-prepared in `w` (fetching it by digest if need be). A kept block
//! carries a prepare certificate: an honest quorum judged it, so its time is
//! never judged again. Leaders propose new blocks above the kept ones.
//!
//! *Why nothing committed is lost.* Let `B` be committed at `h` in `v`, and take
//! NEW-VIEW(w), the first after `v`. Its `q` senders include an honest replica
//! that sent COMMIT(v,h,B) before it left. By rule 3 it was prepared in `v` on
//! every height from its tip to `h`. So its VIEW-CHANGE covers all of them with
//! certificates of view `v` or by its tip. Nothing else was prepared in `v` at
//! these heights: two quorums share an honest replica, whose accepted blocks in
//! one view are one chain. Hence each height up to `h` is either below the base
//! or kept, and the next view starts from a chain through `B`; by induction so
//! do all later ones. Two views' certificates at one height are ranked by view,
//! because the higher view began knowing what the lower may have committed.
//! The base takes the place of PBFT's stable checkpoint: a commit certificate
//! proves its block and, by the parents, the whole chain below it.
//!
//! # Timers
//!
//! A replica that is owed something runs the view timer: since a block was
//! accepted and is not committed, or since [`Context::owed_since`]. It stands
//! still while the result window is full (nobody may propose) and while the
//! replica itself lags behind `f+1` others. A replica that left for `w` starts
//! it when `q` replicas have left for `w` or beyond, so that one alone does not
//! run ahead. One that left alone has promised to be silent in the view the
//! others are in, and stays so until they leave too: they do as soon as they
//! miss it. The time-out is `view_timeout`, doubled up to `view_timeout_max` once
//! per *barren* view: one that ended without a commit, since the last that had
//! one. The *time bound* widens in the same way from `time_bound` to
//! `time_bound_max`, so that clocks that disagree slow the chain down and never
//! stop it; each step of it is alarmed. A commit ends both, and what waited
//! through the long time-out waits anew.
//!
//! # Repetition and catching up
//!
//! Every `resend_us` a replica tells all nodes its view and tip ([`Status`]), and
//! if nothing moved since the last time repeats what it last said: its votes in
//! the window, its proposals, or its VIEW-CHANGE. A peer in an older view is sent
//! the NEW-VIEW. A tip that stays behind a peer's is fetched: committed blocks
//! with their certificates, in order. Everything is idempotent.
//!
//! # Restart
//!
//! [`Output`] states the ordering law: records first, durable, then messages. The
//! records give back ([`Recovered`]) the view, the votes, the certificates and
//! the tip; signatures are deterministic, so what is said again is the same bytes.
//! A COMMIT needs no record of its own, since it follows from recorded prepare
//! certificates and may be cast late.
//!
//! *Wiped node.* A validator that lost its records may have voted, and must not
//! vote differently. It records [`Record::Wiped`] and *abstains*: it follows,
//! serves and signs no vote. It asks every validator for a status under a fresh
//! nonce. From `q` others let `H` be the `k`-th highest tip and `V` the `k`-th
//! highest view, `k = min(f, 2q-n-f+1)`. Its own old tip had `q` COMMITs. Amnesia
//! counts as one of the `f` faults, so `q-f` of them are of honest others, of
//! whom `k` are among those `q` that answered. Each voted within its own window:
//! so the old tip was at most `H + window`, and no forgotten vote is above
//! `H + 2*window`. A view that anyone honest could enter, `q` had left for: in
//! the same way no forgotten PREPARE or COMMIT is of a view above `V`, and no
//! VIEW-CHANGE above `V+1`. So once its tip is at `H + 2*window` and it is in, or
//! leaves for, a view of at least `V+1`, nothing it signs can contradict what it
//! forgot. With `k = f` no liar can put that off; up to `f = 2` it is.
//!
//! A network that has never run has no votes to forget: the caller says which
//! it is ([`Origin`]), from a mark that setting up leaves and that goes once the first
//! record, written before any vote, is durable.
//!
//! # Checkpoints
//!
//! At every height that `checkpoint_heights` divides, a replica signs the block's
//! digest and that of the control state after it. `q` equal ones are a stable
//! [`CheckpointCertificate`]: what a node that starts from a copy of the control
//! state checks it against. A quorum for another digest than one's own is
//! [`Alarm::ControlDiverged`]. The business state has no place here: blind
//! validators cannot know it.
//!
//! # Evidence and alarms
//!
//! Two signed messages that contradict each other, a signed proposal by someone
//! whose turn it is not, and one that breaks the rules are kept as [`Evidence`].
//! What no number of faults up to `f` can bring about (two certificates for one
//! height) halts the replica: [`Alarm::SafetyViolated`]. It then signs nothing.
//!
//! # Bounds
//!
//! Per peer: one vote of each kind per height of twice the window, one
//! VIEW-CHANGE, and `FUTURE_VOTES_PER_PEER_MAX` votes of views not yet
//! entered. Blocks: those of the window in this view, and those a prepare
//! certificate names.
#![forbid(unsafe_code)]

mod abstention;
mod chain;
mod checkpoints;
mod config;
mod context;
mod departures;
mod interface;
mod invariants;
mod message;
mod peers;
mod plan;
mod proposals;
mod record;
mod repeat;
mod replica;
mod slot;
mod snapshot;
mod tally;
mod timers;
mod views;
mod votes;

pub use config::{Config, ConfigError};
pub use context::{Context, Draft, Opening, Verdict};
pub use interface::{Alarm, Committed, Destination, Evidence, Fetch, Input, Misproposal, Output};
pub use message::{
    Checkpoint, CheckpointCertificate, Commit, Message, NewView, PREPARED_MAX, PrePrepare, Prepare,
    PrepareCertificate, Proposal, Status, StatusRequest, ViewChange,
};
pub use record::{Origin, Prepared, Record, RecordError, Recovered, Rejoined, Wiped};
pub use replica::{Replica, Summary};
