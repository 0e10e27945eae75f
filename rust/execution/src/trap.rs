//! Why an execution stopped. Codes below 1,000 belong to the VM and are part of
//! consensus (docs/bytecode.md, §7); a contract's own codes start at 1,000.

macro_rules! traps {
    ($($variant:ident = $code:literal $name:literal $doc:literal;)*) => {
        /// A stop that is not a normal return. The transaction is reverted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
        #[repr(u16)]
        pub enum Trap {
            $(#[doc = $doc] #[error($name)] $variant = $code,)*
            /// The contract aborted with an error of its own; code, name and
            /// details stand beside the trap.
            #[error("CONTRACT")]
            Contract = 0,
        }

        impl Trap {
            /// Whether an enclosing `attempt` takes it: not what the limits of the
            /// whole execution say, nor a broken promise of the compiler.
            #[must_use]
            pub fn catchable(self) -> bool {
                !matches!(
                    self,
                    Self::Gas | Self::Memory | Self::Internal | Self::Unreachable | Self::Unset
                )
            }

            /// Every trap of the VM itself, in the order of its code.
            pub const ALL: &[Trap] = &[$(Trap::$variant,)*];

            /// The stable upper-snake name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* Self::Contract => "CONTRACT" }
            }

            /// The stable code; 0 for [`Trap::Contract`].
            #[must_use]
            pub fn code(self) -> u16 {
                self as u16
            }
        }
    };
}

traps! {
    Gas = 1 "GAS" "The gas limit was reached.";
    Overflow = 2 "OVERFLOW" "A result lies outside its type.";
    DivideByZero = 3 "DIVIDE_BY_ZERO" "Division by zero.";
    Inexact = 4 "INEXACT" "Mode EXACT would have lost something.";
    Domain = 5 "DOMAIN" "An argument that the operation does not define.";
    Index = 6 "INDEX" "No such position.";
    Key = 7 "KEY" "No such key in a map.";
    None = 8 "NONE" "An absent optional was unwrapped.";
    Length = 9 "LENGTH" "A bounded value would exceed its bound.";
    Depth = 10 "DEPTH" "Too many nested calls.";
    Memory = 11 "MEMORY" "Too much was allocated.";
    Missing = 12 "MISSING" "No such row.";
    Exists = 13 "EXISTS" "The row is there already.";
    Insufficient = 14 "INSUFFICIENT" "An amount would fall below zero.";
    Conservation = 15 "CONSERVATION" "Movements of a group do not sum to what was issued and redeemed.";
    AsOf = 16 "AS_OF" "A time that does not lie in the certified past.";
    ReadOnly = 17 "READ_ONLY" "A query tried to change something.";
    Reentry = 18 "REENTRY" "The contract is active in the call chain.";
    Access = 19 "ACCESS" "Not found, or not visible to the caller.";
    Role = 20 "ROLE" "The sender has none of the roles required.";
    Authority = 21 "AUTHORITY" "A party that must sign has not.";
    Malformed = 22 "MALFORMED" "Arguments do not decode.";
    NoContract = 23 "NO_CONTRACT" "No such contract.";
    NoEntry = 24 "NO_ENTRY" "No such entry, query or export.";
    Unset = 25 "UNSET" "A local was read before it was set.";
    Unreachable = 26 "UNREACHABLE" "A point the compiler said is never reached.";
    State = 27 "STATE" "A stored row does not decode.";
    Internal = 28 "INTERNAL" "A value had another shape than the verifier proved.";
    Caller = 29 "CALLER" "This contract may not call that export.";
    Import = 30 "IMPORT" "Caller and callee disagree on a signature.";
    Events = 31 "EVENTS" "Too many events.";
    Writes = 32 "WRITES" "Too many rows written.";
    Feed = 33 "FEED" "No reading of the feed is young enough, or it is no value of its type.";
    Timers = 34 "TIMERS" "Too many timers set.";
}
