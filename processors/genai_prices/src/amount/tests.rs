//! Amounts beside the arithmetic of whole numbers.

use proptest::prelude::*;

use super::{Amount, DECIMALS_MAX, NotExact};

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

#[test]
fn amounts_are_written_plainly_and_without_zeros_at_the_end() {
    for (text, expected) in [
        ("0", "0"),
        ("-0.000", "0"),
        ("1.50", "1.5"),
        ("-12.340", "-12.34"),
        ("100", "100"),
        ("0.000001", "0.000001"),
        ("007", "7"),
        ("170141183460469231731687303715884105727", "170141183460469231731687303715884105727"),
    ] {
        assert_eq!(amount(text).to_string(), expected);
    }
    let least = Amount::new(i128::MIN, DECIMALS_MAX).unwrap().to_string();
    assert_eq!(least, "-0.000000000000000000000170141183460469231731687303715884105728");
}

#[test]
fn what_is_not_exact_is_refused() {
    let long = format!("0.{}", "0".repeat(61));
    let great = "170141183460469231731687303715884105728";
    for text in ["", "-", ".5", "5.", "1e3", "+1", " 1", "1,5", "--1", "1.2.3", "NaN", &long, great]
    {
        assert_eq!(text.parse::<Amount>(), Err(NotExact), "{text}");
    }
}

#[test]
fn sums_that_do_not_fit_are_none() {
    let most = Amount::new(i128::MAX, 0).unwrap();
    assert_eq!(most.checked_add(amount("1")), None);
    assert_eq!(most.checked_add(amount("0.1")), None);
    assert_eq!(most.checked_add(Amount::ZERO), Some(most));
    assert_eq!(most.checked_sub(most), Some(Amount::ZERO));
    let tiny = Amount::new(1, DECIMALS_MAX).unwrap();
    assert_eq!(amount("1").checked_add(tiny), None);
    assert_eq!(tiny.checked_add(Amount::ZERO), Some(tiny));
    // Zeros at the end are no digits.
    let zeros = Amount::new(5 * 10_i128.pow(37), 37).unwrap();
    assert_eq!(zeros.checked_add(Amount::new(1, 38).unwrap()), None);
    assert_eq!(zeros.checked_add(amount("0.25")), Some(amount("5.25")));
}

#[test]
fn halves_are_rounded_to_the_even_neighbour() {
    for (text, decimals, expected) in [
        ("0.125", 2, "0.12"),
        ("0.375", 2, "0.38"),
        ("-0.125", 2, "-0.12"),
        ("0.1250000000000000000001", 2, "0.13"),
        ("0.995", 2, "1"),
        ("1.5", 5, "1.5"),
        ("2.5", 0, "2"),
    ] {
        assert_eq!(amount(text).rounded(decimals), amount(expected), "{text}");
    }
    let tiny = Amount::new(i128::MAX, DECIMALS_MAX).unwrap();
    assert_eq!(tiny.rounded(0), Amount::ZERO);
}

proptest! {
    #[test]
    fn a_sum_is_the_sum_of_the_digits(
        a in -(1_i128 << 60)..1 << 60, b in -(1_i128 << 60)..1 << 60, left in 0_u8..15, right in 0_u8..15,
    ) {
        let (one, two) = (Amount::new(a, left).unwrap(), Amount::new(b, right).unwrap());
        let digits = |number: i128, decimals: u8| number * 10_i128.pow(u32::from(15 - decimals));
        let sum = Amount::new(digits(a, left) + digits(b, right), 15).unwrap();
        prop_assert_eq!(one.checked_add(two), Some(sum));
        prop_assert_eq!(sum.checked_sub(two), Some(one));
    }

    #[test]
    fn text_leads_back_and_floats_are_rounded_once(number: i128, shift in 0_u32..128, decimals in 0..=DECIMALS_MAX) {
        let amount = Amount::new(number >> shift, decimals).unwrap();
        let text = amount.to_string();
        prop_assert_eq!(text.parse(), Ok(amount));
        prop_assert_eq!(amount.to_f64(), text.parse::<f64>().unwrap());
    }
}
