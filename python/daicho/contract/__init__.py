"""What the author of a contract imports.

A contract is one typed, plain-Python file that begins with `edition = 1`.
It is checked by `mypy --strict` like any other file and compiled by
`daicho contract build`; it is never executed to compile it. `docs/contracts/`
tells the language; the modules here are its reference:

    amounts   integers, decimals, money, quantities, rounding
    scalars   text, identities
    time      moments, spans, days, parts of a year
    storage   records, tables, holdings, indexes, compartments
    rules     entry points, authority, failure, attempts, events, context
    schedule  timers, migrations
    feeds     readings of oracles, chance
"""

from typing import Annotated as Annotated

from daicho.contract.amounts import (
    CEILING as CEILING,
)
from daicho.contract.amounts import (
    DOWN as DOWN,
)
from daicho.contract.amounts import (
    EXACT as EXACT,
)
from daicho.contract.amounts import (
    FLOOR as FLOOR,
)
from daicho.contract.amounts import (
    HALF_DOWN as HALF_DOWN,
)
from daicho.contract.amounts import (
    HALF_EVEN as HALF_EVEN,
)
from daicho.contract.amounts import (
    HALF_UP as HALF_UP,
)
from daicho.contract.amounts import (
    I8 as I8,
)
from daicho.contract.amounts import (
    I16 as I16,
)
from daicho.contract.amounts import (
    I32 as I32,
)
from daicho.contract.amounts import (
    I64 as I64,
)
from daicho.contract.amounts import (
    I128 as I128,
)
from daicho.contract.amounts import (
    U8 as U8,
)
from daicho.contract.amounts import (
    U16 as U16,
)
from daicho.contract.amounts import (
    U32 as U32,
)
from daicho.contract.amounts import (
    U64 as U64,
)
from daicho.contract.amounts import (
    U128 as U128,
)
from daicho.contract.amounts import (
    UP as UP,
)
from daicho.contract.amounts import (
    Decimal as Decimal,
)
from daicho.contract.amounts import (
    Digits as Digits,
)
from daicho.contract.amounts import (
    Int as Int,
)
from daicho.contract.amounts import (
    Money as Money,
)
from daicho.contract.amounts import (
    Quantity as Quantity,
)
from daicho.contract.amounts import (
    Rounding as Rounding,
)
from daicho.contract.feeds import (
    Feed as Feed,
)
from daicho.contract.feeds import (
    oracle as oracle,
)
from daicho.contract.feeds import (
    random as random,
)
from daicho.contract.rules import (
    ANY_CONTRACT as ANY_CONTRACT,
)
from daicho.contract.rules import (
    ANY_ROLE as ANY_ROLE,
)
from daicho.contract.rules import (
    FIRST as FIRST,
)
from daicho.contract.rules import (
    LARGEST_REMAINDER as LARGEST_REMAINDER,
)
from daicho.contract.rules import (
    LAST as LAST,
)
from daicho.contract.rules import (
    Remainder as Remainder,
)
from daicho.contract.rules import (
    Role as Role,
)
from daicho.contract.rules import (
    abort as abort,
)
from daicho.contract.rules import (
    allocate as allocate,
)
from daicho.contract.rules import (
    attempt as attempt,
)
from daicho.contract.rules import (
    digest as digest,
)
from daicho.contract.rules import (
    emit as emit,
)
from daicho.contract.rules import (
    entry as entry,
)
from daicho.contract.rules import (
    expect as expect,
)
from daicho.contract.rules import (
    export as export,
)
from daicho.contract.rules import (
    has_role as has_role,
)
from daicho.contract.rules import (
    has_signed as has_signed,
)
from daicho.contract.rules import (
    height as height,
)
from daicho.contract.rules import (
    muldiv as muldiv,
)
from daicho.contract.rules import (
    now as now,
)
from daicho.contract.rules import (
    query as query,
)
from daicho.contract.rules import (
    require as require,
)
from daicho.contract.rules import (
    sender as sender,
)
from daicho.contract.rules import (
    tx_id as tx_id,
)
from daicho.contract.scalars import (
    Account as Account,
)
from daicho.contract.scalars import (
    Bool as Bool,
)
from daicho.contract.scalars import (
    Bytes as Bytes,
)
from daicho.contract.scalars import (
    Enum as Enum,
)
from daicho.contract.scalars import (
    Hash as Hash,
)
from daicho.contract.scalars import (
    MaxLen as MaxLen,
)
from daicho.contract.scalars import (
    Party as Party,
)
from daicho.contract.scalars import (
    Str as Str,
)
from daicho.contract.scalars import (
    TxId as TxId,
)
from daicho.contract.schedule import (
    Timer as Timer,
)
from daicho.contract.schedule import (
    cancel as cancel,
)
from daicho.contract.schedule import (
    migrate as migrate,
)
from daicho.contract.schedule import (
    scheduled as scheduled,
)
from daicho.contract.storage import (
    ADMINISTRATOR as ADMINISTRATOR,
)
from daicho.contract.storage import (
    KEY as KEY,
)
from daicho.contract.storage import (
    PUBLIC as PUBLIC,
)
from daicho.contract.storage import (
    Code as Code,
)
from daicho.contract.storage import (
    Compartment as Compartment,
)
from daicho.contract.storage import (
    Event as Event,
)
from daicho.contract.storage import (
    Holdings as Holdings,
)
from daicho.contract.storage import (
    Index as Index,
)
from daicho.contract.storage import (
    Key as Key,
)
from daicho.contract.storage import (
    Map as Map,
)
from daicho.contract.storage import (
    Record as Record,
)
from daicho.contract.storage import (
    Row as Row,
)
from daicho.contract.storage import (
    Table as Table,
)
from daicho.contract.storage import (
    Var as Var,
)
from daicho.contract.storage import (
    party as party,
)
from daicho.contract.storage import (
    register as register,
)
from daicho.contract.time import (
    ACT_360 as ACT_360,
)
from daicho.contract.time import (
    ACT_365F as ACT_365F,
)
from daicho.contract.time import (
    ACT_ACT_ISDA as ACT_ACT_ISDA,
)
from daicho.contract.time import (
    THIRTY_360 as THIRTY_360,
)
from daicho.contract.time import (
    THIRTY_E_360 as THIRTY_E_360,
)
from daicho.contract.time import (
    Date as Date,
)
from daicho.contract.time import (
    DayCount as DayCount,
)
from daicho.contract.time import (
    Duration as Duration,
)
from daicho.contract.time import (
    Timestamp as Timestamp,
)
from daicho.contract.time import (
    days as days,
)
from daicho.contract.time import (
    hours as hours,
)
from daicho.contract.time import (
    milliseconds as milliseconds,
)
from daicho.contract.time import (
    minutes as minutes,
)
from daicho.contract.time import (
    seconds as seconds,
)
from daicho.contract.time import (
    year_fraction as year_fraction,
)
