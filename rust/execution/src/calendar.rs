//! The proleptic Gregorian calendar on days since 1970-01-01, years 1 to 9999.
//! The day ↔ date conversion is the "days from civil" method: shift the year to
//! start in March, so that the leap day comes last.

use crate::fault::{self, Fault};
use crate::trap::Trap;
use crate::types::{DATE_DAYS_MAX, DATE_DAYS_MIN};

/// Microseconds of one day.
pub const DAY_US: i128 = 86_400_000_000;
/// Days of 400 years.
const ERA_DAYS: i128 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_SHIFT: i128 = 719_468;

/// Year, month 1..12, day 1..31.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Civil {
    pub year: i128,
    pub month: i128,
    pub day: i128,
}

/// The date of a day number inside the calendar.
#[must_use]
pub fn civil(days: i128) -> Civil {
    let shifted = days + EPOCH_SHIFT;
    let era = shifted.div_euclid(ERA_DAYS);
    let day_of_era = shifted.rem_euclid(ERA_DAYS);
    let leaps = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leaps) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i128::from(month <= 2);
    Civil { year, month, day }
}

/// The day number of a date; DOMAIN when there is no such date.
pub fn days(date: Civil) -> Result<i128, Trap> {
    let Civil { year, month, day } = date;
    let in_range = (1..=9_999).contains(&year) && (1..=12).contains(&month);
    if !in_range || day < 1 || day > days_in_month(year, month) {
        return Err(Trap::Domain);
    }
    let year = year - i128::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let from_march = (month + 9) % 12;
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let number = era * ERA_DAYS + day_of_era - EPOCH_SHIFT;
    assert!(
        (DATE_DAYS_MIN..=DATE_DAYS_MAX).contains(&number),
        "years 1 to 9999 stay inside"
    );
    Ok(number)
}

/// Days of a month.
#[must_use]
pub fn days_in_month(year: i128, month: i128) -> i128 {
    match month {
        2 => 28 + i128::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// One part of a date, by the immediate of `date.part`.
#[must_use]
pub fn part(number: i128, which: u8) -> i128 {
    let date = civil(number);
    match which {
        0 => date.year,
        1 => date.month,
        2 => date.day,
        3 => (number + 3).rem_euclid(7),
        4 => {
            let first = Civil {
                month: 1,
                day: 1,
                ..date
            };
            number - days(first).expect("1 January of a year of the calendar") + 1
        }
        _ => days_in_month(date.year, date.month),
    }
}

/// Day-count conventions, in wire order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum DayCount {
    Act360,
    Act365F,
    ActActIsda,
    Thirty360,
    ThirtyE360,
}

impl DayCount {
    /// All, in wire order.
    pub const ALL: [Self; 5] = [
        Self::Act360,
        Self::Act365F,
        Self::ActActIsda,
        Self::Thirty360,
        Self::ThirtyE360,
    ];

    /// The years from `start` to `end` as an exact fraction; an end before the
    /// start gives the negative of the swap. (ISDA 2006 definitions, 4.16.)
    #[must_use]
    pub fn fraction(self, start: i128, end: i128) -> (i128, i128) {
        if end < start {
            let (numerator, denominator) = self.fraction(end, start);
            return (-numerator, denominator);
        }
        match self {
            Self::Act360 => (end - start, 360),
            Self::Act365F => (end - start, 365),
            Self::ActActIsda => (actual_actual(start, end), 365 * 366),
            Self::Thirty360 => (thirty(start, end, fault::is(Fault::BondIsEuro)), 360),
            Self::ThirtyE360 => (thirty(start, end, true), 360),
        }
    }
}

/// Days in each year over that year's length, in parts of 365 · 366.
fn actual_actual(start: i128, end: i128) -> i128 {
    let part = |year: i128| if is_leap(year) { 365 } else { 366 };
    let (first, last) = (civil(start).year, civil(end).year);
    if first == last {
        return (end - start) * part(first);
    }
    let january = |year| {
        days(Civil {
            year,
            month: 1,
            day: 1,
        })
        .expect("1 January of a year of the calendar")
    };
    let opening = (january(first) + year_days(first) - start) * part(first);
    let closing = (end - january(last)) * part(last);
    opening + (last - first - 1) * 365 * 366 + closing
}

/// Days between two dates in months of thirty days.
fn thirty(start: i128, end: i128, european: bool) -> i128 {
    let (from, to) = (civil(start), civil(end));
    let first = from.day.min(30);
    let last = if european || first == 30 {
        to.day.min(30)
    } else {
        to.day
    };
    (to.year - from.year) * 360 + (to.month - from.month) * 30 + last - first
}

fn is_leap(year: i128) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn year_days(year: i128) -> i128 {
    365 + i128::from(is_leap(year))
}

/// `number` moved by whole months, the day clamped to the month's end.
pub fn add_months(number: i128, months: i128) -> Result<i128, Trap> {
    let date = civil(number);
    let index = (date.year * 12 + date.month - 1)
        .checked_add(months)
        .ok_or(Trap::Overflow)?;
    let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
    if !(1..=9_999).contains(&year) {
        return Err(Trap::Overflow);
    }
    let day = if fault::is(Fault::MonthsTo28) {
        date.day.min(28)
    } else {
        date.day.min(days_in_month(year, month))
    };
    days(Civil { year, month, day })
}

#[cfg(test)]
mod tests;
