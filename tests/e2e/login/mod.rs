//! RegistryCredential: the Secret, the renewal of tokens, and who shares them.

mod accounts;
mod denials;
mod endpoints;
mod grants;
mod hanging_mint;
mod logs;
mod metrics;
mod put_back;
mod remade;
mod renewal;
mod restart;
mod secret;
mod service_accounts;
mod sharing;
mod takeover;
mod templates;
mod token_settings;
