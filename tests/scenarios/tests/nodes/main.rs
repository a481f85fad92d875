//! OPS-6: several gates on one Redis are one gate. Every cap is exact over all of them, and neither a node that dies nor
//! a Redis that restarts gives anything away.

mod caps;
mod log;
mod lost_node;
mod outage;
mod sharing;
mod work;
