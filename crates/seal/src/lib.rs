//! Encryption: copies to packages, masters to the program key.
