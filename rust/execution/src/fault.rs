//! Planted faults: wrong machines on purpose, to measure what tests find. Built
//! only with the feature `faults`, which nothing enables by default and no other
//! crate asks for; without it every question here is the constant `false`.

macro_rules! faults {
    ($($name:ident = $number:literal $doc:literal;)*) => {
        /// One wrong machine.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        #[cfg_attr(not(feature = "faults"), allow(dead_code))]
        pub enum Fault {
            $(#[doc = $doc] $name = $number,)*
        }

        /// Every fault: its number and what it does.
        #[cfg(feature = "faults")]
        pub const FAULTS: &[(u8, &str, &str)] = &[$(($number, stringify!($name), $doc),)*];
    };
}

faults! {
    FloorTruncates = 1 "Floored division truncates toward zero.";
    LtIsLe = 2 "`lt` of texts and containers is `le`.";
    HalfEvenIsHalfUp = 3 "`convert` and `mul.round` round HALF_EVEN as HALF_UP.";
    WideI64 = 4 "I64 takes one number above its greatest.";
    MapAppends = 5 "`map.put` puts a new key at the end.";
    SliceClamps = 6 "A slice clamps negative positions to 0.";
    AttemptKeepsEvents = 7 "A failed attempt keeps its events.";
    AttemptKeepsLocals = 8 "A failed attempt keeps what it did to locals.";
    FirstGroupFree = 9 "The first group of conserved amounts is not checked.";
    LastRemainderFirst = 10 "`allocate` gives what is left over to the later one of equals.";
    CursorInclusive = 11 "A scan starts at its cursor's row.";
    AsOfEarlier = 12 "A read of the past sees one block too few.";
    TakeKeeps = 13 "`local.take` leaves the local set.";
    MonthsTo28 = 14 "`date.add_months` clamps every day to 28.";
    ShrTruncates = 15 "`shr` rounds toward zero.";
    ZeroPowZero = 16 "0 to the power of 0 is 0.";
    ShortFirst = 17 "Texts are ordered by length before content.";
    AdjustBelowZero = 18 "`table.adjust` lets amounts fall below zero.";
    IndexKeepsDeleted = 19 "`table.delete` leaves the index entries.";
    BondIsEuro = 20 "30/360 follows the rule of 30E/360.";
    UnlockKeepsLock = 21 "An unlock leaves the lock row as it was.";
}

#[cfg(feature = "faults")]
static PLANTED: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(0);

/// Makes the whole process one wrong machine; 0 makes it right again. False when
/// there is no such fault.
#[cfg(feature = "faults")]
pub fn plant(number: u8) -> bool {
    let known = number == 0 || FAULTS.iter().any(|(known, ..)| *known == number);
    if known {
        PLANTED.store(number, std::sync::atomic::Ordering::Relaxed);
    }
    known
}

/// Whether this machine is that wrong one.
#[cfg(feature = "faults")]
pub fn is(fault: Fault) -> bool {
    PLANTED.load(std::sync::atomic::Ordering::Relaxed) == fault as u8
}

/// Whether this machine is that wrong one: it never is.
#[cfg(not(feature = "faults"))]
#[inline]
pub const fn is(_: Fault) -> bool {
    false
}
