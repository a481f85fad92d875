#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

use std::alloc::System;
use std::cell::Cell;

use super::*;

/// Counts what it is asked for.
#[derive(Default)]
struct Counting {
    blocks: Cell<usize>,
    large: Cell<isize>,
    is_full: Cell<bool>,
}

// SAFETY: the system's allocator does it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.is_full.get() {
            return ptr::null_mut();
        }
        if layout.size() == BLOCK && layout.align() == GRAIN {
            self.blocks.set(self.blocks.get() + 1);
        } else {
            self.large.set(self.large.get() + 1);
        }
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        self.large.set(self.large.get() - 1);
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(piece, layout) }
    }
}

struct Held {
    piece: *mut u8,
    layout: Layout,
    mark: u8,
}

impl Held {
    /// Everything that was written is still there.
    fn check(&self) {
        assert!(self.piece.addr().is_multiple_of(self.layout.align()), "{:?}", self.layout);
        // SAFETY: the piece is as large as its layout says and was written.
        let bytes = unsafe { std::slice::from_raw_parts(self.piece, self.layout.size()) };
        assert!(bytes.iter().all(|byte| *byte == self.mark), "{:?}: overwritten", self.layout);
    }

    fn fill(&self) {
        // SAFETY: the piece is as large as its layout says.
        unsafe { self.piece.write_bytes(self.mark, self.layout.size()) }
    }
}

#[test]
fn pieces_are_apart_and_keep_what_is_written() {
    let (heap, mut held, mut seed) = (Small::new(Counting::default()), Vec::<Held>::new(), 7_u64);
    let mut draw = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((seed >> 33) % below).unwrap()
    };
    for round in 0..200_000 {
        let size = 1 + draw(if round % 8 == 0 { 2_000 } else { 96 });
        match draw(3) {
            0 if !held.is_empty() => {
                let old = held.swap_remove(draw(held.len() as u64));
                old.check();
                // SAFETY: given out under this layout, given back once.
                unsafe { heap.dealloc(old.piece, old.layout) };
            }
            1 if !held.is_empty() => {
                let at = draw(held.len() as u64);
                let old = &mut held[at];
                old.check();
                // SAFETY: given out under this layout.
                let piece = unsafe { heap.realloc(old.piece, old.layout, size) };
                let kept =
                    Held { piece, layout: Layout::from_size_align(size.min(old.layout.size()), 1).unwrap(), ..*old };
                kept.check();
                *old = Held { piece, layout: Layout::from_size_align(size, old.layout.align()).unwrap(), ..*old };
                old.fill();
            }
            _ => {
                let layout = Layout::from_size_align(size, 1 << draw(6)).unwrap();
                // SAFETY: not empty.
                let new =
                    Held { piece: unsafe { heap.alloc(layout) }, layout, mark: u8::try_from(round % 251).unwrap() };
                new.fill();
                held.push(new);
            }
        }
        if held.len() > 300 {
            for old in held.drain(..150) {
                old.check();
                // SAFETY: given out under this layout, given back once.
                unsafe { heap.dealloc(old.piece, old.layout) };
            }
        }
    }
    for old in held {
        old.check();
        // SAFETY: given out under this layout, given back once.
        unsafe { heap.dealloc(old.piece, old.layout) };
    }
    assert_eq!(heap.inner.large.get(), 0, "large pieces are given back");
    assert!(heap.inner.blocks.get() <= 40, "pieces are used again: {} blocks", heap.inner.blocks.get());
}

#[test]
fn where_there_is_no_memory_there_is_no_piece() {
    let heap = Small::new(Counting::default());
    let layout = |size| Layout::from_size_align(size, 8).unwrap();
    // SAFETY: not empty; given out under this layout.
    unsafe {
        let last = heap.alloc(layout(LARGEST));
        heap.inner.is_full.set(true);
        last.write_bytes(7, LARGEST);
        assert!(heap.realloc(last, layout(LARGEST), LARGEST + 1).is_null());
        assert!([0, LARGEST - 1].iter().all(|at| *last.add(*at) == 7), "what can't grow stays as it is");
        heap.dealloc(last, layout(LARGEST));
        assert_eq!(heap.alloc(layout(LARGEST - GRAIN + 1)), last, "one of its size is there");
        let small = (0..BLOCK).take_while(|_| !heap.alloc(layout(LARGEST)).is_null()).count();
        assert_eq!(small, BLOCK / LARGEST - 1, "the block's other pieces, then none");
    }
}
