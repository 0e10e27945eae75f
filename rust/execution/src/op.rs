//! Verified instructions: types resolved, branch targets absolute. The verifier
//! writes them, the machine runs them; nothing else makes one.

use crate::calendar::DayCount;
use crate::num::{Binary, Num, Share, Unary};
use crate::types::TypeId;
use crate::wide::Rounding;

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Test {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// Roundings with one to three operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Scaled {
    Convert {
        a: TypeId,
        to: TypeId,
        mode: Rounding,
    },
    Mul {
        a: TypeId,
        b: TypeId,
        to: TypeId,
        mode: Rounding,
    },
    Div {
        a: TypeId,
        b: TypeId,
        to: TypeId,
        mode: Rounding,
    },
    MulDiv {
        a: TypeId,
        b: TypeId,
        c: TypeId,
        to: TypeId,
        mode: Rounding,
    },
}

/// Dates and times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Calendar {
    TimeAdd,
    TimeSub,
    TimeDiff,
    TimeDate,
    DateTime,
    DateAdd,
    DateDiff,
    DateMake,
    DatePart(u8),
    DateAddMonths,
    DayFraction {
        count: DayCount,
        to: TypeId,
        mode: Rounding,
    },
}

/// Str, Bytes and encodings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Text {
    Len,
    Concat { to: TypeId },
    Slice { to: TypeId },
    CodeAt,
    FromCode { to: TypeId },
    FromInt { to: TypeId },
    ToInt { to: Num },
    Find,
    StartsWith,
    Coerce { from: TypeId, to: TypeId },
    Encode { from: TypeId, to: TypeId },
    Hash { from: TypeId },
    HashBelow,
}

/// Optionals, records, lists, maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Data {
    Some,
    None,
    IsSome,
    Unwrap,
    RecordNew { fields: u16 },
    RecordGet { field: u16 },
    RecordSet { field: u16 },
    ListNew { count: u16 },
    ListLen,
    ListGet,
    ListSet,
    ListPush { max: u32 },
    ListPop,
    ListSlice,
    ListConcat { max: u32 },
    ListContains,
    ListSort,
    ListReverse,
    ListInsert { max: u32 },
    ListRemove,
    MapNew,
    MapLen,
    MapHas,
    MapGet,
    MapFind,
    MapPut { max: u32 },
    MapDelete,
    MapKeyAt,
    MapValueAt,
    MapKeys { max: u32 },
    MapValues { max: u32 },
}

/// What a contract may know of its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Context {
    Sender,
    Caller,
    Contract,
    Height,
    Time,
    Roles,
    HasRole(u32),
    Signed,
    SignedRole(u32),
    Random,
    TxId,
    TimeOf,
    Oracle { to: TypeId, feed: u16 },
    OracleMust { to: TypeId, feed: u16 },
    OracleTime { feed: u16 },
}

/// Tables. The first field is the table's index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum State {
    Has(u16),
    Get(u16),
    Find(u16),
    Put(u16),
    Insert(u16),
    Update(u16),
    Delete(u16),
    Adjust {
        table: u16,
        field: u16,
    },
    /// As `Adjust`, and makes the row where there is none.
    Credit {
        table: u16,
        field: u16,
    },
    Issue(u16),
    Redeem(u16),
    Scan {
        table: u16,
        prefix: u8,
        flags: u8,
        max: u32,
    },
    HasAt(u16),
    GetAt(u16),
    FindAt(u16),
    IndexScan {
        index: u16,
        prefix: u8,
        flags: u8,
        max: u32,
    },
    TimerSet(u16),
    TimerCancel,
    Lock {
        table: u16,
        field: u16,
    },
    /// All of a lock, or the part that stands on the stack.
    Unlock {
        table: u16,
        field: u16,
        part: bool,
    },
    Locked {
        table: u16,
        field: u16,
    },
}

/// Scan flag: a lower bound of the next column.
pub const SCAN_LO: u8 = 1;
/// Scan flag: an upper bound of the next column, exclusive.
pub const SCAN_HI: u8 = 2;
/// Scan flag: a cursor.
pub const SCAN_AFTER: u8 = 4;
/// Scan flag: a past time.
pub const SCAN_AS_OF: u8 = 8;

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Op {
    Unreachable,
    Nop,
    /// To an instruction, the stack as it is.
    Jump(u32),
    JumpIf(u32),
    JumpUnless(u32),
    /// To an instruction; the operand stack cut to `height`, the top kept or not.
    Branch {
        target: u32,
        height: u16,
        keep: bool,
    },
    BranchIf {
        target: u32,
        height: u16,
        keep: bool,
    },
    Return {
        keep: bool,
    },
    ReturnIf {
        keep: bool,
    },
    /// Opens a savepoint; a failure inside continues at `end`.
    Attempt {
        end: u32,
    },
    /// Keeps what was done since the savepoint.
    AttemptEnd,
    Call(u16),
    CallImport(u16),
    Fail(u16),
    Require(u16),
    Drop,
    Dup,
    Swap,
    Get(u16),
    Set(u16),
    Tee(u16),
    Take(u16),
    Bool(bool),
    Int(i32),
    Const(u32),
    /// `paid` where values may nest or are texts.
    Compare {
        test: Test,
        paid: bool,
    },
    Not,
    Pick {
        max: bool,
        paid: bool,
    },
    And,
    Or,
    Binary(Binary, Num),
    Unary(Unary, Num),
    Scaled(Scaled),
    Raw,
    FromRaw(TypeId),
    Allocate {
        total: Num,
        rule: Share,
        max: u32,
    },
    Calendar(Calendar),
    Text(Text),
    Data(Data),
    Context(Context),
    State(State),
    Emit(u16),
}

// Decoded code is walked in order: small instructions keep it in cache.
const _: () = assert!(size_of::<Op>() <= 12);
