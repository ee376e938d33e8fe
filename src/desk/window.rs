//! Senders without message ids post the whole visible window of a chat, again and again.
//!
//! What is new in a window is what follows its overlap with what is already stored. The overlap is looked
//! for by position, not by content alone, so that two real "在吗" in a row survive. The customer's lines and
//! the shop's lines are aligned apart: our own reply may be recorded a moment before or after a customer's
//! line that overtook it.

/// How many entries at the end of `window` follow its overlap with `stored`, where both are fingerprints in
/// order, oldest first.
///
/// An overlap is a run that ends at the end of `stored` and begins at the beginning of `stored` or of
/// `window`: windows scroll at both ends but have no holes. The longest overlap counts; among equals the
/// earliest, so that a repeated line is rather answered twice than lost. Without an overlap all is new.
pub fn new_entries<T: PartialEq>(stored: &[T], window: &[T]) -> usize {
    let mut best = (0, window.len());
    for end in 1..=window.len() {
        let longest = end.min(stored.len());
        let run = (1..=longest)
            .take_while(|back| window[end - back] == stored[stored.len() - back])
            .count();
        let whole = run > 0 && (run == stored.len() || run == end);
        if whole && run > best.0 {
            best = (run, window.len() - end);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_adds_only_what_follows_its_overlap() {
        for (stored, window, new, why) in [
            ("", "ab", 2, "seen for the first time"),
            ("ab", "ab", 0, "sent again"),
            ("ab", "abc", 1, "one more line"),
            ("abc", "bcd", 1, "scrolled down"),
            ("cd", "abcde", 1, "scrolled up and one more"),
            ("a", "aa", 1, "two real 在吗 in a row"),
            ("aa", "aa", 0, "the same two again"),
            ("aa", "aaa", 1, "a third"),
            ("ba", "aa", 1, "the first of the two is stored"),
            ("abc", "xyz", 3, "a long time away"),
            ("abc", "", 0, "an empty window"),
            ("abab", "abab", 0, "a repeated pair"),
            ("abab", "ababab", 2, "a repeated pair, and again"),
        ] {
            let stored: Vec<char> = stored.chars().collect();
            let window: Vec<char> = window.chars().collect();
            assert_eq!(new_entries(&stored, &window), new, "{why}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_growing_chat_is_never_lost_nor_doubled(
            lines in proptest::collection::vec(0u8..40, 1..60),
            cuts in proptest::collection::vec(1usize..6, 1..30),
        ) {
            // Lines here are distinct enough in practice but may repeat; the window shows the whole chat.
            let mut stored: Vec<u8> = Vec::new();
            let mut shown = 0;
            for cut in cuts {
                shown = (shown + cut).min(lines.len());
                let window = &lines[..shown];
                let new = new_entries(&stored, window);
                stored.extend(&window[window.len() - new..]);
            }
            proptest::prop_assert_eq!(&stored[..], &lines[..shown]);
        }
    }
}
