//! Traitor-tracing codes, decoders and the risk to the innocent.
