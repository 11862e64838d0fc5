//! Tests of pages as a whole: rendered, and built by Hugo where it is there.

mod attacks;
mod detected;
mod support;
mod written;
