//! Small pieces of memory for components: free lists by size, in front of any allocator.
//!
//! A call gets and gives back some two thousand pieces, nearly all of a few dozen bytes. A general allocator looks for the
//! best place and merges neighbours each time; here a piece is taken from the list of its size and put back there, a handful
//! of instructions. What is on a list is never given back to the allocator: an instance lives for some hundred calls that
//! are much alike, and its memory has a limit.

#![cfg_attr(not(test), no_std)]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr;

/// Sizes are rounded up to this, and every piece is aligned to it.
const GRAIN: usize = 16;
/// The largest piece that comes from a list.
const LARGEST: usize = 512;
const CLASSES: usize = LARGEST / GRAIN;
/// New pieces are cut from blocks of this size.
const BLOCK: usize = 8 * 1024;

/// Free lists in front of the allocator `A`, which gives larger pieces and the blocks that small ones are cut from.
pub struct Small<A> {
    inner: A,
    lists: UnsafeCell<Lists>,
}

// SAFETY: an instance of a component has one thread (the target has no atomics), and nothing in here calls out of here but
// to the allocator behind it.
#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
unsafe impl<A> Sync for Small<A> {}

struct Lists {
    /// The first free piece of each size.
    free: [*mut Piece; CLASSES],
    /// What is left of the block that is being cut.
    rest: *mut u8,
    left: usize,
}

/// A free piece holds the address of the next.
struct Piece {
    next: *mut Piece,
}

impl<A> Small<A> {
    /// Empty lists.
    pub const fn new(inner: A) -> Self {
        let lists = Lists { free: [ptr::null_mut(); CLASSES], rest: ptr::null_mut(), left: 0 };
        Self { inner, lists: UnsafeCell::new(lists) }
    }
}

/// Which list, of pieces of `(class + 1) * GRAIN` bytes; none when it is too large for any.
#[inline]
fn class(layout: &Layout) -> Option<usize> {
    let fits = layout.size() <= LARGEST && layout.align() <= GRAIN;
    // An allocator is never asked for nothing; if it were, this is the class of the smallest.
    fits.then(|| layout.size().saturating_sub(1) / GRAIN)
}

impl<A: GlobalAlloc> Small<A> {
    /// A piece that was never used before.
    #[cold]
    fn cut(&self, lists: &mut Lists, class: usize) -> *mut u8 {
        let size = class.wrapping_add(1).wrapping_mul(GRAIN);
        if lists.left < size {
            // What is left of the old block is less than a piece, and lost.
            // SAFETY: the layout isn't empty and its alignment a power of two.
            let block = unsafe { self.inner.alloc(Layout::from_size_align_unchecked(BLOCK, GRAIN)) };
            if block.is_null() {
                return block;
            }
            (lists.rest, lists.left) = (block, BLOCK);
        }
        let piece = lists.rest;
        // SAFETY: `size` bytes of the block are left.
        lists.rest = unsafe { piece.add(size) };
        lists.left = lists.left.wrapping_sub(size);
        piece
    }
}

// SAFETY: a piece is on a list or given out, never both; it has the size of its class and the alignment of the block and of
// `GRAIN`. The same layout finds the same class when it comes back.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Small<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(class) = class(&layout) else {
            // SAFETY: the caller's contract is the inner allocator's.
            return unsafe { self.inner.alloc(layout) };
        };
        // SAFETY: nobody else looks at the lists meanwhile (one thread, and no way back in here from `cut`); a piece on a
        // list is large enough to hold the address of the next.
        unsafe {
            let lists = &mut *self.lists.get();
            let Some(first) = lists.free.get_mut(class) else { return ptr::null_mut() };
            let piece = *first;
            if piece.is_null() {
                return self.cut(lists, class);
            }
            *first = (*piece).next;
            piece.cast()
        }
    }

    #[inline]
    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        let Some(class) = class(&layout) else {
            // SAFETY: the caller's contract is the inner allocator's.
            return unsafe { self.inner.dealloc(piece, layout) };
        };
        let piece: *mut Piece = piece.cast();
        // SAFETY: as above; the piece was cut for this class and is given back once.
        unsafe {
            let lists = &mut *self.lists.get();
            let Some(first) = lists.free.get_mut(class) else { return };
            (*piece).next = *first;
            *first = piece;
        }
    }

    #[inline]
    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that `size`, rounded up to the alignment, is a size.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (class(&layout), class(&new)) {
            (Some(from), Some(to)) if from == to => old,
            // SAFETY: both belong to the inner allocator.
            (None, None) => unsafe { self.inner.realloc(old, layout, size) },
            // SAFETY: both are as large as what is copied, and apart.
            _ => unsafe {
                let to = self.alloc(new);
                if !to.is_null() {
                    ptr::copy_nonoverlapping(old, to, layout.size().min(size));
                    self.dealloc(old, layout);
                }
                to
            },
        }
    }
}

#[cfg(test)]
mod tests;
