//! The rules of an early-disclosure program, as pure decisions.
