"""What the author of a contract imports.

A contract is one typed, plain-Python file that begins with `edition = 1`.
It is checked by `mypy --strict` like any other file and compiled by
`daicho contract build`; it is never executed to compile it. `docs/contracts/`
tells the language; the modules here are its reference:

    amounts   integers, decimals, money, quantities, rounding
    scalars   text, identities, time
    storage   records, tables, holdings, compartments
    rules     entry points, authority, failure, events, context
"""

from typing import Annotated as Annotated

from daicho.contract.amounts import (
    CEILING as CEILING,
    DOWN as DOWN,
    EXACT as EXACT,
    FLOOR as FLOOR,
    HALF_DOWN as HALF_DOWN,
    HALF_EVEN as HALF_EVEN,
    HALF_UP as HALF_UP,
    I8 as I8,
    I16 as I16,
    I32 as I32,
    I64 as I64,
    I128 as I128,
    U8 as U8,
    U16 as U16,
    U32 as U32,
    U64 as U64,
    U128 as U128,
    UP as UP,
    Decimal as Decimal,
    Digits as Digits,
    Int as Int,
    Money as Money,
    Quantity as Quantity,
    Rounding as Rounding,
)
from daicho.contract.rules import (
    ANY_ROLE as ANY_ROLE,
    FIRST as FIRST,
    LARGEST_REMAINDER as LARGEST_REMAINDER,
    LAST as LAST,
    Remainder as Remainder,
    Role as Role,
    abort as abort,
    allocate as allocate,
    digest as digest,
    emit as emit,
    entry as entry,
    expect as expect,
    export as export,
    has_role as has_role,
    has_signed as has_signed,
    height as height,
    now as now,
    query as query,
    require as require,
    sender as sender,
    tx_id as tx_id,
)
from daicho.contract.scalars import (
    Account as Account,
    Bool as Bool,
    Bytes as Bytes,
    Date as Date,
    Duration as Duration,
    Enum as Enum,
    Hash as Hash,
    MaxLen as MaxLen,
    Party as Party,
    Str as Str,
    Timestamp as Timestamp,
    TxId as TxId,
    days as days,
    hours as hours,
    milliseconds as milliseconds,
    minutes as minutes,
    seconds as seconds,
)
from daicho.contract.storage import (
    ADMINISTRATOR as ADMINISTRATOR,
    KEY as KEY,
    PUBLIC as PUBLIC,
    Code as Code,
    Compartment as Compartment,
    Event as Event,
    Holdings as Holdings,
    Key as Key,
    Map as Map,
    Record as Record,
    Row as Row,
    Table as Table,
    Var as Var,
    party as party,
    register as register,
)
