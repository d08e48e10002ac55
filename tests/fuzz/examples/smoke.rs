//! Each target on some inputs, on any compiler: so that none of them falls behind what it looks at.

use connector_domain::ProviderKind;

fn main() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..200 {
        let input: Vec<u8> = std::iter::repeat_with(|| xorshift(&mut state)).take(256).collect();
        for kind in ProviderKind::ALL {
            connector_fuzz::webhook(kind, &input);
            connector_fuzz::page(kind, &input);
        }
        connector_fuzz::keys(&input);
    }
}

/// <https://www.jstatsoft.org/article/view/v008i14>
fn xorshift(state: &mut u64) -> u8 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    state.to_le_bytes()[7]
}
