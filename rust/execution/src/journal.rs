//! State as a transaction sees it: the committed view, over it what earlier
//! transactions of the block changed, over that its own writes. Reads merge the
//! three; nothing reaches the view.

use std::cell::RefCell;
use std::collections::btree_map::Range;
use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;

use daicho_types::ledger::{Change, Compartment, Row, StateView};
use daicho_types::{ConsensusTime, Height, RowBytes, RowKey};

use crate::context::Visibility;
use crate::limits::{SCAN_CHUNK_ROWS, WRITES_MAX};
use crate::trap::Trap;

/// What an overlay says of a row: nothing, that it is absent, or its bytes.
type Said = Option<Option<RowBytes>>;

type Rows = BTreeMap<RowKey, Option<RowBytes>>;

/// Rows set and removed on top of a view, by compartment and key.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    compartments: BTreeMap<Compartment, Rows>,
    count: usize,
}

impl Overlay {
    fn get(&self, compartment: Compartment, key: &RowKey) -> Option<&Option<RowBytes>> {
        self.compartments.get(&compartment)?.get(key)
    }

    /// Sets or removes a row; what was said of it before.
    pub(crate) fn put(
        &mut self,
        compartment: Compartment,
        key: RowKey,
        value: Option<RowBytes>,
    ) -> Said {
        let rows = self.compartments.entry(compartment).or_default();
        let before = rows.insert(key, value);
        self.count += usize::from(before.is_none());
        before
    }

    /// Undoes a put.
    fn restore(&mut self, compartment: Compartment, key: RowKey, before: Said) {
        let rows = self.compartments.entry(compartment).or_default();
        match before {
            Some(value) => drop(rows.insert(key, value)),
            None => {
                rows.remove(&key);
                self.count -= 1;
            }
        }
    }

    fn range(&self, compartment: Compartment, lo: &[u8], hi: &[u8]) -> Peekable<Layer<'_>> {
        let rows = self.compartments.get(&compartment).filter(|_| lo < hi);
        let range = rows.map(|rows| rows.range(RowKey::new(lo)..RowKey::new(hi)));
        Layer { range }.peekable()
    }

    /// Whether nothing was said of any row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes over the changes of a transaction that succeeded.
    pub fn apply(&mut self, changes: &[Change]) {
        for change in changes {
            self.put(change.compartment, change.key.clone(), change.value.clone());
        }
    }

    /// All changes, ascending by compartment and key. A row that the view does
    /// not have and that is not there at the end is no change.
    #[must_use]
    pub fn changes(&self, view: &dyn StateView) -> Vec<Change> {
        let mut changes = Vec::with_capacity(self.count);
        for (&compartment, rows) in &self.compartments {
            for (key, value) in rows {
                if value.is_some() || view.get(compartment, key).is_some() {
                    changes.push(Change {
                        compartment,
                        key: key.clone(),
                        value: value.clone(),
                    });
                }
            }
        }
        changes
    }

    fn into_changes(self) -> Vec<Change> {
        let mut changes = Vec::with_capacity(self.count);
        for (compartment, rows) in self.compartments {
            changes.extend(rows.into_iter().map(|(key, value)| Change {
                compartment,
                key,
                value,
            }));
        }
        changes
    }
}

/// One overlay's part of a scan.
struct Layer<'a> {
    range: Option<Range<'a, RowKey, Option<RowBytes>>>,
}

impl<'a> Iterator for Layer<'a> {
    type Item = (&'a RowKey, &'a Option<RowBytes>);

    fn next(&mut self) -> Option<Self::Item> {
        self.range.as_mut()?.next()
    }
}

/// The view's part of a scan, fetched in chunks.
struct Base<'a> {
    view: &'a dyn StateView,
    at: Option<Height>,
    compartment: Compartment,
    next: Vec<u8>,
    hi: Vec<u8>,
    rows: std::vec::IntoIter<Row>,
    more: bool,
}

impl Iterator for Base<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        if let Some(row) = self.rows.next() {
            return Some(row);
        }
        if !self.more || self.next >= self.hi {
            return None;
        }
        let (compartment, limit) = (self.compartment, SCAN_CHUNK_ROWS);
        let chunk = match self.at {
            Some(at) => self
                .view
                .scan_at(at, compartment, &self.next, &self.hi, limit),
            None => self.view.scan(compartment, &self.next, &self.hi, limit),
        };
        assert!(chunk.len() <= limit, "a scan returns at most its limit");
        self.more = chunk.len() == limit;
        if let Some((last, _)) = chunk.last() {
            // The least key after `last`.
            self.next = last.to_vec();
            self.next.push(0);
        }
        self.rows = chunk.into_iter();
        self.rows.next()
    }
}

/// The merged rows of a scan: `None` for a row that an overlay removed.
pub(crate) struct Merged<'a> {
    base: Peekable<Base<'a>>,
    block: Peekable<Layer<'a>>,
    own: Peekable<Layer<'a>>,
}

