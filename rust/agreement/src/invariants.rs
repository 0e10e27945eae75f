//! What must hold after every step. A broken one ends the process: a replica
//! that is wrong about itself must not sign anything more.

use crate::replica::Replica;

impl Replica {
    /// Checks all of them. Costs a scan of the window.
    pub(crate) fn assert_invariants(&self) {
        self.invariant_window_is_bounded();
        self.invariant_accepted_is_a_chain();
        self.invariant_commit_needs_prepared_prefix();
        self.invariant_certificates_are_above_the_tip();
        self.invariant_votes_need_a_view();
        self.peers.invariant_bounded();
        self.checkpoints
            .invariant_bounded(self.config.electorate.size());
    }

    fn invariant_window_is_bounded(&self) {
        assert!(
            self.slots.keys().all(|height| self.is_near(*height)),
            "slots lie within twice the window of the tip or of the view's start"
        );
        assert!(
            self.departures.len() <= self.config.electorate.size(),
            "one departure per validator"
        );
    }

    fn invariant_accepted_is_a_chain(&self) {
        let mut parent = Some(self.chain.digest());
        let mut height = self.chain.height();
        for (at, slot) in &self.slots {
            let Some(digest) = slot.accepted else {
                parent = None;
                continue;
            };
            let block = self.chain.held(&digest).expect("accepted blocks are held");
            height = height.next();
            assert_eq!(*at, height, "accepted blocks have no gap");
            assert_eq!(Some(block.header.parent), parent, "and are linked");
            parent = Some(digest);
        }
    }

    fn invariant_commit_needs_prepared_prefix(&self) {
        let mut prefix = true;
        for slot in self.slots.values() {
            if let Some(certificate) = &slot.prepared {
                assert_eq!(certificate.view, self.stand.view, "prepared in this view");
                assert_eq!(Some(certificate.block), slot.accepted, "and accepted");
            }
            prefix &= slot.prepared.is_some();
            assert!(
                prefix || !slot.commit_said || slot.accepted.is_none(),
                "COMMIT only on a prepared prefix"
            );
        }
    }

    fn invariant_certificates_are_above_the_tip(&self) {
        let tip = self.chain.height();
        let end = tip.0 + self.config.window();
        assert!(
            self.certificates.keys().all(|h| *h > tip && h.0 <= end),
            "certificates lie in the window"
        );
    }

    fn invariant_votes_need_a_view(&self) {
        if !self.stand.active {
            assert!(
                self.slots.values().all(|slot| slot.voted.is_none()),
                "no votes between views"
            );
            assert!(self.stand.new_view.is_none(), "none before it is entered");
        }
    }
}
