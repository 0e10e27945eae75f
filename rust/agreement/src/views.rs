//! Changing the view: leaving, joining those who left, opening and entering.

use daicho_crypto::{Domain, verify};
use daicho_types::codec::List;
use daicho_types::{Height, Monotonic, ReplicaId, Signature, View};

use crate::interface::{Alarm, Destination};
use crate::message::{Message, NewView, Prepare, PrepareCertificate, ViewChange, Vote};
use crate::plan::{Plan, plan};
use crate::record::Record;
use crate::replica::{Replica, Turn};

impl Replica {
    /// Leaves for `wanted`: from here on no vote in any view below.
    pub(crate) fn leave_for(&mut self, wanted: View, reason: &'static str, turn: &mut Turn<'_>) {
        assert!(wanted > self.stand.view, "views only rise");
        self.stand.view = wanted;
        self.stand.active = false;
        self.stand.new_view = None;
        self.slots.clear();
        self.timers.view_since = turn.now;
        self.departures.quorum_at = None;
        turn.alarm(Alarm::LeftView { wanted, reason });
        self.alarm_widened(turn);
        if self.may_vote() {
            let message = self.view_change(wanted, turn);
            turn.persist(Record::ViewChange(message.clone()));
            self.departures.add(message.clone());
            turn.send(Destination::Validators, Message::ViewChange(message));
        }
    }

    fn alarm_widened(&self, turn: &mut Turn<'_>) {
        let barren_views = self.barren_views();
        let bound_us = self.config.time_bound_us(barren_views);
        if bound_us > self.config.time_bound_us(0) {
            turn.alarm(Alarm::TimeBoundWidened {
                bound_us,
                barren_views,
            });
        }
    }

    fn view_change(&self, wanted: View, turn: &mut Turn<'_>) -> ViewChange {
        let prepared: Vec<PrepareCertificate> = self.certificates.values().cloned().collect();
        assert!(prepared.iter().all(|c| c.view < wanted), "of earlier views");
        let mut message = ViewChange {
            view: wanted,
            base: self.chain.tip_certificate().cloned(),
            prepared: List::new(prepared).expect("the window bounds them"),
            replica: self.config.me,
            signature: Signature([0; 64]),
        };
        message.signature = turn
            .context
            .sign(Domain::SignViewChange, &message.payload());
        message
    }

    pub(crate) fn on_view_change(&mut self, from: ReplicaId, m: ViewChange, turn: &mut Turn<'_>) {
        if m.replica != from {
            return turn.bad_message(from, "a view change under another's name");
        }
        if m.view < self.stand.view || (m.view == self.stand.view && self.stand.active) {
            return self.help_into_view(from, turn);
        }
        if self
            .departures
            .of(from)
            .is_some_and(|old| old.view >= m.view)
        {
            return;
        }
        if let Err(reason) = self.check_view_change(&m) {
            return turn.bad_message(from, reason);
        }
        self.peers.claim_tip(from, m.base_height());
        self.departures.add(m);
    }

