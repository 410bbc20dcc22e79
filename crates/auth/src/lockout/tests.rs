use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn nothing() -> Lockout {
    Lockout { name_key: "a".into(), tries: 0, cycles: 0, locked_until: None, last_at: at(0) }
}

/// Tries wrongly at each of these seconds; `+` for a try, seconds for being told to wait.
fn tries(seconds: &[i64]) -> String {
    let policy = LockoutPolicy { tries: 2, ..LockoutPolicy::default() };
    let mut lockout = nothing();
    let mut said = Vec::new();
    for second in seconds {
        match count(&lockout, &policy, at(*second)) {
            Ok(after) => {
                lockout = after;
                said.push("+".to_owned());
            }
            Err(wait) => said.push(wait.as_secs().to_string()),
        }
    }
    said.join(" ")
}

#[test]
fn each_lock_is_twice_as_long_as_the_one_before() {
    assert_eq!(tries(&[0, 0, 0, 59, 60, 60, 60, 179, 180]), "+ + 60 1 + + 120 1 +");
}

#[test]
fn the_longest_lock_is_as_long_as_said() {
    let policy = LockoutPolicy::default();
    assert_eq!(policy.wait(0), SignedDuration::from_mins(1));
    assert_eq!(policy.wait(3), SignedDuration::from_mins(8));
    assert_eq!(policy.wait(7), SignedDuration::from_mins(128));
    assert_eq!(policy.wait(8), SignedDuration::from_hours(4));
    assert_eq!(policy.wait(4_000_000_000), SignedDuration::from_hours(4));
}

#[test]
fn after_a_day_of_rest_everything_is_forgotten() {
    let day = 24 * 3600;
    assert_eq!(tries(&[0, 0, 60, 60, 60 + day, 60 + day, 60 + day]), "+ + + + + + 60");
}
