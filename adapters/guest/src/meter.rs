//! A meter as a resource of the component.

use core::cell::RefCell;
use core::marker::PhantomData;

use adapter::Meter;
use adapter::prelude::*;

use crate::bindings::exports::tollgate::vendor::adapter as wit;
use crate::{UNKNOWN, Vendors, convert, find};

/// `None` for a vendor that isn't in this component: nothing passes, and the whole reservation is spent.
pub struct ComponentMeter<V>(RefCell<Option<Box<dyn Meter>>>, PhantomData<V>);

impl<V> ComponentMeter<V> {
    fn with<T>(&self, run: impl FnOnce(&mut dyn Meter) -> Result<T, String>) -> Result<T, String> {
        // One call at a time reaches a component, so the cell is free; if it ever isn't, the call fails, not the instance.
        let mut cell = self.0.try_borrow_mut().map_err(|_| "the meter is in use".to_owned())?;
        run(cell.as_deref_mut().ok_or_else(|| UNKNOWN.to_owned())?)
    }
}

impl<V: Vendors> wit::GuestMeter for ComponentMeter<V> {
    fn new(vendor: String, op: wit::Operation, head: wit::AnswerHead, worst_case: Vec<wit::Quantity>) -> Self {
        let meter = find::<V>(&vendor).map(|adapter| {
            adapter.meter(&convert::operation(op), &convert::head(head), &convert::quantities_in(worst_case))
        });
        Self(RefCell::new(meter), PhantomData)
    }

    fn push(&self, chunk: Vec<u8>) -> Result<Vec<u8>, String> {
        self.with(|meter| meter.push(&chunk))
    }

    fn end(&self) -> Result<Vec<u8>, String> {
        self.with(|meter| meter.end())
    }

    fn usage(&self) -> wit::Usage {
        self.with(|meter| Ok(convert::usage(meter.usage()))).unwrap_or(wit::Usage::Unknown)
    }
}
