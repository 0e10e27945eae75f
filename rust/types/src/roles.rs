//! The roles of the ledger, as bits of one mask. Control state gives every
//! alias its mask; contract entries name the masks they accept. Bits are never
//! reused (the registry stands in docs/bytecode.md, §8).

/// Each role's bit number is its position here.
pub const ROLE_NAMES: [&str; 10] = [
    "administrator",
    "member",
    "issuer",
    "trust_bank",
    "auditor",
    "reader",
    "regulator",
    "clearing_house",
    "settlement_bank",
    "oracle",
];

/// Runs the ledger: admits parties, signs off, keeps the instruments.
pub const ADMINISTRATOR: u32 = 1 << 0;
/// A bank or securities firm that trades and keeps accounts for investors.
pub const MEMBER: u32 = 1 << 1;
/// A listed company, owner of a register of holders.
pub const ISSUER: u32 = 1 << 2;
/// Keeps assets in trust and the register on an issuer's behalf.
pub const TRUST_BANK: u32 = 1 << 3;
/// Reads what its mandate names.
pub const AUDITOR: u32 = 1 << 4;
/// Reads public rows and its own.
pub const READER: u32 = 1 << 5;
/// Supervises the market.
pub const REGULATOR: u32 = 1 << 6;
/// Stands between buyer and seller.
pub const CLEARING_HOUSE: u32 = 1 << 7;
/// Issues the money that settles trades.
pub const SETTLEMENT_BANK: u32 = 1 << 8;
/// Signs feed readings.
pub const ORACLE: u32 = 1 << 9;

/// The bit of a role by its name; `None` for a name that is not registered.
#[must_use]
pub fn bit(name: &str) -> Option<u32> {
    let position = ROLE_NAMES.iter().position(|known| *known == name)?;
    Some(1 << position)
}

/// The names in a mask, in bit order; unregistered bits are left out.
pub fn names(mask: u32) -> impl Iterator<Item = &'static str> {
    ROLE_NAMES
        .iter()
        .enumerate()
        .filter(move |(position, _)| mask & (1 << position) != 0)
        .map(|(_, name)| *name)
}
