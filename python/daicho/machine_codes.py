"""Why the machine ends a contract's call: what each trap means and what to do.

Names and numbers come from Rust (`rust/execution/src/trap.rs`) and stand in
docs/bytecode.md, section 7; a test holds this list against them.
"""

from __future__ import annotations

TRAPS = {
    "GAS": ("The call ran out of gas.", "Use a larger gas class, or do less in one transaction."),
    "OVERFLOW": (
        "A result lies outside its type.",
        "Use a wider type, or refuse such arguments with `require`.",
    ),
    "DIVIDE_BY_ZERO": ("A division by zero.", "Refuse a zero with `require` before dividing."),
    "INEXACT": (
        "Rounding mode EXACT would have lost digits.",
        "Name another mode, or keep more places.",
    ),
    "DOMAIN": (
        "An argument that the operation does not define: a day that is none, a negative bound.",
        "Check the argument with `require`; the failing line names the operation.",
    ),
    "INDEX": ("There is no such position in a list or text.", "Compare with its length first."),
    "KEY": ("There is no such key in a map.", "Use `get`, or test with `in`."),
    "NONE": ("A value was used that is None.", "Test it first, or use `expect`."),
    "LENGTH": (
        "A text, list, map, key or row is longer than its type allows.",
        "Raise the bound in the type, or page with `limit` and `after`; a row's key has at most "
        "512 bytes, a letter up to 4 of them.",
    ),
    "DEPTH": (
        "Calls or savepoints are nested too deeply.",
        "Write the recursion as a loop.",
    ),
    "MEMORY": ("The call allocated too much.", "Work in pages, over several transactions."),
    "MISSING": (
        "A row that must exist does not.",
        "Use `get` and say what it means with `expect`.",
    ),
    "EXISTS": (
        "`insert` found the row there already.",
        "Use `put`, or refuse duplicates yourself.",
    ),
    "INSUFFICIENT": (
        "An amount of a holding would fall below zero.",
        "Nothing is wrong with the contract: the balance is too small.",
    ),
    "CONSERVATION": (
        "Holdings appeared or vanished without `issue` or `redeem`.",
        "Every movement needs its other side, in the same group: `per=` names what is conserved, "
        "the instrument or the currency, and not the holder if holders pay one another.",
    ),
    "AS_OF": (
        "A past time or height that does not lie in the past.",
        "Ask for a time before this block's.",
    ),
    "READ_ONLY": ("A query tried to write or to send an event.", "Make it an entry point."),
    "REENTRY": (
        "The contract is running already in this chain of calls.",
        "Contracts call only those with lower numbers; calls have no way back.",
    ),
    "ACCESS": (
        "The row is not there, or not visible to who asks: the two look the same.",
        "Check the key, and that the asking party holds the compartment.",
    ),
    "ROLE": (
        "The sender has none of the roles that the entry point names.",
        "The failure lists the roles needed and given.",
    ),
    "AUTHORITY": (
        "A party that must sign, by `signed_by`, has not.",
        "The failure names it: `--cosign`, or `signed_by=[…]` in a test.",
    ),
    "MALFORMED": ("The arguments are no values of their types.", "Encode them by the ABI."),
    "NO_CONTRACT": ("There is no contract of that number.", "Deploy it first, or check ids.toml."),
    "NO_ENTRY": (
        "The contract has no entry, query or export of that number.",
        "Client and ledger hold different versions; `daicho contract diff` shows how they differ.",
    ),
    "UNSET": ("A local was read before it was set.", "Report it: the compiler lets none pass."),
    "UNREACHABLE": (
        "A point was reached that the compiler said is never reached.",
        "Report it, with the contract.",
    ),
    "STATE": (
        "A stored row is no row of this version's table.",
        "Upgrade to a version that reads it; never change what a table's number stands for.",
    ),
    "INTERNAL": ("A value had another shape than the verifier proved.", "Report it: it is ours."),
    "CALLER": (
        "The export does not name this contract among its callers.",
        "Add it to `callers=`, and deploy that contract anew.",
    ),
    "IMPORT": (
        "The called export has other parameters or another result than was compiled against.",
        "Compile the caller anew against the deployed version.",
    ),
    "EVENTS": ("A transaction sends too many events.", "Send one for many, or work in pages."),
    "WRITES": ("A transaction writes too many rows.", "Work in pages, over several transactions."),
    "FEED": (
        "No reading of the feed is young enough, or it is no value of the feed's type.",
        "Wait for the oracle, or allow a greater `max_age`; `oracle.find` gives None instead.",
    ),
    "TIMERS": ("A transaction sets too many timers.", "Set one that works through a list."),
}

OF_THE_LANGUAGE = {
    "BOUNDS": (
        "A negative amount was to be moved, issued or redeemed, or a scan without a limit met "
        "more rows than one scan gives.",
        "Refuse such amounts with `require`; page with `limit` and `after`.",
    ),
}
"""What the compiler itself fails with, under a number of its own."""
