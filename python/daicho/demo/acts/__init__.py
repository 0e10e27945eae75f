"""The acts of the day, in the order in which they are played.

Each is one function: it plays on the stage, writes down what it saw, and
returns what it showed in a few words. What the figures must be stands in
`expectations.toml`, not here.
"""

from __future__ import annotations

from collections.abc import Callable

from daicho.demo.acts import (
    corporate_actions,
    leader,
    listing,
    moment,
    money,
    opening,
    registers,
    trading,
)
from daicho.demo.stage import Stage

ACTS: tuple[tuple[str, Callable[[Stage], str]], ...] = (
    ("The network stands", opening.network_stands),
    ("A stranger is turned away", opening.stranger_is_turned_away),
    ("Everybody is admitted", opening.everybody_is_admitted),
    ("The contracts are deployed", opening.contracts_are_deployed),
    ("Issuers and instruments", listing.issuers_and_instruments),
    ("Accounts are opened", listing.accounts_are_opened),
    ("Issue and allotment", listing.issue_and_allotment),
    ("Deposits become money tokens", money.deposits_become_tokens),
    ("Banks sell to investors", trading.banks_sell_to_investors),
    ("A wrong price", trading.wrong_price_is_a_mismatch),
    ("One yen short", trading.short_by_one_yen),
    ("Sold twice in one block", trading.sold_twice_in_one_block),
    ("Sign-off is waited for", trading.signoff_is_waited_for),
    ("A trade stays open", trading.one_trade_stays_open),
    ("Receipts prove finality", trading.receipts_prove_finality),
    ("The leader dies", leader.leader_dies_in_the_middle),
    ("The record time passes", moment.record_time_passes),
    ("Trading goes on", moment.trading_goes_on),
    ("The leader comes back", leader.leader_comes_back),
    ("Dividend at the record time", corporate_actions.dividend_goes_to_holders_of_record),
    ("Split 1:2", corporate_actions.share_is_split),
    ("Who reads the register", registers.issuer_reads_its_own),
    ("The register proved complete", registers.register_is_proved_complete),
)
