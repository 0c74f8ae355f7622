//! What leaks look like: documents, archives, pictures and folders in, named texts and requests out.
//!
//! It keeps document formats and helper programs out of the rooms that read and judge a leak.
