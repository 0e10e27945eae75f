"""Every construct of the language once, for the tests to run."""

from daicho.contract import (
    ANY_ROLE,
    FIRST,
    FLOOR,
    HALF_EVEN,
    HALF_UP,
    LARGEST_REMAINDER,
    PUBLIC,
    U8,
    U64,
    Annotated,
    Bool,
    Bytes,
    Code,
    Date,
    Decimal,
    Digits,
    Duration,
    Enum,
    Event,
    Hash,
    Int,
    Key,
    Map,
    MaxLen,
    Money,
    Party,
    Record,
    Role,
    Row,
    Str,
    Table,
    Timestamp,
    TxId,
    Var,
    abort,
    allocate,
    days,
    digest,
    emit,
    entry,
    expect,
    has_role,
    has_signed,
    height,
    milliseconds,
    now,
    party,
    query,
    require,
    sender,
    tx_id,
)

edition = 1


class JPY(Money, scale=2): ...


Price = Annotated[Decimal, Digits(18, 4)]
Decimal2 = Annotated[Decimal, Digits(38, 2)]
Amounts = Annotated[list[JPY], MaxLen(10)]
Text = Annotated[Str, MaxLen(40)]
Numbers = Annotated[list[Int], MaxLen(50)]
Counts = Annotated[dict[Text, Int], MaxLen(50)]
FEE = JPY("1.50")
WEIGHTS: list[Int] = [60, 30, 10]
EPOCH = Date.of(1970, 1, 1)
WEEK = days(7)


class Colour(Enum):
    RED = 0
    GREEN = 1
    BLUE = 2


class Error(Code):
    TOO_SMALL = 1001
    ABSENT = 1002


class Point(Record):
    x: Int
    y: Int


class Note(Row):
    owner: Key[Party]
    number: Key[U64]
    text: Text
    colour: Colour
    at: Point


class Written(Event):
    owner: Party
    number: U64


notes = Table(Note, compartment=party(Note.owner))
counters: Map[Text, Int] = Map(compartment=PUBLIC)
total: Var[Int] = Var(7, compartment=PUBLIC)


# --- arithmetic ---


@query(roles=ANY_ROLE)
def arithmetic(a: Int, b: Int) -> Numbers:
    return [
        a + b,
        a - b,
        a * b,
        a // b,
        a % b,
        -a,
        abs(a),
        min(a, b),
        max(a, b),
        a**2,
        a & b,
        a | b,
        a ^ b,
        ~a,
        a << 3,
        a >> 1,
    ]


@query(roles=ANY_ROLE)
def small(a: U8, b: U8) -> U8:
    return a + b


@query(roles=ANY_ROLE)
def narrow(a: Int) -> U8:
    return a


@query(roles=ANY_ROLE)
def decimals(price: Price, count: Int) -> tuple[Price, Price, Decimal2, JPY]:
    third = price.div(count, scale=4, rounding=HALF_EVEN)
    rounded = (price * price).round(2, FLOOR)
    return third, price - third, rounded, JPY.of(price * count, HALF_UP)


@query(roles=ANY_ROLE)
def money(amount: JPY) -> tuple[JPY, Int, JPY]:
    return amount * 3 - FEE, amount.units, JPY.from_units(amount.units + 1)


@query(roles=ANY_ROLE)
def shares(amount: JPY) -> tuple[Amounts, Amounts]:
    return allocate(amount, WEIGHTS, FIRST), allocate(amount, WEIGHTS, LARGEST_REMAINDER)


@query(roles=ANY_ROLE)
def compare(a: JPY, b: JPY) -> list[Bool]:
    return [a == b, a != b, a < b, a <= b, a > b, a >= b]


# --- control flow ---


@query(roles=ANY_ROLE)
def collatz(n: Int) -> Int:
    steps = 0
    while n != 1:
        steps += 1
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        if steps > 1000:
            break
    return steps


@query(roles=ANY_ROLE)
def loops(n: Int) -> Int:
    result = 0
    for i in range(n):
        if i == 3:
            continue
        for j in range(10, 0, -3):
            if j < 4:
                break
            result += i * j
    for k in range(2, 8, 2):
        result += k
    return result


@query(roles=ANY_ROLE)
def forever(n: Int) -> Int:
    while True:
        n += 1
        if n > 100:
            return n
        elif n == 50:
            n = 90
        else:
            pass


@query(roles=ANY_ROLE)
def endless() -> Int:
    n = 0
    while True:
        n = 1 - n


def deeper(n: Int) -> Int:
    return n + deeper(n + 1)


@query(roles=ANY_ROLE)
def recurse(n: Int) -> Int:
    return deeper(n)


@query(roles=ANY_ROLE)
def name_of(colour: Colour) -> Text:
    match colour:
        case Colour.RED:
            return "red"
        case Colour.GREEN | Colour.BLUE:
            return "other"


@query(roles=ANY_ROLE)
def is_red(colour: Colour) -> Bool:
    match colour:
        case Colour.RED:
            result = True
        case _:
            result = False
    return result


@query(roles=ANY_ROLE)
def is_primary(colour: Colour, flag: Bool) -> Bool:
    return (colour in (Colour.RED, Colour.BLUE) and not flag) or colour == Colour.GREEN


@query(roles=ANY_ROLE)
def plus_one(n: Int | None) -> Int | None:
    if n is None:
        return None
    return n + 1


