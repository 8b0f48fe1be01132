//! The steps of the daemon, so far.

pub mod dispatcher;
pub mod planner;