    /// What makes a VIEW-CHANGE one: signed by a validator, its certificates
    /// good, one per height, in the window above its tip.
    fn check_view_change(&self, m: &ViewChange) -> Result<(), &'static str> {
        let electorate = &self.config.electorate;
        let chain = &self.config.chain;
        let key = electorate
            .key(m.replica)
            .ok_or("a view change by no validator")?;
        verify(
            &key,
            Domain::SignViewChange,
            chain,
            &m.payload(),
            &m.signature,
        )
        .map_err(|_| "the signature of a view change")?;
        if let Some(base) = &m.base {
            let known = self.chain.tip_certificate() == Some(base);
            if base.height.0 == 0 || !(known || electorate.check_commit(base).is_ok()) {
                return Err("the tip of a view change");
            }
        }
        let mut last = m.base_height();
        let end = last.0.saturating_add(self.config.window());
        for certificate in m.prepared.iter() {
            let placed = certificate.height > last && certificate.height.0 <= end;
            if !placed || certificate.view >= m.view {
                return Err("a certificate out of place in a view change");
            }
            if !self.is_good(certificate) {
                return Err("a prepare certificate in a view change");
            }
            last = certificate.height;
        }
        Ok(())
    }

    fn is_good(&self, certificate: &PrepareCertificate) -> bool {
        let payload = Prepare::payload(&certificate.subject());
        let electorate = &self.config.electorate;
        self.certificates.get(&certificate.height) == Some(certificate)
            || electorate
                .check_signatures(Domain::SignPrepare, &payload, &certificate.signatures)
                .is_ok()
    }

    /// Follows `f+1` others, of whom one is honest, and starts the timer once
    /// a quorum is under way.
    pub(crate) fn join_departures(&mut self, turn: &mut Turn<'_>) {
        let supported = self.departures.supported(self.config.faults() + 1);
        if let Some(view) = supported.filter(|view| *view > self.stand.view) {
            self.leave_for(view, "f + 1 others left", turn);
        }
        let gone = self.departures.count_from(self.stand.view);
        if !self.stand.active && gone >= self.config.quorum() {
            self.departures.quorum_at.get_or_insert(turn.now);
        }
    }

    /// The coordinator opens the view it wants once a quorum has left for it.
    pub(crate) fn open_view(&mut self, turn: &mut Turn<'_>) {
        let view = self.stand.view;
        if self.stand.active || !self.may_vote() || self.config.coordinator(view) != self.config.me
        {
            return;
        }
        let Some(messages) = self.departures.for_view(view, self.config.quorum()) else {
            return;
        };
        let mut message = NewView {
            view,
            view_changes: List::new(messages).expect("a quorum fits the electorate"),
            signature: Signature([0; 64]),
        };
        message.signature = turn.context.sign(Domain::SignNewView, &message.payload());
        turn.send(Destination::Validators, Message::NewView(message.clone()));
        self.enter(message, turn);
    }

    /// Anyone may pass on a NEW-VIEW; the coordinator signed it.
    pub(crate) fn on_new_view(&mut self, from: ReplicaId, m: NewView, turn: &mut Turn<'_>) {
        if m.view < self.stand.view || (m.view == self.stand.view && self.stand.active) {
            return;
        }
        match self.check_new_view(&m) {
            Ok(()) => self.enter(m, turn),
            Err(reason) => turn.bad_message(from, reason),
        }
    }

    fn check_new_view(&self, m: &NewView) -> Result<(), &'static str> {
        let coordinator = self.config.coordinator(m.view);
        let key = self.config.electorate.key(coordinator);
        let key = key.ok_or("a new view without a coordinator")?;
        let chain = &self.config.chain;
        verify(&key, Domain::SignNewView, chain, &m.payload(), &m.signature)
            .map_err(|_| "the signature of a new view")?;
        if m.view_changes.len() < self.config.quorum() {
            return Err("a new view without a quorum");
        }
        let mut last = None;
        for departure in m.view_changes.iter() {
            if departure.view != m.view || last >= Some(departure.replica) {
                return Err("a view change out of place in a new view");
            }
            last = Some(departure.replica);
            if self.departures.of(departure.replica) != Some(departure) {
                self.check_view_change(departure)?;
            }
        }
        Ok(())
    }

    fn enter(&mut self, message: NewView, turn: &mut Turn<'_>) {
        let plan = plan(self.config.chain, &message.view_changes);
        if let Some((height, ours, theirs)) = self.contradiction(&plan) {
            return self.halt(height, ours, theirs, turn);
        }
        for departure in message.view_changes.iter() {
            let (replica, tip) = (departure.replica, departure.base_height());
            self.peers.claim_tip(replica, tip);
        }
        let view = message.view;
        turn.persist(Record::NewView(message.clone()));
        self.stand.view = view;
        self.stand.active = true;
        self.stand.new_view = Some(message);
        self.stand.entered += 1;
        self.timers.view_since = turn.now;
        self.timers.proposed_at = None;
        self.departures.forget_up_to(view);
        self.start_from(&plan, turn.now);
        turn.alarm(Alarm::EnteredView {
            view,
            truncated: plan.truncated,
        });
        for (from, message) in self.peers.deferred(view) {
            self.on_message(from, message, turn);
        }
    }

    /// A plan that denies what is decided here.
    fn contradiction(
        &self,
        plan: &Plan,
    ) -> Option<(Height, daicho_types::Digest, daicho_types::Digest)> {
        let base = plan.base.iter().map(|c| (c.height, c.block));
        let kept = plan.kept.iter().map(|c| (c.height, c.block));
        base.chain(kept).find_map(|(height, theirs)| {
            let ours = self.chain.digest_at(height)?;
            (ours != theirs).then_some((height, ours, theirs))
        })
    }

    /// Lays out the window of a view as it begins.
    pub(crate) fn start_from(&mut self, plan: &Plan, now: Monotonic) {
        self.stand.base = plan.base_height();
        self.slots.clear();
        for kept in &plan.kept {
            if kept.height > self.chain.height() {
                let slot = self.slots.entry(kept.height).or_default();
                slot.kept = Some(kept.clone());
                slot.fill(now);
            }
        }
        let named = |digest: &daicho_types::Digest| {
            let kept = plan.kept.iter().chain(self.certificates.values());
            kept.map(|c| c.block).any(|block| block == *digest)
        };
        self.chain.keep(named);
    }
}
