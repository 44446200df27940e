//! Whoever asks for very much, and an account that does not answer, keep nobody else waiting.

mod flood;
mod slow_account;