@query(roles=ANY_ROLE)
def or_zero(n: Int | None, m: Int | None) -> Int:
    if n is not None and m is not None:
        return n + m
    a = n if n is not None else 0
    return a


# --- texts, lists, maps ---


@query(roles=ANY_ROLE)
def texts(a: Text, b: Text) -> Annotated[list[Text], MaxLen(9)]:
    return [a + b, a[1:3], a[0], str(len(a)), str(int("12") + ord(a[0]))]


@query(roles=ANY_ROLE)
def searches(a: Text, b: Text) -> tuple[Bool, Bool, Int, Hash]:
    return b in a, a.startswith(b), a.find(b), digest(a.encode())


@query(roles=ANY_ROLE)
def digits_sum(a: Annotated[Bytes, MaxLen(20)]) -> Int:
    result = 0
    for byte in a:
        result += byte - 48
    return result + a[0]


@query(roles=ANY_ROLE)
def lists(given: Numbers) -> Numbers:
    mine = list(given)
    mine.append(9)
    mine.insert(0, -1)
    mine[1] = mine[1] * 2
    mine.extend([5, 6])
    mine.reverse()
    mine.sort()
    del mine[0]
    if 9 in mine:
        mine = mine + [len(mine)]
    for item in mine[1:3]:
        mine.append(item)
    return sorted(mine)


@query(roles=ANY_ROLE)
def count_words(words: Annotated[list[Text], MaxLen(20)]) -> Counts:
    counts: Counts = {}
    for word in words:
        before = counts.get(word)
        counts[word] = 1 if before is None else before + 1
    if "drop" in counts:
        del counts["drop"]
    return counts


@query(roles=ANY_ROLE)
def sum_items(counts: Counts) -> tuple[Int, Text]:
    result, names = 0, ""
    for key, value in counts.items():
        result += value
        names += key
    for key in counts:
        result += counts[key]
    for value in counts.values():
        result += value
    return result, names


@query(roles=ANY_ROLE)
def move_point(point: Point) -> Point:
    return point.replace(x=point.y, y=Point(x=1, y=2).x)


# --- time ---


@query(roles=ANY_ROLE)
def times(start: Timestamp, span: Duration) -> tuple[Timestamp, Timestamp, Duration, Bool]:
    later = start + span * 2
    return later, later - span, later - start, later > start + milliseconds(1)


@query(roles=ANY_ROLE)
def dates(day: Date) -> tuple[Date, Int, Date, Int]:
    return (
        day.plus(30),
        day.days_since(EPOCH),
        day.plus_months(1),
        day.year * 10000 + day.month * 100 + day.day,
    )


@query(roles=ANY_ROLE)
def day_of(time: Timestamp, year: Int) -> tuple[Date, Timestamp, Date]:
    day = time.date()
    return day, day.start(), Date.of(year, 12, 31)


@query(roles=ANY_ROLE)
def context() -> tuple[Party, Timestamp, Int, Bool]:
    return sender(), now(), height(), has_role(Role.MEMBER)


# --- state ---


@entry(roles=ANY_ROLE)
def write(number: U64, text: Text, colour: Colour) -> TxId:
    require(len(text) > 2, Error.TOO_SMALL, text, 3)
    notes.insert(Note(owner=sender(), number=number, text=text, colour=colour, at=Point(x=0, y=0)))
    emit(Written(owner=sender(), number=number), to=(party(Written.owner),))
    counters[text] = 1 if text not in counters else counters[text] + 1
    total.set(total.get() + 1)
    return tx_id()


@entry(roles=(Role.MEMBER,), signed_by=("friend",))
def repaint(friend: Party, number: U64, colour: Colour) -> Bool:
    note = expect(notes.get(sender(), number), Error.ABSENT)
    notes.put(note.replace(colour=colour, at=note.at.replace(x=5), number=note.number))
    return has_signed(friend)


@entry(roles=ANY_ROLE)
def erase(number: U64) -> None:
    if (sender(), number) not in notes:
        abort(Error.ABSENT)
    text = notes[sender(), number].text
    notes.delete(sender(), number)
    del counters[text]


@query(roles=ANY_ROLE)
def notes_of(owner: Party) -> list[Note]:
    return notes.scan(owner)


@query(roles=ANY_ROLE)
def page(owner: Party, after: U64 | None, size: Int) -> list[U64]:
    last: Note | None = None
    if after is not None:
        last = notes.get(owner, after)
    numbers: list[U64] = []
    for note in notes.scan(owner, after=last, limit=size):
        numbers.append(note.number)
    return numbers


@query(roles=ANY_ROLE)
def between(owner: Party, lo: U64, hi: U64) -> Int:
    return len(notes.scan(owner, lo=lo, hi=hi))


@query(roles=ANY_ROLE)
def texts_then(owner: Party, time: Timestamp) -> list[Text]:
    then = notes.as_of(time)
    found: list[Text] = []
    for note in then.scan(owner):
        again = notes.as_of(time)[owner, note.number]
        if then.get(owner, note.number) is not None and (owner, note.number) in then:
            found.append(again.text)
    return found


@query(roles=ANY_ROLE)
def counted(text: Text) -> Int | None:
    return counters.get(text)


@query(roles=ANY_ROLE)
def grand_total() -> Int:
    return total.get()
