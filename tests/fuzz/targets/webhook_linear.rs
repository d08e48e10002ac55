#![no_main]

use connector_domain::ProviderKind;

libfuzzer_sys::fuzz_target!(|data: &[u8]| connector_fuzz::webhook(ProviderKind::Linear, data));
