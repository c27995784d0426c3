//! Figures of a budget as people write them.

use crate::rules::limits::grouped;

use super::Amount;

/// The nearest whole number; small ones with a digit.
pub fn number(amount: f64) -> String {
    if amount > 0.0 && amount < 10.0 && amount.fract() > 0.05 {
        return format!("{amount:.1}");
    }
    grouped(amount.round().clamp(0.0, u64::MAX as f64 / 2.0) as u64)
}

/// "6,000", "0…6,000".
pub fn amount(amount: Amount) -> String {
    let (least, most) = (number(amount.least), number(amount.most));
    if least == most { most } else { format!("{least}…{most}") }
}

/// "84.5 %"; below ten with two digits.
pub fn percent(percent: f64) -> String {
    if percent > 0.0 && percent < 10.0 {
        let text = format!("{percent:.2}");
        return format!("{} %", text.trim_end_matches('0').trim_end_matches('.'));
    }
    let text = format!("{percent:.1}");
    let (whole, digit) = text.split_once('.').unwrap_or((&text, "0"));
    let whole = grouped(whole.parse().unwrap_or(u64::MAX / 2));
    if digit == "0" { format!("{whole} %") } else { format!("{whole}.{digit} %") }
}
