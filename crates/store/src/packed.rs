//! Rising whole numbers in one column: grants of an account, what an operation waits for.

/// Packs rising numbers: the difference to the one before, seven bits a byte. Nothing for an empty list.
pub(crate) fn pack_numbers(numbers: impl IntoIterator<Item = i64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut previous = 0i64;
    for number in numbers {
        let mut step = number.wrapping_sub(previous).cast_unsigned();
        previous = number;
        while step >= 0x80 {
            bytes.push((step & 0x7f) as u8 | 0x80);
            step >>= 7;
        }
        bytes.push((step & 0x7f) as u8);
    }
    bytes
}

/// Reads what [`pack_numbers`] wrote; `None` when the bytes end in the middle of a number.
pub(crate) fn unpack_numbers(bytes: &[u8]) -> Option<Vec<i64>> {
    let mut numbers = Vec::new();
    let mut previous = 0i64;
    let mut step = 0u64;
    let mut shift = 0u32;
    for byte in bytes {
        step |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            previous = previous.wrapping_add(step.cast_signed());
            numbers.push(previous);
            (step, shift) = (0, 0);
        } else {
            shift += 7;
        }
    }
    (shift == 0).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, proptest};

    use super::*;

    proptest! {
        #[test]
        fn packed_numbers_read_back(numbers: Vec<i64>) {
            prop_assert_eq!(unpack_numbers(&pack_numbers(numbers.clone())), Some(numbers));
        }

        #[test]
        fn any_bytes_unpack_or_are_refused(bytes: Vec<u8>) {
            unpack_numbers(&bytes);
        }
    }

    #[test]
    fn neighbouring_numbers_take_a_byte_each() {
        assert_eq!(pack_numbers([1_000_000, 1_000_001, 1_000_003]).len(), 5);
    }
}
