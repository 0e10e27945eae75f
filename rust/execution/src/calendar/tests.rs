//! Every day of the calendar, walked one by one with a leap rule of its own.

use super::*;

#[test]
fn every_day_of_ten_thousand_years_converts_both_ways() {
    let mut number = DATE_DAYS_MIN;
    for year in 1..=9_999 {
        let mut day_of_year = 0;
        for month in 1..=12 {
            for day in 1..=days_in_month(year, month) {
                let date = Civil { year, month, day };
                assert_eq!(days(date), Ok(number));
                assert_eq!(civil(number), date);
                day_of_year += 1;
                assert_eq!(part(number, 4), day_of_year);
                number += 1;
            }
        }
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        assert_eq!(day_of_year, if leap { 366 } else { 365 });
    }
    assert_eq!(number, DATE_DAYS_MAX + 1);
}

#[test]
fn days_that_do_not_exist_are_refused() {
    for (year, month, day) in [
        (0, 1, 1),
        (10_000, 1, 1),
        (2023, 2, 29),
        (2024, 2, 30),
        (2024, 13, 1),
        (2024, 4, 31),
        (2024, 1, 0),
        (2024, 0, 1),
    ] {
        assert_eq!(days(Civil { year, month, day }), Err(Trap::Domain));
    }
}

#[test]
fn months_clamp_to_the_end_and_stay_inside() {
    let at = |year, month, day| days(Civil { year, month, day }).expect("a date");
    assert_eq!(add_months(at(2024, 1, 31), 1), Ok(at(2024, 2, 29)));
    assert_eq!(add_months(at(2024, 3, 31), -1), Ok(at(2024, 2, 29)));
    assert_eq!(add_months(at(2024, 1, 31), 12), Ok(at(2025, 1, 31)));
    assert_eq!(add_months(at(1, 1, 1), -1), Err(Trap::Overflow));
    assert_eq!(add_months(at(9_999, 12, 1), 1), Err(Trap::Overflow));
    assert_eq!(add_months(at(2024, 1, 1), i128::MAX), Err(Trap::Overflow));
}

#[test]
fn weekdays_follow_one_another_from_a_known_one() {
    let known = days(Civil {
        year: 2024,
        month: 1,
        day: 1,
    })
    .expect("a date");
    assert_eq!(part(known, 3), 0, "1 January 2024 was a Monday");
    (0..20).for_each(|step| assert_eq!(part(known + step, 3), step % 7));
}
