//! The ledger's codes. Numbers and names are for ever: a code that is no
//! longer raised keeps its number. Contracts declare codes of their own, which
//! travel by name in receipts.

/// Whether the same bytes may succeed when sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// They never will.
    Never,
    /// They may, after a pause.
    Later,
}

macro_rules! codes {
    ($($(#[$meta:meta])* $variant:ident = $number:literal, $name:literal, $retry:ident;)*) => {
        /// A reason for a refusal, a failed receipt or a halted executor.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Code { $($(#[$meta])* $variant = $number,)* }

        impl Code {
            /// Every code, in order of number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name that scripts match on.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whether trying again makes sense.
            #[must_use]
            pub fn retry(self) -> Retry {
                match self { $(Self::$variant => Retry::$retry,)* }
            }

            /// The code of a number.
            #[must_use]
            pub fn from_number(number: u16) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

codes! {
    /// Nothing is wrong.
    Ok = 0, "OK", Never;
    /// Bytes that are no message of the format.
    Malformed = 1, "MALFORMED", Never;
    /// Another chain, version or suite.
    WrongChain = 2, "WRONG_CHAIN", Never;
    /// The signature does not verify under the sender's key.
    Signature = 3, "SIGNATURE", Never;
    /// The sender is not admitted.
    UnknownSender = 4, "UNKNOWN_SENDER", Never;
    /// The sender was revoked.
    Revoked = 5, "REVOKED", Never;
    /// The sender may read but not submit.
    ReadOnly = 6, "READ_ONLY", Never;
    /// The sequence lies below the replay window.
    Replay = 7, "REPLAY", Never;
    /// Other bytes have used the sequence.
    SequenceUsed = 8, "SEQUENCE_USED", Never;
    /// The sequence lies above the replay window.
    SequenceAhead = 9, "SEQUENCE_AHEAD", Later;
    /// The expiry is past, or too far off.
    Expired = 10, "EXPIRED", Never;
    /// Above a size bound.
    TooLarge = 11, "TOO_LARGE", Never;
    /// The pool is full.
    Busy = 12, "BUSY", Later;
    /// The body does not open under the epoch key.
    Seal = 13, "SEAL", Never;
    /// The role needed is not held.
    Role = 14, "ROLE", Never;
    /// Not enough approvals.
    Quorum = 15, "QUORUM", Never;
    /// Not found, or not visible: the two look the same.
    Access = 16, "ACCESS", Never;
    /// No such contract or entry point.
    NoContract = 17, "NO_CONTRACT", Never;
    /// The artefact does not verify.
    BadArtefact = 18, "BAD_ARTEFACT", Never;
    /// The entity has a node of that kind already.
    EntityLimit = 19, "ENTITY_LIMIT", Never;
    /// The call ran out of gas.
    Gas = 20, "GAS", Never;
    /// The node has no executor, or it is not running.
    NoExecutor = 21, "NO_EXECUTOR", Later;
    /// The height or time asked for is not certified here.
    NotYet = 22, "NOT_YET", Later;
    /// The executor's result differs from the certified one.
    Diverged = 23, "DIVERGED", Never;
    /// A block came with no valid commit certificate.
    Uncertified = 24, "UNCERTIFIED", Never;
    /// Stored bytes do not match their checksum or digest.
    Damaged = 25, "DAMAGED", Never;
    /// The steered clock was moved where time is the system's, or backwards.
    Clock = 26, "CLOCK", Never;
    /// The same query nonce again.
    NonceUsed = 27, "NONCE_USED", Never;
    /// A block of the past, or what ran in it, is not at hand here.
    NotKept = 28, "NOT_KEPT", Later;
}

impl core::fmt::Display for Code {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}
