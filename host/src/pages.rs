//! Machine code of components on large pages. The processor remembers where some thousand pages are, and a call runs through
//! code on more pages than that; each that it has forgotten makes it wait.

use std::io;
use std::ops::Range;

/// A large page, and what one is aligned to.
const LARGE: usize = 2 * 1024 * 1024;

/// Moves what fills large pages in this memory to such pages, where the system has them. It only saves time: what fails stays
/// as it is.
pub fn enlarge(memory: Range<*const u8>) {
    let Some((start, length)) = inside(memory.start.addr(), memory.end.addr()) else { return };
    let start = std::ptr::with_exposed_provenance_mut(start);
    for advice in [libc::MADV_HUGEPAGE, libc::MADV_COLLAPSE] {
        // SAFETY: neither changes what is in the memory, nor who may do what with it; the range lies inside the component's.
        if unsafe { libc::madvise(start, length, advice) } != 0 {
            tracing::debug!(error = %io::Error::last_os_error(), advice, "code of a component stays on small pages");
        }
    }
}

/// Start and length of the large pages inside, if there are any.
fn inside(start: usize, end: usize) -> Option<(usize, usize)> {
    let first = start.checked_next_multiple_of(LARGE)?;
    let length = end.checked_sub(first)? / LARGE * LARGE;
    (length > 0).then_some((first, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_pages_inside_are_touched() {
        let check = |start: usize, end: usize, expected: Option<(usize, usize)>| {
            assert_eq!(inside(start, end), expected, "{start:x}..{end:x}");
        };
        check(LARGE, 2 * LARGE, Some((LARGE, LARGE)));
        check(1, 2 * LARGE, Some((LARGE, LARGE)));
        check(LARGE, 4 * LARGE - 1, Some((LARGE, 2 * LARGE)));
        check(1, 2 * LARGE - 1, None);
        check(LARGE + 1, 2 * LARGE + 1, None);
        check(5, 5, None);
        check(usize::MAX - 1, usize::MAX, None);
    }

    #[test]
    fn what_is_in_the_memory_stays() {
        let memory: Vec<u32> = (0..3 * 1024 * 1024).collect();
        let bytes = memory.as_ptr_range();
        enlarge(bytes.start.cast()..bytes.end.cast());
        assert!(memory.iter().copied().eq(0..3 * 1024 * 1024));
    }
}
