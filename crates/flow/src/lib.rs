//! One file a verb: the only place where domain, marks and log meet.
