from daicho.contract import Party
from market import JPY
edition = 1
def pay(payer: Party, payee: Party, amount: JPY) -> None: ...
earmark_cash = pay_earmarked = release_cash = pay