impl Iterator for Merged<'_> {
    type Item = (RowKey, Option<RowBytes>);

    fn next(&mut self) -> Option<Self::Item> {
        let keys = [
            self.base.peek().map(|(key, _)| key),
            self.block.peek().map(|(key, _)| *key),
            self.own.peek().map(|(key, _)| *key),
        ];
        let key = keys.into_iter().flatten().min()?.clone();
        let base = self.base.next_if(|(found, _)| *found == key);
        let block = self.block.next_if(|(found, _)| **found == key);
        let own = self.own.next_if(|(found, _)| **found == key);
        // The newest layer that knows the key says what is there.
        let value = match (own, block, base) {
            (Some((_, value)), _, _) | (None, Some((_, value)), _) => value.clone(),
            (None, None, base) => base.map(|(_, value)| value),
        };
        Some((key, value))
    }
}

/// A moment to read at: now, or after a past block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Now,
    /// After this block; `None` is before genesis, where nothing is.
    Past(Option<Height>),
}

/// One transaction's view of the state.
pub(crate) struct Journal<'a> {
    view: &'a dyn StateView,
    block: &'a Overlay,
    visibility: &'a Visibility,
    own: Overlay,
    /// What each put replaced, since the outermost open savepoint.
    undo: Vec<(Compartment, RowKey, Said)>,
    savepoints: usize,
    /// Compartments of rows asked for or written, if somebody wants to know.
    touched: Option<RefCell<BTreeSet<Compartment>>>,
}

impl<'a> Journal<'a> {
    /// Opens a savepoint; what [`Journal::revert`] takes.
    pub fn save(&mut self) -> usize {
        self.savepoints += 1;
        self.undo.len()
    }

    /// Closes the innermost savepoint and keeps what was written.
    pub fn keep(&mut self) {
        self.savepoints -= 1;
        if self.savepoints == 0 {
            self.undo.clear();
        }
    }

    /// Closes the innermost savepoint; every row is as it was.
    pub fn revert(&mut self, mark: usize) {
        assert!(mark <= self.undo.len(), "savepoints close inside out");
        for (compartment, key, before) in self.undo.drain(mark..).rev() {
            self.own.restore(compartment, key, before);
        }
        self.savepoints -= 1;
    }

    pub fn new(view: &'a dyn StateView, block: &'a Overlay, visibility: &'a Visibility) -> Self {
        Self {
            view,
            block,
            visibility,
            own: Overlay::default(),
            undo: Vec::new(),
            savepoints: 0,
            touched: None,
        }
    }

    /// Records from here on which compartments are touched.
    pub fn note_touched(&mut self) {
        self.touched = Some(RefCell::default());
    }

    /// What was touched since; stops recording.
    pub fn take_touched(&mut self) -> BTreeSet<Compartment> {
        self.touched
            .take()
            .map(RefCell::into_inner)
            .unwrap_or_default()
    }

    #[inline]
    fn touch(&self, compartment: Compartment) {
        if let Some(touched) = &self.touched {
            touched.borrow_mut().insert(compartment);
        }
    }

    /// The header time of a block.
    pub fn time_at(&self, height: Height) -> Option<ConsensusTime> {
        self.view.time_at(height)
    }

    /// The block that `as_of(time)` means.
    pub fn height_at(&self, time: ConsensusTime) -> Option<Height> {
        self.view.height_at(time)
    }

    pub fn get(&self, moment: Moment, compartment: Compartment, key: &RowKey) -> Option<RowBytes> {
        self.touch(compartment);
        if !self.visibility.sees(compartment) {
            return None;
        }
        match moment {
            Moment::Past(at) => self.view.get_at(at?, compartment, key),
            Moment::Now => {
                let own = self.own.get(compartment, key);
                let known = own.or_else(|| self.block.get(compartment, key));
                known.map_or_else(|| self.view.get(compartment, key), Clone::clone)
            }
        }
    }

    /// Sets or removes a row. WRITES past the bound on distinct rows.
    pub fn put(
        &mut self,
        compartment: Compartment,
        key: RowKey,
        value: Option<RowBytes>,
    ) -> Result<(), Trap> {
        self.touch(compartment);
        if self.savepoints > 0 {
            let before = self.own.put(compartment, key.clone(), value);
            self.undo.push((compartment, key, before));
        } else {
            self.own.put(compartment, key, value);
        }
        if self.own.count > WRITES_MAX {
            Err(Trap::Writes)
        } else {
            Ok(())
        }
    }

    /// Rows with `lo <= key < hi`, removed ones as `None`.
    pub fn scan(
        &self,
        moment: Moment,
        compartment: Compartment,
        lo: &[u8],
        hi: &[u8],
    ) -> Merged<'_> {
        self.touch(compartment);
        let (at, exists) = match moment {
            Moment::Now => (None, true),
            Moment::Past(at) => (at, at.is_some()),
        };
        let visible = exists && self.visibility.sees(compartment);
        let layered = visible && moment == Moment::Now;
        let base = Base {
            view: self.view,
            at,
            compartment,
            next: lo.to_vec(),
            hi: hi.to_vec(),
            rows: Vec::new().into_iter(),
            more: visible,
        };
        let top = if layered { hi } else { lo };
        Merged {
            base: base.peekable(),
            block: self.block.range(compartment, lo, top),
            own: self.own.range(compartment, lo, top),
        }
    }

    /// The transaction's own changes, ascending by compartment and key.
    pub fn into_changes(self) -> Vec<Change> {
        self.own.into_changes()
    }
}
