//! Where marks live in a text, a program or a rule, and how they are read back.
